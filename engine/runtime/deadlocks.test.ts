import test from 'ava';
import { DeadlockError } from '../base/errors.ts';
import type { Step } from '../testing/games/locks/contracts.fixture.ts';
import { startActors } from './actors.fixture.ts';
import { failureOf } from './probe-host.fixture.ts';

type Actors = ReturnType<typeof startActors>;

/** Starts runs that all get to their gate before it is opened; exactly one call of the cycle is refused. */
async function expectOneRefused(
  t: Parameters<typeof startActors>[0],
  actors: Actors,
  runs: readonly Promise<void>[],
): Promise<DeadlockError> {
  const began = performance.now();
  const errors = (await Promise.all(runs.map(failureOf))).filter((error) => error !== undefined);
  t.is(errors.length, 1, String(errors));
  const [error] = errors as [DeadlockError];
  t.true(error instanceof DeadlockError, String(error));
  t.is(error.code, 'deadlock');
  t.is(actors.host.count('deadlocks'), 1);
  t.is(actors.host.count('callsTimedOut'), 0);
  // Generous; a quiet machine needs some 20 ms.
  t.true(performance.now() - began < 10_000);
  return error;
}

for (const nodes of [1, 2, 3]) {
  test(`two that each hold what the other wants: one is refused, the other goes on, ${nodes} nodes`, async (t) => {
    const actors = startActors(t, { nodes: 3 });
    const { run, call, gate, open, reached, id } = actors;
    const [a, b] = nodes === 1 ? ['a', 'b'] : nodes === 2 ? ['a1', 'b2'] : ['a0', 'b2'];
    const runs = [
      run(a!, 'whole', 'first', [gate('1'), call(b!, 'whole')]),
      run(b!, 'whole', 'second', [gate('2'), call(a!, 'whole')]),
    ];
    await Promise.all([reached('1'), reached('2')]);
    await Promise.all([open('1'), open('2')]);
    const error = await expectOneRefused(t, actors, runs);
    // The caller of the operation that made the refused call: that one did run.
    t.is(error.outcome, 'unknown');
    t.is((error.cause as DeadlockError).outcome, 'notExecuted');
    t.is(error.chain.length, 4);
    t.deepEqual([...new Set(error.chain.map((one) => one.id as number))].sort(), [id(a!), id(b!)].sort());
    for (const one of error.chain) t.like(one, { contract: 'Actor', operation: 'whole' });
    t.regex(
      error.message,
      /^Deadlock: Actor\/\d+\.whole waits for Actor\/\d+\.whole, which waits for Actor\/\d+\.whole/,
    );
  });
}

test('a ring around three nodes', async (t) => {
  const actors = startActors(t);
  const { run, call, relay, gate, open, reached } = actors;
  const names = ['a0', 'b1', 'c2', 'd1'];
  const runs = names.map((name, i) => {
    const next = names[(i + 1) % names.length]!;
    const step: Step = i % 2 === 0 ? call(next, 'whole') : relay(next, 'whole');
    return run(name, 'whole', name, [gate(name), step]);
  });
  await Promise.all(names.map(reached));
  await Promise.all(names.map(open));
  const error = await expectOneRefused(t, actors, runs);
  t.true(error.chain.length >= names.length * 2);
});

test('locks of methods', async (t) => {
  const actors = startActors(t);
  const { run, call, gate, open, reached } = actors;
  const runs = [
    run('a0', 'single', 'first', [gate('1'), call('b1', 'single')]),
    run('b1', 'single', 'second', [gate('2'), call('a0', 'single')]),
  ];
  await Promise.all([reached('1'), reached('2')]);
  await Promise.all([open('1'), open('2')]);
  await expectOneRefused(t, actors, runs);
});

test('two readers that both want to write', async (t) => {
  const actors = startActors(t);
  const { run, call, gate, open, reached } = actors;
  const runs = ['1', '2'].map((name) => run('a1', 'look', name, [gate(name), call('a1', 'whole')]));
  await Promise.all([reached('1'), reached('2')]);
  await Promise.all([open('1'), open('2')]);
  await expectOneRefused(t, actors, runs);
});

test('through the order of those that wait', async (t) => {
  const actors = startActors(t);
  const { host, run, call, gate, open, reached } = actors;
  // `a` waits for `b`, which calls `a`: nothing forbids that call but one that waits for `a` in front of it.
  const holder = run('b1', 'whole', 'holder', [gate('h'), call('a0', 'free')]);
  const open1 = run('a0', 'free', 'open', [gate('o'), call('b1', 'free')]);
  await Promise.all([reached('h'), reached('o')]);
  const writer = run('a0', 'whole', 'writer');
  await host.settled();
  await Promise.all([open('h'), open('o')]);
  await expectOneRefused(t, actors, [holder, open1, writer]);
});

test('through a task', async (t) => {
  const actors = startActors(t);
  const { run, call, gate, open, reached, host, view, id, journal } = actors;
  const { Actor } = await import('../testing/games/locks/contracts.fixture.ts');
  await view.getProxy(Actor, id('a0')).task('task', [gate('t'), call('b1', 'whole')]);
  const runs = run('b1', 'whole', 'call', [gate('c'), call('a0', 'whole')]);
  await Promise.all([reached('t'), reached('c')]);
  await Promise.all([open('t'), open('c')]);
  const error = await failureOf(runs);
  // Either the task's call was refused, which fails the task, or the other one.
  if (error !== undefined) t.true(error instanceof DeadlockError);
  while (!journal('a0').includes('/task')) await host.settled();
  t.is(host.count('deadlocks'), 1);
});

test('one that destroys itself and waits for that is told at once, and destroyed when its operation is over', async (t) => {
  const { host, run, step, call, gate, open, reached, journal } = startActors(t);
  for (const lock of ['free', 'single', 'whole'] as const) {
    const before = host.count('deactivations');
    const done = run('a1', lock, `r ${lock}`, [step('destroy', 'a1', 'free'), gate(lock), call('b2', 'free')]);
    await reached(lock);
    const behind = run('a1', 'free', `behind ${lock}`);
    await host.settled();
    t.is(host.count('deactivations'), before);
    await open(lock);
    await done;
    await behind;
    t.is(host.count('deactivations'), before + 1);
    t.true(journal('a1').includes(`behind ${lock}`));
  }
  t.is(host.count('deadlocks'), 0);
  t.is(host.count('repliesLate'), 0);
});

for (const [what, births] of [
  ['itself', ['a0', 'a0']],
  ['one that is being activated and calls it', ['a0', 'b1', 'a0']],
  ['two more that are being activated, all in a ring', ['a0', 'b1', 'c2', 'a0']],
] as const) {
  for (const relayed of [false, true]) {
    test(`one that calls ${what} when it is activated${relayed ? ', through others' : ''}`, async (t) => {
      const { host, born, run, call, relay } = startActors(t);
      for (let i = 0; i + 1 < births.length; i++) {
        const next = births[i + 1]!;
        born(births[i]!, relayed ? relay(next, 'free') : call(next, 'free'));
      }
      const began = performance.now();
      t.like(await failureOf(run('a0', 'free', 'r')), { code: 'entity-crashed' });
      t.is(host.count('deadlocks'), 1);
      t.is(host.count('callsTimedOut'), 0);
      t.true(performance.now() - began < 10_000);
      await host.settled();
      for (const node of host.nodes) t.is(node.locks(0).total, 0);
    });
  }
}

test('an activation that calls others is no deadlock, and its calls hold nobody back', async (t) => {
  const { host, born, run, call, gate, open, reached, journal } = startActors(t);
  born('a0', gate('1'), call('b1', 'whole', call('c2', 'whole')));
  const first = run('a0', 'whole', 'first');
  await reached('1');
  const second = run('a0', 'single', 'second');
  await host.settled();
  t.deepEqual(journal('a0'), []);
  await open('1');
  await Promise.all([first, second]);
  t.deepEqual(journal('a0'), ['first', '/first', 'second', '/second']);
  t.is(host.count('deadlocks'), 0);
});

test('one that destroys another one which waits for it', async (t) => {
  const actors = startActors(t);
  const { run, call, step } = actors;
  const error = await expectOneRefused(t, actors, [
    run('a1', 'free', 'r', [call('b2', 'free', step('destroy', 'a1', 'free'))]),
  ]);
  t.deepEqual(
    error.chain.map(({ operation }) => operation),
    ['destroy', 'free', 'free'],
  );
});

test('one that waits for what it sent behind its own destroy', async (t) => {
  const actors = startActors(t);
  const { run, call, step } = actors;
  const steps = [step('destroy', 'a1', 'free'), call('a1', 'free')];
  const error = await expectOneRefused(t, actors, [run('a1', 'free', 'r', steps)]);
  t.like(error.chain[0], { operation: 'free' });
});

test('two branches of a chain that wait for each other', async (t) => {
  const actors = startActors(t);
  const { run, call, all, gate, open, reached } = actors;
  const run1 = run('a0', 'free', 'r', [
    all(call('b1', 'whole', gate('1'), call('c2', 'whole')), call('c2', 'whole', gate('2'), call('b1', 'whole'))),
  ]);
  await Promise.all([reached('1'), reached('2')]);
  await Promise.all([open('1'), open('2')]);
  await expectOneRefused(t, actors, [run1]);
});

test('one that waits behind thousands that wait for something else is looked at, too', async (t) => {
  const actors = startActors(t);
  const { host, run, call, all, gate, open, reached } = actors;
  const held = run('a0', 'whole', 'held', [gate('h')]);
  await reached('h');
  const crowd = Array.from({ length: 8 }, (_, i) =>
    run(`c${i}0`, 'free', `c${i}`, [all(...Array.from({ length: 1900 }, () => call('a0', 'whole')))]),
  );
  await host.settled();
  const runs = [
    run('d0', 'whole', 'first', [gate('1'), call('e0', 'whole')]),
    run('e0', 'whole', 'second', [gate('2'), call('d0', 'whole')]),
  ];
  await Promise.all([reached('1'), reached('2')]);
  await Promise.all([open('1'), open('2')]);
  await expectOneRefused(t, actors, runs);
  await open('h');
  await Promise.all([held, ...crowd]);
});

test('waiting long is no deadlock, and a timer in it is waited for', async (t) => {
  const { host, run, call, gate, open, reached } = startActors(t);
  const held = run('a0', 'whole', 'held', [gate('1')]);
  await reached('1');
  const waiting = ['b1', 'c2', 'd0', 'e1'].map((name) =>
    run(name, 'whole', name, [call('a0', 'whole'), { what: 'pause' }]),
  );
  // Well beyond several looks.
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.is(host.count('deadlocks'), 0);
  await open('1');
  await Promise.all([held, ...waiting]);
  t.is(host.count('deadlocks'), 0);
});
