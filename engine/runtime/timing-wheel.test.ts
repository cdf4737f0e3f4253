import test from 'ava';
import { Timer, TimingWheel } from './timing-wheel.ts';

class Counted extends Timer {
  private readonly fired: Counted[];
  constructor(fired: Counted[]) {
    super();
    this.fired = fired;
  }
  fire(): void {
    this.fired.push(this);
  }
}

const HOUR = 3_600_000;

test('a million timers: each fires once, those removed do not', (t) => {
  const count = 1_000_000;
  const wheel = new TimingWheel(0);
  const fired: Counted[] = [];
  const timers = Array.from({ length: count }, () => new Counted(fired));
  // Spread over a day, in an order that has nothing to do with time.
  for (const [i, timer] of timers.entries()) wheel.add(timer, 1 + ((i * 7919) % (24 * HOUR)));
  t.is(wheel.size, count);
  for (let i = 0; i < count; i += 2) wheel.remove(timers[i]!);
  t.is(wheel.size, count / 2);
  for (let now = HOUR; now <= 24 * HOUR; now += HOUR) wheel.advance(now);
  t.is(wheel.size, 0);
  t.is(fired.length, count / 2);
  t.is(new Set(fired).size, count / 2);
  t.true(fired.every((timer, i) => i === 0 || fired[i - 1]!.due <= timer.due));
});

test('a node with only far timers has nothing to do in between', (t) => {
  const wheel = new TimingWheel(0);
  const fired: Counted[] = [];
  wheel.add(new Counted(fired), 90 * 24 * HOUR);
  // As a sleeping node does: from one time that nextDue gives to the next.
  let wakes = 0;
  for (; fired.length === 0 && wakes < 1000; wakes++) wheel.advance(wheel.nextDue());
  t.is(fired.length, 1);
  // Once for each level that it moves down, and once for the part that lies beyond the last level.
  t.true(wakes <= 6, `${wakes} wakes`);
});

test('a long sleep is not gone through millisecond by millisecond', (t) => {
  const wheel = new TimingWheel(0);
  const fired: Counted[] = [];
  // A year, 30 times: a loop over 3e10 steps would take minutes.
  for (let i = 1; i <= 30; i++) {
    const due = i * 365 * 24 * HOUR;
    wheel.add(new Counted(fired), due);
    wheel.advance(due - 1);
    t.is(fired.length, i - 1);
    wheel.advance(due);
    t.is(fired.length, i);
  }
});
