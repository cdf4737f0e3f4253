import test from 'ava';
import { NodeWatch, type Reading, type Verdict, WatchClock, watchLimits } from './watchdog.ts';

const LIMITS = watchLimits(5000);
const working: Reading = { beat: 1, turn: 1, isOpen: true, idleMs: 7 };

/** The verdicts other than `fine`, with their times, of a look every 50 ms. */
function watch(readingAt: (ms: number) => Reading, untilMs: number, limits = LIMITS): [number, Verdict][] {
  const one = new NodeWatch(limits, 0);
  const verdicts: [number, Verdict][] = [];
  for (let ms = 0; ms <= untilMs; ms += 50) {
    const verdict = one.look(readingAt(ms), ms);
    if (verdict !== 'fine') verdicts.push([ms, verdict]);
  }
  return verdicts;
}

test('a turn that does not end is a suspect, slow, hung; each once', (t) => {
  t.deepEqual(
    watch(() => working, 20_000),
    [
      [50, 'suspect'],
      [750, 'slow'],
      [5000, 'hung'],
    ],
  );
});

test('a node that makes progress is fine, however long its round', (t) => {
  t.deepEqual(
    watch((ms) => ({ ...working, turn: Math.floor(ms / 50) }), 20_000),
    [],
  );
  t.deepEqual(
    watch((ms) => ({ ...working, isOpen: false, beat: Math.floor(ms / 700) }), 20_000),
    [],
  );
});

test('without a turn it is slow and hung all the same, but nobody is a suspect', (t) => {
  t.deepEqual(
    watch(() => ({ ...working, isOpen: false }), 6000),
    [
      [750, 'slow'],
      [5000, 'hung'],
    ],
  );
});

test('a sleeper is fine as long as its event loop waits; a timer that does not return is not sleep', (t) => {
  t.deepEqual(
    watch((ms) => ({ ...working, isOpen: false, idleMs: ms }), 20_000),
    [],
  );
  t.deepEqual(
    watch((ms) => ({ ...working, isOpen: false, idleMs: Math.min(ms, 1000) }), 7000),
    [
      [1750, 'slow'],
      [6000, 'hung'],
    ],
  );
});

test('every slow turn is told again', (t) => {
  const verdicts = watch((ms) => ({ ...working, turn: Math.floor(ms / 1000) }), 2900);
  t.deepEqual(
    verdicts.filter(([, verdict]) => verdict === 'slow'),
    [
      [750, 'slow'],
      [1750, 'slow'],
      [2750, 'slow'],
    ],
  );
});

test('0 switches the end off, and not the report', (t) => {
  t.deepEqual(
    watch(() => working, 100_000, watchLimits(0)).map(([, verdict]) => verdict),
    ['suspect', 'slow'],
  );
});

test('time in which the watcher itself stood still does not count', (t) => {
  const clock = new WatchClock(50, 1000);
  t.is(clock.advance(1050), 50);
  t.is(clock.advance(31_050), 200);
  t.is(clock.advance(31_100), 250);
  const one = new NodeWatch(LIMITS, 0);
  t.is(one.look(working, 0), 'fine');
  t.is(one.look(working, clock.now), 'suspect');
});
