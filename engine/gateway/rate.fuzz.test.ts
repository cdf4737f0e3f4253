import test from 'ava';
import fc from 'fast-check';
import { RateBucket } from './rate.ts';

test('never more than the rate allows, never less than it promises', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.constantFrom(1000, 60_000),
      fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3000 })), { maxLength: 200 }),
      (count, perMs, pauses) => {
        let now = 0;
        const bucket = new RateBucket({ count, perMs }, now);
        const taken: number[] = [];
        for (const pause of pauses) {
          now += pause;
          const wait = bucket.take(now);
          if (wait === 0) taken.push(now);
          else {
            // After the pause that it asks for there is one, and not earlier.
            if (wait > 1) t.true(bucket.take(now + wait - 1) > 0);
            now += wait;
            t.is(bucket.take(now), 0);
            taken.push(now);
          }
        }
        // Any stretch of time has at most its share and one full bucket.
        for (let from = 0; from < taken.length; from += 7) {
          const ms = now - taken[from]!;
          t.true(taken.length - from <= count + (ms * count) / perMs + 1e-3);
        }
      },
    ),
    { numRuns: 200 },
  );
  t.pass();
});

test('a clock that stands still or goes back gives nothing away', (t) => {
  const bucket = new RateBucket({ count: 1, perMs: 1000 }, 1000);
  t.is(bucket.take(1000), 0);
  t.is(bucket.take(500), 1000);
  t.true(bucket.take(1400) > 0);
});
