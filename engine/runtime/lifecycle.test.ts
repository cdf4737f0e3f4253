import test, { type ExecutionContext } from 'ava';
import { CallTimeoutError, EntityNotFoundError, NodeDownError } from '../base/errors.ts';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { Mortal, Ticking } from '../testing/games/mortals/contracts.fixture.ts';
import type { Chronicle } from '../testing/games/mortals/game.fixture.ts';
import { LocalHost } from '../testing/local-host.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { HOOK_MS_MAX } from './activations.ts';
import { failureOf } from './probe-host.fixture.ts';

const { catalogue, module } = await loadFixtureGame<{ chronicle: Chronicle }>('mortals');
const { chronicle } = module;

/** Longer than the longest pause between two looks for idle entities, and the slices of a look. */
const LOOK_MS = 2000;

const tests = { begun: 0 };

function start(t: ExecutionContext, nodes = 2) {
  const host = new LocalHost(catalogue, { nodes, clock: new ManualClock() });
  t.teardown(() => host.stop());
  const from = ++tests.begun;
  const view = host.view(0);
  return {
    host,
    view,
    /** An id of this test alone; its first word says what happens. */
    named: (kind: string) => `${kind} ${from}`,
    pass: async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 500) await host.advance(Math.min(500, left));
    },
  };
}

// ---- the beginning

for (const [kind, what] of [
  ['stillborn', 'a constructor'],
  ['stateless', 'an initialState()'],
] as const) {
  test(`${what} that throws refuses who waits, and the next call tries again`, async (t) => {
    const { view, named } = start(t);
    const mortal = view.getProxy(Mortal, named(kind));
    await t.throwsAsync(mortal.touch(), { instanceOf: NodeDownError, code: 'entity-crashed' });
    t.is(await mortal.touch(), 2);
  });
}

test('an onActivate that does not end is given up: who still waits is told, and the next call tries again', async (t) => {
  const { host, view, named, pass } = start(t);
  const id = named('endless');
  const impatient = failureOf(view.getProxy(Mortal, id).touch());
  const patient = failureOf(view.getProxy(Mortal, id, { timeout: '1h' }).touch());
  const created = failureOf(view.create(Mortal, id));
  await host.settled();
  await pass(HOOK_MS_MAX - 1000);
  t.true((await impatient) instanceof CallTimeoutError);
  t.is((await created).name, 'EntityExistsError');
  t.is(host.count('deactivations'), 0);
  await pass(1000);
  const failure = await patient;
  t.true(failure instanceof NodeDownError);
  t.regex(failure.message, /could not be activated: Error: It did not end within 60 s/);
  t.is(await view.getProxy(Mortal, id).touch(), 2);
  // The hook that was given up ends after all: that is nothing to the new one.
  chronicle.release(id);
  await host.settled();
  t.is(await view.getProxy(Mortal, id).touch(), 2);
  t.is(
    host.nodes.reduce((sum, node) => sum + node.figures().gauges.entities!, 0),
    1,
  );
});

test('the alarm of an onActivate that ends in time is put away', async (t) => {
  const { host, view, named, pass } = start(t);
  const id = named('slow');
  const touched = view.getProxy(Mortal, id).touch();
  await host.settled();
  await pass(20_000);
  chronicle.release(id);
  t.is(await touched, 1);
  for (let i = 0; i < 20; i++) {
    await pass(5000);
    t.is(await view.getProxy(Mortal, id).touch(), 1);
  }
  t.is(host.log.lines.length, 0);
});

for (const kind of ['selfish', 'mutual a b']) {
  test(`an activation that waits for itself ends in typed errors at the deadline: ${kind}`, async (t) => {
    const { host, view, named, pass } = start(t);
    const patient = failureOf(view.getProxy(Mortal, named(kind), { timeout: '1h' }).touch());
    await host.settled();
    await pass(31_000);
    t.true((await patient) instanceof NodeDownError);
    t.is(
      host.nodes.reduce((sum, node) => sum + node.figures().gauges.entities!, 0),
      0,
    );
    t.is(
      host.nodes.reduce((sum, node) => sum + node.figures().gauges.callsPending!, 0),
      0,
    );
  });
}

// ---- the end

test('calls that arrive during onDeactivate wait for it and meet the next one, in order', async (t) => {
  const { host, view, named, pass } = start(t);
  const id = named('lingering');
  const mortal = view.getProxy(Mortal, id);
  t.is(await mortal.touch(), 1);
  await pass(10_000 + LOOK_MS);
  t.deepEqual(chronicle.of(id), ['made 1', 'active 1', 'idle']);
  mortal.note('a');
  const touched = mortal.touch();
  mortal.note('b');
  await host.settled();
  t.is(chronicle.of(id).length, 3);
  chronicle.release(id);
  t.is(await touched, 2);
  await host.settled();
  t.deepEqual(chronicle.of(id).slice(3), ['made 2', 'active 2', 'a', 'b']);
});

test('an onDeactivate that does not end is given up, and what waits meets the next one', async (t) => {
  const { host, view, named, pass } = start(t);
  const id = named('lingering');
  const mortal = view.getProxy(Mortal, id, { timeout: '1h' });
  await mortal.touch();
  await pass(10_000 + LOOK_MS);
  const touched = mortal.touch();
  await pass(HOOK_MS_MAX + 1000);
  t.is(await touched, 2);
  const line = host.log.lines.find(({ fields }) => fields.operation === 'onDeactivate');
  t.regex(String((line!.fields.err as Error).message), /did not end within 60 s/);
});

test('one that destroys itself and waits for that goes on, and is gone when its operations are over', async (t) => {
  const { host, view, named } = start(t);
  const id = named('plain');
  const mortal = view.getProxy(Mortal, id);
  const nap = mortal.nap(1000);
  t.true(await mortal.leave());
  await host.settled();
  t.is(host.count('deactivations'), 0);
  const touched = mortal.touch();
  await host.advance(1001);
  await nap;
  t.is(await touched, 2);
  t.deepEqual(chronicle.of(id), ['made 1', 'active 1', 'still there', 'destroyed', 'made 2', 'active 2']);
  t.is(host.count('callsTimedOut'), 0);

  const hesitant = named('hesitant');
  t.is(await view.getProxy(Mortal, hesitant).touch(), 1);
  t.is(await view.getProxy(Mortal, hesitant).touch(), 2);
});

// ---- what counts as use

test('idleness counts from the end of the last call: a turn that sleeps holds its entity', async (t) => {
  const { host, view, named, pass } = start(t);
  const mortal = view.getProxy(Mortal, named('plain'));
  const nap = mortal.nap(60_000);
  await host.settled();
  await pass(60_001);
  t.is(await nap, 60_000);
  await pass(9000);
  t.is(await mortal.touch(), 1);
  t.is(host.count('deactivations'), 0);
  await pass(10_000 + LOOK_MS);
  t.is(host.count('deactivations'), 1);
});

test('ticks do not keep an entity', async (t) => {
  const { host, view, pass } = start(t);
  t.is(await view.getProxy(Ticking, 1).ticks(), 0);
  await pass(9000);
  t.true(host.count('tasksRun') >= 8);
  await pass(1000 + LOOK_MS);
  t.is(host.count('deactivations'), 1);
});

test('onlyIfActive waits for one that is being activated, and for none that is leaving', async (t) => {
  const { host, view, named, pass } = start(t);
  const slow = named('slow');
  const first = view.getProxy(Mortal, slow).touch();
  await host.settled();
  const second = view.getProxy(Mortal, slow, { onlyIfActive: true }).touch();
  await host.settled();
  chronicle.release(slow);
  t.deepEqual(await Promise.all([first, second]), [1, 1]);

  const lingering = named('lingering');
  await view.getProxy(Mortal, lingering).touch();
  await pass(10_000 + LOOK_MS);
  t.is(chronicle.of(lingering).at(-1), 'idle');
  const late = failureOf(view.getProxy(Mortal, lingering, { onlyIfActive: true }).touch());
  await host.settled();
  chronicle.release(lingering);
  t.true((await late) instanceof EntityNotFoundError);
  t.is(chronicle.of(lingering).at(-1), 'idle');
});

test('onlyIfActive does not keep an entity, but is answered before it goes', async (t) => {
  const { host, view, named, pass } = start(t);
  const id = named('plain');
  await view.getProxy(Mortal, id).touch();
  const casual = view.getProxy(Mortal, id, { onlyIfActive: true });
  for (let i = 0; i < 9; i++) {
    await pass(1000);
    t.is(await casual.touch(), 1);
  }
  const nap = casual.nap(20_000);
  await host.settled();
  await pass(20_001);
  t.is(await nap, 20_000);
  await pass(LOOK_MS);
  await t.throwsAsync(casual.touch(), { instanceOf: EntityNotFoundError });
});

// ---- clock and dice

test('this.now, this.sleep and this.random follow the clock and the seed of the host', async (t) => {
  const rolls = await Promise.all(
    [0, 1].map(async () => {
      const { host, view, pass } = start(t, 1);
      const mortal = view.getProxy(Mortal, 7);
      const nap = mortal.nap(1500);
      await host.settled();
      await host.advance(1499);
      await host.settled();
      t.is(host.nodes[0]!.figures().gauges.turnsOpen, 1);
      await pass(1);
      t.is(await nap, 1500);
      return [await mortal.dice(), await mortal.dice()];
    }),
  );
  t.deepEqual(rolls[0], rolls[1]);
  t.not(rolls[0]![0], rolls[0]![1]);
});
