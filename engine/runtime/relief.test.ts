import test, { type ExecutionContext } from 'ava';
import type { EntityId } from '../base/entity-id.ts';
import { Brittle, Gate, Made, Probe, Ticker, Values } from '../testing/games/probe/contracts.fixture.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { FakeHeap } from './heap.fixture.ts';
import { startProbes } from './probe-host.fixture.ts';
import { HIGH_WATER, LOW_WATER } from './relief.ts';

/** One node, `count` entities whose last use lies a second apart, the lowest id the longest. */
async function populate(t: ExecutionContext, count: number) {
  const heap = new FakeHeap();
  const probes = startProbes(t, { nodes: 1, heap, clock: new ManualClock() });
  const ids = Array.from({ length: count }, (_, i) => probes.from + i);
  for (const id of ids) {
    await probes.view.getProxy(Values, id).int8(1);
    await probes.host.advance(1000);
  }
  const live = (): number[] => ids.filter((id) => probes.host.find(Values, id) !== undefined);
  /** Time for the slices of two walks. */
  const relieve = async (share: number): Promise<void> => {
    heap.collect(share);
    for (let i = 0; i < 20; i++) await probes.host.advance(5);
  };
  return { ...probes, heap, ids, live, relieve };
}

const isLive = (host: { find(contract: any, id: EntityId): unknown }, contract: any, id: EntityId): boolean =>
  host.find(contract, id) !== undefined;

test('when memory is short those go that were used least recently, as many as the share that is too much', async (t) => {
  const { host, ids, live, relieve } = await populate(t, 100);
  await relieve(HIGH_WATER - 0.01);
  t.is(live().length, 100);
  await relieve(0.8);
  // 0.8 is to become 0.6: a quarter goes. Ages are told apart to within a tenth.
  t.is(live().length, 75);
  t.deepEqual(
    live().filter((id) => id >= ids[34]!),
    ids.slice(34),
  );
  t.is(host.count('deactivationsForMemory'), 25);
  t.is(host.count('memoryShortages'), 1);
});

test('an episode lasts until the low-water mark is reached; it is counted, and said once a minute at most', async (t) => {
  const { host, live, relieve } = await populate(t, 100);
  const said = (): number => host.log.lines.filter(({ message }) => message.startsWith('memory is short')).length;
  await relieve(0.8);
  await relieve(0.7);
  t.true(live().length < 75);
  const left = live().length;
  t.is(said(), 1);
  await relieve(LOW_WATER);
  await relieve(0.7);
  t.is(live().length, left);
  await relieve(0.9);
  t.is(host.count('memoryShortages'), 2);
  t.is(said(), 1);
  await relieve(LOW_WATER);
  await host.advance(60_000);
  await relieve(0.9);
  t.is(host.count('memoryShortages'), 3);
  t.is(said(), 2);
});

test('who works, waits, was created, or may never be idle stays', async (t) => {
  const { host, view, gate, probe, probeId, from, ids, live, relieve } = await populate(t, 10);
  await view.create(Made, from, 1);
  await view.getProxy(Ticker, from).ticks();
  const held = probe(0).hold('held', 'gate');
  await gate.reached('gate');
  const brittle = view.getProxy(Brittle, `${from}:0:gated`).leaving();
  await gate.reached(`${from} 1`);
  // Nearly all that is in use is too much.
  await relieve(1000);
  t.deepEqual(live(), []);
  t.is(host.count('deactivationsForMemory'), ids.length);
  for (const [contract, id] of [
    [Made, from],
    [Ticker, from],
    [Probe, probeId(0)],
    [Gate, 0],
    [Brittle, `${from}:0:gated`],
  ] as const) {
    t.true(isLive(host, contract, id), `${contract.name}/${id}`);
  }
  await relieve(1000);
  await relieve(1000);
  const helpless = host.log.lines.filter(({ message }) => message.includes('no entity that may be deactivated'));
  t.is(helpless.length, 1);
  await gate.open('gate');
  await gate.open(`${from} 1`);
  await Promise.all([held, brittle]);
});

test("onDeactivate is told 'memory', and the next call makes a new one", async (t) => {
  const { view, host, from, relieve } = await populate(t, 0);
  const id = `short ${from}`;
  const brittle = view.getProxy(Brittle, id);
  brittle.note('one');
  await host.settled();
  await relieve(1000);
  t.deepEqual(await brittle.journal(), ['try 1', 'one', 'memory', 'try 2']);
});
