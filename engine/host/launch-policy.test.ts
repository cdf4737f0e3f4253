import test from 'ava';
import { afterHostEnd, type HostEnd } from './launch-policy.ts';

const crash: HostEnd = { code: null, wasReady: true, wasAsked: false, now: 0 };

test('a host that crashes is started again, later each time, and five times in five minutes', (t) => {
  let ends: readonly number[] = [];
  const pauses: number[] = [];
  for (let now = 0; ; now += 1000) {
    const decision = afterHostEnd(ends, { ...crash, now });
    if (decision.effect === 'exit') {
      t.deepEqual(decision, { effect: 'exit', code: 1, why: 'too-often' });
      break;
    }
    ({ ends } = decision);
    pauses.push(decision.afterMs);
  }
  t.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000]);
  t.like(afterHostEnd(ends, { ...crash, now: 304_000 }), { effect: 'restart', afterMs: 1000 });
});

test('one that ended in order, or was told to, or never came up stays ended, with its code', (t) => {
  t.deepEqual(afterHostEnd([], { ...crash, code: 0 }), { effect: 'exit', code: 0, why: 'done' });
  t.deepEqual(afterHostEnd([], { ...crash, code: 143, wasAsked: true }), { effect: 'exit', code: 143, why: 'done' });
  t.deepEqual(afterHostEnd([], { ...crash, code: 1, wasReady: false }), {
    effect: 'exit',
    code: 1,
    why: 'never-ready',
  });
  // Another host has its store.
  t.deepEqual(afterHostEnd([], { ...crash, code: 76 }), { effect: 'exit', code: 76, why: 'done' });
  // The others declared it dead while it came up.
  t.like(afterHostEnd([], { ...crash, code: 75, wasReady: false }), { effect: 'restart' });
  t.like(afterHostEnd([5], { ...crash, code: 1, wasReady: false, now: 9 }), { effect: 'restart' });
  t.like(afterHostEnd([], { ...crash, code: 1 }), { effect: 'restart' });
});
