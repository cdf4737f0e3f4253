import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { Timer, TimingWheel } from './timing-wheel.ts';

class Recorded extends Timer {
  readonly id: number;
  private readonly fired: { id: number; now: number }[];
  constructor(id: number, fired: { id: number; now: number }[]) {
    super();
    this.id = id;
    this.fired = fired;
  }
  fire(now: number): void {
    this.fired.push({ id: this.id, now });
  }
}

/** Up to twice what the wheel covers. */
const FAR_MS = 2 * 2 ** 32;

const delay = fc.oneof(
  fc.double({ min: 0, max: 300, noNaN: true }),
  fc.integer({ min: 0, max: 70_000 }),
  fc.integer({ min: 0, max: 20_000_000 }),
  fc.integer({ min: 0, max: FAR_MS }),
);
const command = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), delay }),
  fc.record({ kind: fc.constant('remove' as const), pick: fc.nat(50) }),
  fc.record({ kind: fc.constant('advance' as const), delay }),
);

test('timers fire once, never early, at most a step late, and nextDue never promises too much', (t) => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 2 ** 33, noNaN: true }),
      fc.array(command, { maxLength: 40 }),
      (start, commands) => {
        const wheel = new TimingWheel(start);
        const fired: { id: number; now: number }[] = [];
        const waiting = new Map<number, Recorded>();
        let now = start;
        let ids = 0;
        for (const step of commands) {
          if (step.kind === 'add') {
            const timer = new Recorded(ids++, fired);
            wheel.add(timer, now + step.delay);
            waiting.set(timer.id, timer);
          } else if (step.kind === 'remove') {
            const timer = [...waiting.values()][step.pick];
            if (timer) {
              wheel.remove(timer);
              waiting.delete(timer.id);
            }
          } else {
            const promised = wheel.nextDue();
            const until = now + step.delay;
            // In jumps, as an idle node does, and straight.
            for (let hop = 0; hop < 3 && now < until; hop++) {
              now = Math.min(until, Math.max(now, Math.min(wheel.nextDue(), until)));
              wheel.advance(now);
            }
            now = until;
            wheel.advance(now);
            for (const { id, now: at } of fired.splice(0)) {
              const timer = waiting.get(id);
              if (!timer) throw new Error(`timer ${id} fired twice or after its removal`);
              if (timer.due > at) throw new Error(`timer ${id} fired early: due ${timer.due}, fired ${at}`);
              if (at < Math.floor(promised)) throw new Error(`nextDue said ${promised}, fired at ${at}`);
              waiting.delete(id);
            }
            for (const timer of waiting.values()) {
              if (timer.due <= now - 1.001) throw new Error(`timer ${timer.id} is late: due ${timer.due}, now ${now}`);
            }
          }
          if (wheel.size !== waiting.size) throw new Error(`size ${wheel.size}, model ${waiting.size}`);
        }
      },
    ),
    { numRuns: 150 },
  );
  t.pass();
});

test('timers fire in the order of a sorted list, however far away they are', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.array(fc.tuple(delay, fc.array(delay, { maxLength: 8 })), { minLength: 1, maxLength: 12 }),
      (start, steps) => {
        const wheel = new TimingWheel(start);
        const fired: { id: number; now: number }[] = [];
        let model: { id: number; at: number }[] = [];
        let now = start;
        let ids = 0;
        for (const [pause, delays] of steps) {
          for (const delay of delays) {
            const timer = new Recorded(ids++, fired);
            wheel.add(timer, now + delay);
            // The wheel counts whole milliseconds, and what is due already waits for the next one.
            model.push({ id: timer.id, at: Math.max(Math.ceil(now + delay), Math.floor(now) + 1) });
          }
          now += pause;
          wheel.advance(now);
          const expected = model.filter(({ at }) => at <= now).map(({ at }) => at);
          const atOf = new Map(model.map(({ id, at }) => [id, at]));
          assert.deepEqual(
            fired.splice(0).map(({ id }) => atOf.get(id)),
            expected.sort((a, b) => a - b),
          );
          model = model.filter(({ at }) => at > now);
          const [next = Number.POSITIVE_INFINITY] = model.map(({ at }) => at).sort((a, b) => a - b);
          assert.ok(wheel.nextDue() <= next, `nextDue ${wheel.nextDue()}, model ${next}`);
          assert.equal(wheel.size, model.length);
        }
      },
    ),
    { numRuns: 200 },
  );
  t.pass();
});
