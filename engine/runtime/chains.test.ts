import test from 'ava';
import { Actor } from '../testing/games/locks/contracts.fixture.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { startActors } from './actors.fixture.ts';
import { CHAIN_MAX } from './chain.ts';
import { OVERTAKES_MAX } from './mailbox.ts';
import { failureOf } from './probe-host.fixture.ts';

const LOCKS = ['free', 'peek', 'single', 'glance', 'whole', 'look'] as const;

for (const outer of LOCKS) {
  test(`a chain that comes back to its entity is let in: ${outer}`, async (t) => {
    const { run, call, relay, step } = startActors(t);
    for (const inner of LOCKS) {
      await run('a', outer, `direct ${inner}`, [call('a', inner)]);
      await run('a', outer, `around ${inner}`, [call('b1', 'whole', call('a', inner, call('a', inner)))]);
      await run('a', outer, `through ${inner}`, [relay('b1', 'free', relay('a', inner))]);
      await run('a', outer, `later ${inner}`, [{ what: 'pause' }, step('timer', 'b1', 'free', call('a', inner))]);
    }
    t.pass();
  });
}

test('two branches of one chain keep each other out', async (t) => {
  const { run, call, all, journal, gate, open, reached } = startActors(t);
  const done = run('a', 'whole', 'r', [
    all(call('b1', 'free', call('a', 'whole', gate('1'))), call('c2', 'free', call('a', 'whole', gate('1')))),
  ]);
  await reached('1');
  t.is(journal('a').filter((line) => line.endsWith('.a')).length, 1);
  await open('1');
  await done;
  const lines = journal('a').slice(1, -1);
  t.deepEqual(lines, [lines[0]!, `/${lines[0]}`, lines[2]!, `/${lines[2]}`]);
});

test('a chain that comes back passes what waits, except for messages of its own caller', async (t) => {
  const { host, run, call, step, gate, open, reached, journal } = startActors(t);
  const first = run('a', 'whole', 'first', [
    gate('1'),
    call('b1', 'free', step('forget', 'a', 'free', gate('2')), call('a', 'free')),
  ]);
  await reached('1');
  const others = [run('a', 'whole', 'x'), run('a', 'free', 'y')];
  await host.settled();
  await open('1');
  await reached('2');
  await open('2');
  await Promise.all([first, ...others]);
  const lines = journal('a').filter((line) => !line.startsWith('/'));
  t.deepEqual(lines, ['first', 'first.b1.a', 'first.b1.a', 'x', 'y']);
});

test('one that comes back and finds a stranger waits, and is let in before those that wait for its chain', async (t) => {
  const { host, run, call, gate, open, reached, journal } = startActors(t);
  const stranger = run('a', 'free', 'stranger', [gate('s')]);
  const chain = run('a', 'free', 'chain', [gate('c'), call('b1', 'free', call('a', 'whole'))]);
  await Promise.all([reached('s'), reached('c')]);
  const waiting = run('a', 'whole', 'waiting');
  await host.settled();
  await open('c');
  await host.settled();
  t.deepEqual(journal('a'), ['stranger', 'chain']);
  await open('s');
  await Promise.all([stranger, chain, waiting]);
  t.deepEqual(journal('a').slice(2), ['/stranger', 'chain.b1.a', '/chain.b1.a', '/chain', 'waiting', '/waiting']);
});

test('what is one way carries no chain: nobody waits for it', async (t) => {
  const { run, step, journal, host } = startActors(t);
  await run('a', 'whole', 'r', [step('forget', 'b1', 'free')]);
  await host.settled();
  t.deepEqual(journal('b1'), ['r.b1', '/r.b1']);
});

test('a chain has a bound', async (t) => {
  const { view, id } = startActors(t, { nodes: 1 });
  const actor = view.getProxy(Actor, id('a'));
  // The outermost call has no turn around it.
  await actor.dive(CHAIN_MAX);
  const error = await failureOf(actor.dive(CHAIN_MAX + 1));
  t.is(error.name, 'InvalidMessageError');
  t.is(error.code, 'too-large');
  await actor.dive(1);
});

test('one that gives up while it waits is gone at once, and holds nobody back', async (t) => {
  const { host, run, view, id, gate, open, reached, journal } = startActors(t);
  const open1 = run('a', 'free', 'open', [gate('1')]);
  await reached('1');
  const controller = new AbortController();
  const given = view.getProxy(Actor, id('a'), { signal: controller.signal }).whole('given up', [], []);
  const behind = run('a', 'free', 'behind');
  await host.settled();
  t.deepEqual(journal('a'), ['open']);
  controller.abort(new Error('enough'));
  await t.throwsAsync(given, { message: 'enough' });
  await behind;
  t.deepEqual(journal('a'), ['open', 'behind', '/behind']);
  await open('1');
  await open1;
});

test('a chain that comes back is not refused because others have waited for long', async (t) => {
  const { host, run, call, gate, open, reached } = startActors(t, { clock: new ManualClock() });
  const stranger = run('a', 'free', 'stranger', [gate('s')]);
  const chain = run('a', 'free', 'chain', [gate('c'), call('b1', 'free', call('a', 'whole'))]);
  await Promise.all([reached('s'), reached('c')]);
  const waiting = Array.from({ length: 100 }, (_, i) => run('a', 'whole', `waiting ${i}`));
  await host.settled();
  await host.advance(16_000);
  t.like(await failureOf(run('a', 'whole', 'late')), { code: 'mailbox-full' });
  await open('c');
  await host.settled();
  await open('s');
  await host.settled();
  await Promise.all([stranger, chain, ...waiting]);
  t.is(host.count('refusedMailboxFull'), 1);
});

test('one whose deadline passes while it waits does not run, and holds nobody back', async (t) => {
  const { host, run, view, id, gate, open, reached, journal } = startActors(t);
  const open1 = run('a', 'free', 'open', [gate('1')]);
  await reached('1');
  const late = view.getProxy(Actor, id('a'), { timeout: 20 }).whole('late', [], []);
  const behind = run('a', 'free', 'behind');
  await t.throwsAsync(late, { name: 'CallTimeoutError' });
  await behind;
  await open('1');
  await open1;
  t.false(journal('a').includes('late'));
  t.is(host.count('expiredBeforeRun'), 1);
});

test('what waits for another run of its own operation lets other callers pass, in their own order', async (t) => {
  const { host, run, call, gate, open, reached, journal, step } = startActors(t);
  const first = run('a', 'single', 'first', [gate('1')]);
  await reached('1');
  // One caller sends two, of which the first has to wait; another one may pass.
  const both = run('b1', 'free', 'both', [step('forget', 'a', 'single'), call('a', 'free')]);
  await host.settled();
  await run('c2', 'free', 'other', [call('a', 'free')]);
  t.deepEqual(
    journal('a').filter((line) => !line.startsWith('/')),
    ['first', 'other.a'],
  );
  await open('1');
  await Promise.all([first, both]);
});

test('higher priorities pass one that wants the whole entity, but not for ever', async (t) => {
  const { host, run, gate, open, reached, journal } = startActors(t);
  const held = run('a', 'free', 'held', [gate('1')]);
  await reached('1');
  const waiting = run('a', 'later', 'waiting');
  await host.settled();
  const urgent = Array.from({ length: OVERTAKES_MAX + 10 }, (_, i) => run('a', 'urgent', `urgent ${i}`));
  await host.settled();
  const begun = journal('a').filter((line) => line.startsWith('urgent'));
  t.is(begun.length, OVERTAKES_MAX);
  await open('1');
  await Promise.all([held, waiting, ...urgent]);
  const lines = journal('a');
  t.true(lines.indexOf('waiting') < lines.indexOf(`urgent ${OVERTAKES_MAX}`));
});

for (const [what, lock, holding] of [
  ['another run of its operation', 'single', 'single'],
  ['readers', 'free', 'look'],
] as const) {
  test(`nor one that waits for ${what}, in whatever order its own lane goes on`, async (t) => {
    const { host, view, id, run, gate, open, reached, journal } = startActors(t);
    const held = run('a', holding, 'held', [gate('1')]);
    await reached('1');
    const low = view.getProxy(Actor, id('a'), { priority: 'low' });
    const high = view.getProxy(Actor, id('a'), { priority: 'high' });
    const others: Promise<void>[] = [low[lock]('waiting', [], [])];
    await host.settled();
    // Readers that are open all the time keep everybody else out, for as long as new ones begin before the last has ended.
    for (let i = 0; i < OVERTAKES_MAX + 10; i++) {
      others.push(high[holding](`high ${i}`, [], []));
      if (lock === 'single') others.push(low.free(`low ${i}`, [], []));
      else await host.settled();
    }
    await host.settled();
    await open('1');
    await Promise.all([held, ...others]);
    const lines = journal('a');
    t.true(lines.indexOf('waiting') < lines.indexOf(`high ${OVERTAKES_MAX}`), String(lines.indexOf('waiting')));
  });
}

test('a chain of another entity gives no right', async (t) => {
  const { host, run, call, gate, open, reached, journal } = startActors(t);
  const held = run('a', 'whole', 'held', [gate('1')]);
  await reached('1');
  const other = run('b1', 'whole', 'other', [call('a', 'free')]);
  await host.settled();
  t.deepEqual(journal('a'), ['held']);
  await open('1');
  await Promise.all([held, other]);
  t.is(await failureOf(other), undefined);
});
