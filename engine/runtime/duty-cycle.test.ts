import test from 'ava';
import { SystemClock } from '../base/clock.ts';
import { type Bell, type Duties, DutyCycle, type WaitPolicy } from './duty-cycle.ts';

const AT_ONCE: WaitPolicy = { spinMs: 0, napsMs: 0, napMs: 0, yieldMs: 0.5 };
const NAPPING: WaitPolicy = { spinMs: 0.05, napsMs: 1, napMs: 0.2, yieldMs: 0.5 };

/** A bell that counts who listens; `ring` ends the wait. */
class TestBell implements Bell {
  listeners = 0;
  naps = 0;
  isWoken = false;
  onSleep: () => void = () => {};
  private wait: Promise<void> | undefined;
  private end: () => void = () => {};

  arm(): boolean {
    const { isWoken } = this;
    this.isWoken = false;
    return !isWoken;
  }

  disarm(): void {}

  sleep(): Promise<void> {
    if (this.wait === undefined) {
      const wait = new Promise<void>((resolve) => {
        this.end = resolve;
      });
      const then = wait.then.bind(wait);
      // biome-ignore lint/suspicious/noThenProperty: counts who asks a real promise to call back
      wait.then = ((...args: Parameters<typeof then>) => {
        this.listeners++;
        return then(...args);
      }) as typeof wait.then;
      this.wait = wait;
    }
    this.onSleep();
    return this.wait;
  }

  nap(): void {
    this.naps++;
  }

  ring(): void {
    this.wait = undefined;
    this.end();
  }
}

/** Duties that a test hands out. */
class TestDuties implements Duties {
  work = 0;
  due = Number.POSITIVE_INFINITY;
  runs = 0;
  flushes = 0;
  isRunning = false;
  urgent = false;
  listening = false;
  onRun: () => void = () => {};

  run(_now: number, _framesMax: number): number {
    this.runs++;
    const done = this.work;
    this.work = 0;
    this.onRun();
    return done;
  }

  flush(): void {
    this.flushes++;
  }

  pending(): boolean {
    return this.work > 0;
  }

  glance(): boolean {
    return this.pending();
  }

  nextDue(): number {
    return this.due;
  }

  listens(): boolean {
    return this.listening;
  }

  isUrgent(): boolean {
    return this.urgent;
  }
  running(inCycle: boolean): void {
    this.isRunning = inCycle;
  }
}

function compose(policy = AT_ONCE) {
  const bell = new TestBell();
  const duties = new TestDuties();
  const clock = new SystemClock();
  const cycle = new DutyCycle(duties, bell, clock, policy);
  const asleep = (): Promise<void> =>
    new Promise((resolve) => {
      bell.onSleep = resolve;
    });
  return { bell, duties, clock, cycle, asleep };
}

test('a node with nothing to do goes to sleep, and its bell wakes it', async (t) => {
  const { bell, duties, cycle, asleep } = compose();
  const sleeping = asleep();
  cycle.schedule();
  await sleeping;
  t.is(duties.runs, 1);
  t.false(duties.isRunning);
  duties.work = 1;
  const again = asleep();
  bell.ring();
  await again;
  t.is(duties.work, 0);
  cycle.stop();
});

test('whatever happens on the thread wakes a node that sleeps', async (t) => {
  const { duties, cycle, asleep } = compose();
  const sleeping = asleep();
  cycle.schedule();
  await sleeping;
  for (let i = 0; i < 5; i++) {
    const again = asleep();
    duties.work = 1;
    cycle.schedule();
    cycle.schedule();
    await again;
    t.is(duties.work, 0);
  }
  cycle.stop();
});

test('a timer ends the sleep, also one that was set while the node slept', async (t) => {
  const { duties, clock, cycle, asleep } = compose();
  const fired = (): Promise<void> =>
    new Promise((resolve) => {
      duties.onRun = () => {
        if (clock.now() < duties.due) return;
        duties.due = Number.POSITIVE_INFINITY;
        resolve();
      };
    });
  duties.due = clock.now() + 20;
  const first = fired();
  cycle.schedule();
  await first;

  const sleeping = asleep();
  cycle.schedule();
  await sleeping;
  duties.due = clock.now() + 10;
  const second = fired();
  cycle.schedule();
  await second;
  t.pass();
  cycle.stop();
});

test('sleeps that others end do not pile up on the bell', async (t) => {
  const { bell, cycle, asleep } = compose();
  for (let i = 0; i < 100; i++) {
    const sleeping = asleep();
    cycle.schedule();
    await sleeping;
  }
  t.is(bell.listeners, 1);
  const again = asleep();
  bell.ring();
  await again;
  t.is(bell.listeners, 2);
  cycle.stop();
});

test('what was written is flushed, also what continuations write', async (t) => {
  const { duties, cycle, asleep } = compose();
  const sleeping = asleep();
  let flushesBefore = -1;
  duties.onRun = () => {
    duties.onRun = () => {};
    void (async () => {
      for (let i = 0; i < 50; i++) await null;
      flushesBefore = duties.flushes;
      cycle.schedule();
    })();
  };
  duties.work = 1;
  cycle.schedule();
  await sleeping;
  // It may have fallen asleep before the continuation came, and then woke up for it.
  if (flushesBefore === -1 || duties.flushes === flushesBefore) await asleep();
  t.true(flushesBefore >= 0);
  t.true(duties.flushes > flushesBefore);
  cycle.stop();
});

test('a node under load leaves the event loop its turns', async (t) => {
  const { duties, cycle } = compose(NAPPING);
  duties.onRun = () => {
    duties.work = 1;
  };
  cycle.schedule();
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  t.true(duties.runs > 20);
  cycle.stop();
  const { runs } = duties;
  await new Promise((resolve) => setImmediate(resolve));
  t.is(duties.runs, runs);
});

test('a node that must not block takes no naps, others do before they sleep', async (t) => {
  for (const [policy, takesNaps] of [
    [AT_ONCE, false],
    [NAPPING, true],
  ] as const) {
    const { bell, cycle, asleep } = compose(policy);
    const sleeping = asleep();
    cycle.schedule();
    await sleeping;
    t.is(bell.naps > 0, takesNaps);
    cycle.stop();
  }
});

test('a node that expects to hear something by the event loop neither naps nor spins', async (t) => {
  const { duties, bell, cycle, asleep } = compose(NAPPING);
  duties.listening = true;
  let looks = 0;
  duties.glance = () => {
    looks++;
    return false;
  };
  const sleeping = asleep();
  duties.work = 1;
  cycle.schedule();
  await sleeping;
  t.is(bell.naps, 0);
  t.is(looks, 0);
  cycle.stop();
});

test('a bell that was rung for another round gets it', async (t) => {
  const { bell, duties, cycle, asleep } = compose();
  bell.isWoken = true;
  const sleeping = asleep();
  cycle.schedule();
  await sleeping;
  t.is(duties.runs, 2);
  cycle.stop();
});

test('after stop nothing runs any more, and what was written is flushed', async (t) => {
  const { bell, duties, cycle, asleep } = compose();
  const sleeping = asleep();
  cycle.schedule();
  await sleeping;
  const { runs, flushes } = duties;
  cycle.stop();
  t.is(duties.flushes, flushes + 1);
  bell.ring();
  cycle.schedule();
  await new Promise((resolve) => setImmediate(resolve));
  t.is(duties.runs, runs);
});

test('rounds that take long take fewer frames, and more again when they are short', async (t) => {
  const { duties, clock, cycle } = compose();
  const asked: number[] = [];
  let busyMs = 1;
  const ended = new Promise<void>((resolve) => {
    duties.run = (_now, framesMax) => {
      asked.push(framesMax);
      if (asked.length === 20) busyMs = 0;
      const until = clock.now() + busyMs;
      while (clock.now() < until);
      if (asked.length === 200) resolve();
      return asked.length < 200 ? 1 : 0;
    };
  });
  cycle.schedule();
  await ended;
  cycle.stop();
  t.is(asked[0], 64);
  t.deepEqual(asked.slice(10, 20), new Array(10).fill(1));
  t.true(Math.max(...asked.slice(30)) === 64);
});

test('rounds are shorter while there is something of high priority', async (t) => {
  const { duties, clock, cycle } = compose();
  const asked: number[] = [];
  const ended = new Promise<void>((resolve) => {
    duties.run = (_now, framesMax) => {
      asked.push(framesMax);
      duties.urgent = asked.length > 100;
      // 64 of them are short enough, or too long.
      const until = clock.now() + framesMax * 0.001_5;
      while (clock.now() < until);
      if (asked.length === 400) resolve();
      return asked.length < 400 ? 1 : 0;
    };
  });
  cycle.schedule();
  await ended;
  cycle.stop();
  const most = (list: number[]): number => list.filter((frames) => frames === 64).length / list.length;
  t.true(most(asked.slice(0, 100)) > most(asked.slice(110)));
  t.true(most(asked.slice(110)) < 0.6);
});

test('a long turn of the event loop is followed by as many rounds', async (t) => {
  const { duties, clock, cycle } = compose();
  let turns = 0;
  let rounds = 0;
  duties.run = () => {
    rounds++;
    const until = clock.now() + 0.02;
    while (clock.now() < until);
    return turns < 10 ? 1 : 0;
  };
  cycle.schedule();
  const perTurn: number[] = [];
  for (; turns < 10; turns++) {
    rounds = 0;
    await new Promise((resolve) => setImmediate(resolve));
    perTurn.push(rounds);
    const until = clock.now() + 4;
    while (clock.now() < until);
  }
  cycle.stop();
  // 4 ms of rounds of 0.02 ms each, were there nobody else on the machine; 0.5 ms of them before.
  t.true(Math.max(...perTurn) > 40, perTurn.join(' '));
});

test('a round among the microtasks that fails is an uncaught exception, and no rejection that would be counted and forgotten', async (t) => {
  const duties = new TestDuties();
  const cycle = new DutyCycle(duties, new TestBell(), new SystemClock(), AT_ONCE);
  const { nextTick } = process;
  let tick: (() => void) | undefined;
  duties.work = 1;
  const failed = new Promise<void>((resolve) => {
    duties.onRun = () => {
      // The first yields to the event loop, the second is followed by one among the microtasks.
      if (duties.runs < 3) {
        duties.work = 1;
        return;
      }
      resolve();
      // Only the very next tick is caught: that of the failure.
      process.nextTick = (callback: () => void) => {
        process.nextTick = nextTick;
        tick = callback;
      };
      throw new Error('a corrupt link');
    };
  });
  cycle.schedule();
  await failed;
  t.is(duties.runs, 3);
  t.throws(() => tick!(), { message: 'a corrupt link' });
  cycle.stop();
});
