import test from 'ava';
import { ManualClock } from '../testing/manual-clock.ts';
import type { Activation } from './activation.ts';
import type { EntityTypeEntry } from './catalogue.ts';
import type { NodeState } from './node-state.ts';
import { Roster } from './roster.ts';
import { TimingWheel } from './timing-wheel.ts';
import { Walk } from './walk.ts';

/** Time passes when it is looked at. */
class WornClock extends ManualClock {
  private readonly lookMs: number;

  constructor(lookMs: number) {
    super();
    this.lookMs = lookMs;
  }

  override now(): number {
    this.move(this.lookMs);
    return super.now();
  }
}

function compose(count: number, lookMs: number) {
  const clock = new WornClock(lookMs);
  const wheel = new TimingWheel(clock.now());
  const roster = new Roster(1);
  const type = { index: 0 } as EntityTypeEntry;
  for (let id = 0; id < count; id++) {
    roster.add({ type, id, slot: (id * 7) & 4095 } as unknown as Activation);
  }
  const ending = { count: 0 };
  const walk = new Walk({ clock, wheel } as unknown as NodeState, roster, () => ending.count);
  const visited: Activation[] = [];
  /** How many each slice visited. */
  const slices: number[] = [];
  const step = (): void => {
    const before = visited.length;
    wheel.advance(wheel.nextDue());
    clock.move(Math.max(0, wheel.nextDue() - clock.now()));
    slices.push(visited.length - before);
  };
  return { walk, roster, ending, visited, slices, step };
}

test('a walk visits everybody once, in slices as long as a slice may be', (t) => {
  const { walk, visited, slices, step } = compose(100_000, 0.1);
  let done = 0;
  walk.start(
    (activation) => visited.push(activation),
    () => done++,
  );
  while (walk.underWay) step();
  t.is(done, 1);
  t.is(new Set(visited).size, 100_000);
  t.is(visited.length, 100_000);
  // Looked at every 64 visits, a tenth of the slice each time.
  t.true(Math.max(...slices) <= 64 * 12, `${Math.max(...slices)}`);
  t.true(walk.longestMs <= 1.3, `${walk.longestMs} ms`);
});

test('who is visited may go', (t) => {
  const { walk, roster, visited, step } = compose(5000, 0.1);
  walk.start(
    (activation) => {
      visited.push(activation);
      roster.remove(activation);
    },
    () => {},
  );
  while (walk.underWay) step();
  t.is(visited.length, 5000);
  t.is(roster.size, 0);
});

test('nobody is sent away while too many are on their way out', (t) => {
  const { walk, ending, visited, slices, step } = compose(5000, 0.1);
  walk.start(
    (activation) => visited.push(activation),
    () => {},
  );
  step();
  ending.count = 1024;
  const before = visited.length;
  for (let i = 0; i < 10; i++) step();
  t.is(visited.length, before);
  ending.count = 1023;
  while (walk.underWay) step();
  t.is(visited.length, 5000);
  t.true(slices.length > 10);
});
