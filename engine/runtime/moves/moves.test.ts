import test, { type ExecutionContext } from 'ava';
import type { EntityId } from '../../base/entity-id.ts';
import { loadFixtureGame } from '../../testing/fixture-game.fixture.ts';
import { Probe } from '../../testing/games/probe/contracts.fixture.ts';
import { MovingHosts } from '../../testing/moving-hosts.fixture.ts';

const { catalogue, module } = await loadFixtureGame<{
  journals: { of(contract: string, id: EntityId): string[] };
}>('probe');
const journalOf = (id: number): string[] => module.journals.of('Probe', id);
const tests = { begun: 0 };

function start(t: ExecutionContext, count = 2) {
  const hosts = new MovingHosts(catalogue, count);
  t.teardown(() => hosts.stop());
  const from = ++tests.begun * 10_000;
  const id = hosts.idOn(1, Probe, from);
  const slot = hosts.slotOf(Probe, id);
  const probe = hosts.hosts[0]!.node.view.getProxy(Probe, id);
  return { hosts, from, id, slot, probe };
}

const failureOf = (call: Promise<unknown>): Promise<any> =>
  call.then(
    () => undefined,
    (error) => error,
  );

test('what a slot that is not open gets comes back, waits, and goes out again in order', async (t) => {
  const { hosts, id, slot, probe } = start(t);
  hosts.assign(slot, 1);
  hosts.install(0);
  hosts.install(1);
  for (let i = 0; i < 5; i++) probe.note(`${i}`);
  const sum = probe.add(4);
  await hosts.settled();
  t.deepEqual(journalOf(id), []);
  t.is(hosts.count('messagesReturned'), 6);
  for (let i = 5; i < 8; i++) probe.note(`${i}`);
  await hosts.advance(300, 5);
  t.deepEqual(journalOf(id), []);
  hosts.openAll();
  await hosts.advance(200, 5);
  t.deepEqual(journalOf(id), ['0', '1', '2', '3', '4', '5', '6', '7']);
  t.is(await sum, 4);
});

test('a slot without an owner keeps its messages; calls end as never executed, messages as dead letters', async (t) => {
  const { hosts, id, slot, probe } = start(t);
  hosts.assign(slot, -1);
  hosts.installAll();
  const failure = failureOf(hosts.hosts[0]!.node.view.getProxy(Probe, id, { timeout: '5s' }).add(1));
  probe.note('late');
  await hosts.advance(10_000, 1000);
  t.like(await failure, { name: 'UnavailableError', code: 'no-owner', outcome: 'notExecuted' });
  t.is(hosts.count('deadLetters'), 0);
  await hosts.advance(25_000, 1000);
  t.is(hosts.count('deadLetters'), 1);
  probe.note('in time');
  hosts.assign(slot, 0, true);
  hosts.installAll();
  await hosts.advance(10, 5);
  t.deepEqual(journalOf(id), ['in time']);
});

test('the parking lot is bounded, and frees what nobody waits for any more', async (t) => {
  const { hosts, id, slot, probe } = start(t);
  hosts.assign(slot, -1);
  hosts.installAll();
  const controller = new AbortController();
  const given = hosts.hosts[0]!.node.view.getProxy(Probe, id, { signal: controller.signal });
  const calls = Array.from({ length: 8 }, () => failureOf(given.add(1)));
  let noted = 0;
  const error = t.throws(() => {
    for (;;) {
      probe.note('x');
      noted++;
    }
  });
  t.is(noted, 16_384 - 8);
  t.like(error, { name: 'OverloadedError', code: 'link-full', outcome: 'notExecuted' });
  probe.unreliable('dropped');
  t.is(hosts.count('droppedUnreliable'), 1);
  controller.abort();
  t.true((await Promise.all(calls)).every(({ name }) => name === 'AbortError'));
  for (let i = 0; i < 8; i++) probe.note('y');
  t.throws(() => probe.note('z'));
  hosts.assign(slot, 1, true);
  hosts.installAll();
  await hosts.settled();
  t.is(journalOf(id).length, 16_384);
});

test('a change of owner: nothing overtakes what is still on its way to the one before', async (t) => {
  const { hosts, id, slot, probe } = start(t, 3);
  const link = hosts.links[0]![1]!;
  probe.note('first');
  await hosts.settled();
  link.delayMs = 50;
  probe.note('second');
  probe.note('third');
  await hosts.settled();
  // The slot changes hands while those two are under way.
  hosts.assign(slot, 2, true);
  hosts.installAll();
  probe.note('fourth');
  await hosts.advance(20, 5);
  t.deepEqual(journalOf(id), ['first']);
  await hosts.advance(100, 5);
  t.deepEqual(journalOf(id), ['first', 'second', 'third', 'fourth']);
});

test('a peer that is gone: what had not left goes to the next owner, all else of it is unknown', async (t) => {
  const { hosts, id, slot, probe } = start(t, 3);
  const link = hosts.links[0]![1]!;
  link.delayMs = 10;
  const sent = failureOf(probe.add(1));
  await hosts.settled();
  link.isCut = true;
  const unsent = probe.add(2);
  probe.note('unsent');
  await hosts.settled();
  hosts.crash(1);
  probe.note('behind');
  t.like(await sent, { name: 'NodeDownError', code: 'node-lost', outcome: 'unknown' });
  hosts.assign(slot, 2);
  hosts.installAll();
  await hosts.advance(300, 5);
  t.is(await unsent, 2);
  t.deepEqual(journalOf(id), ['unsent', 'behind']);
  t.is(hosts.count('callsLost'), 1);
});

test('a node that has no link to an owner yet keeps what is for it', async (t) => {
  const { hosts, id, slot, probe } = start(t, 2);
  const { node, slots, peers } = hosts.hosts[0]!;
  // Peer 7 is known to the tables first.
  peers.meet(7);
  slots.put(slot, 7, 2, 0);
  slots.publish();
  probe.note('early');
  await hosts.settled();
  hosts.hosts[1]!.slots.put(slot, 0, 2, 1);
  hosts.hosts[1]!.slots.publish();
  node.meetPeer(7, hosts.links[0]![1]!, hosts.links[0]![0]!);
  await hosts.advance(10, 5);
  t.deepEqual(journalOf(id), ['early']);
});

test('an entity whose slot has gone is forgotten: no hook, its calls leave no more, and what it sent before is refused', async (t) => {
  const { hosts, from, id, slot } = start(t, 3);
  const otherId = hosts.idOn(2, Probe, from);
  const caller = hosts.hosts[2]!.node.view.getProxy(Probe, id);
  const runs = failureOf(caller.exclusive('runs', 'never opened'));
  const waits = failureOf(caller.add(1));
  await hosts.settled();
  const { node } = hosts.hosts[1]!;
  const activation = node.find(catalogue.entityContract(Probe).type, id)!;
  hosts.assign(slot, 0, true);
  hosts.install(0);
  hosts.install(2);
  // Host 1 hears of it late: what its entity sends meanwhile is refused by those who know.
  activation.getProxy(Probe, otherId).note('of a stale source');
  await hosts.settled();
  t.is(hosts.count('staleSources'), 1);
  hosts.install(1);
  await hosts.settled();
  t.is(hosts.count('forgotten'), 1);
  t.is(node.figures().gauges.entities, 0);
  t.like(await waits, { name: 'UnavailableError', code: 'fenced', outcome: 'notExecuted' });
  t.throws(() => activation.getProxy(Probe, otherId).note('later'), { name: 'UnavailableError', code: 'fenced' });
  const call = failureOf(activation.getProxy(Probe, otherId).add(1));
  t.like(await call, { name: 'UnavailableError', code: 'fenced', outcome: 'notExecuted' });
  // Also when the slot is here again, in another epoch.
  hosts.assign(slot, 1, true);
  hosts.installAll();
  await hosts.settled();
  t.throws(() => activation.getProxy(Probe, otherId).note('much later'), { name: 'UnavailableError', code: 'fenced' });
  await hosts.advance(50, 5);
  t.deepEqual(journalOf(otherId), []);
  t.is(node.counters.deactivations, 0);
  hosts.stop();
  t.like(await runs, { name: 'NodeDownError' });
});

test('without a lease nothing begins and nothing leaves; with it again all goes on', async (t) => {
  const { hosts, id, probe } = start(t);
  const { lease } = hosts.hosts[1]!;
  await probe.add(1);
  lease.isOpen = false;
  probe.note('waits');
  const sum = probe.add(2);
  await hosts.advance(20, 5);
  t.deepEqual(journalOf(id), []);
  lease.isOpen = true;
  await hosts.advance(10, 5);
  t.deepEqual(journalOf(id), ['waits']);
  t.is(await sum, 3);
  // The caller's own host: what it has written stays.
  hosts.hosts[0]!.lease.isOpen = false;
  probe.note('later');
  await hosts.advance(20, 5);
  t.deepEqual(journalOf(id), ['waits']);
  hosts.hosts[0]!.lease.isOpen = true;
  await hosts.advance(10, 5);
  t.deepEqual(journalOf(id), ['waits', 'later']);
});

test('a lease that ends in the middle of a round: the running slice ends, the others wait, nothing leaves', async (t) => {
  const { hosts, id, probe } = start(t);
  const { lease, node } = hosts.hosts[1]!;
  await probe.add(0);
  const back = hosts.links[1]![0]!;
  let asked = 0;
  // Open at the begin of the round and for two turns.
  Object.defineProperty(lease, 'isOpen', { get: () => ++asked <= 3, configurable: true });
  const calls = [probe.add(1), probe.add(2), probe.add(3), probe.add(4)];
  for (const text of ['a', 'b', 'c']) probe.note(text);
  const before = node.counters.turnsRun;
  await hosts.settled();
  t.true(node.counters.turnsRun - before <= 3);
  t.true(node.counters.turnsRun > before);
  await hosts.advance(20, 5);
  t.deepEqual(journalOf(id), []);
  t.is(back.backlog + back.waiting(1), back.backlog * 2);
  Object.defineProperty(lease, 'isOpen', { value: true, writable: true });
  await hosts.advance(10, 5);
  t.deepEqual(await Promise.all(calls), [1, 3, 6, 10]);
  t.deepEqual(journalOf(id), ['a', 'b', 'c']);
});

test('a slot is given up when it has no live entities, and thawed when it is not asked for any more', async (t) => {
  const { hosts, id, slot, probe } = start(t);
  const { node, frozen, slots, occupied } = hosts.hosts[1]!;
  await probe.add(1);
  node.freeze([{ slot, move: 3 }]);
  await hosts.advance(3000, 100);
  t.deepEqual(frozen, []);
  t.true(slots.isOpen(slot));
  t.deepEqual(occupied.at(-1), [slot]);
  await node.drain(10);
  node.state.draining = false;
  // Nothing of before is under way once all links have answered.
  hosts.links[1]![0]!.delayMs = 30;
  await hosts.advance(20, 5);
  t.false(slots.isOpen(slot));
  t.deepEqual(frozen, []);
  await hosts.advance(50, 5);
  t.deepEqual(frozen, [{ slot, move: 3 }]);
  await hosts.advance(3000, 100);
  t.deepEqual(occupied.at(-1), []);
  probe.note('to a frozen slot');
  await hosts.advance(100, 5);
  t.deepEqual(journalOf(id), []);
  node.unfreeze([{ slot, move: 3 }]);
  await hosts.advance(300, 5);
  t.deepEqual(journalOf(id), ['to a frozen slot']);
});
