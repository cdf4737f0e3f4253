import test from 'ava';
import { encodeCbor } from '../../../transport/codec/cbor.ts';
import { StoreError } from '../../base/errors.ts';
import { FaultyStore } from '../../testing/faulty-store.fixture.ts';
import { Deed, Purse, Stall } from '../../testing/games/purses/contracts.fixture.ts';
import type { Quarantined } from '../quarantine.ts';
import { plant } from './keepers.fixture.ts';
import { operationOf, startPurses } from './purses.fixture.ts';
import { recordKey } from './record-key.ts';

test('a message leaves with the change of its sender, arrives once, and nothing of it is left', async (t) => {
  const { host, purse, stored, isMarked, rest } = startPurses(t);
  await purse(1).mint(10);
  await purse(1).pay(2, 3);
  await rest();
  t.is(await purse(1).coins(), 7);
  t.is(await purse(2).coins(), 3);
  t.deepEqual(await stored('Purse', 1), { state: { coins: 7, notes: [], heir: null }, beside: undefined });
  t.deepEqual(await stored('Purse', 2), { state: { coins: 3, notes: [], heir: null }, beside: undefined });
  t.false(await isMarked('Purse', 1));
  t.is(host.count('parcelsKept'), 1);
  t.is(host.count('parcelsArrived'), 1);
  t.is(host.count('parcelsRepeated'), 0);
});

test('messages arrive in order, values and proxies in them, from whom they are', async (t) => {
  const { purse, rest } = startPurses(t);
  await purse(1).write(
    2,
    Array.from({ length: 40 }, (_, i) => `${i}`),
  );
  await purse(1).write(2, ['last']);
  await rest();
  t.deepEqual(await purse(2).notes(), [...Array.from({ length: 40 }, (_, i) => `${i} of Purse/1`), 'last of Purse/1']);
});

test('to itself', async (t) => {
  const { purse, rest, stored } = startPurses(t);
  await purse(1).write(1, ['a', 'b']);
  await rest();
  t.deepEqual(await purse(1).notes(), ['a of Purse/1', 'b of Purse/1']);
  t.is((await stored('Purse', 1))!.beside, undefined);
});

test('it does not leave before it is flushed, and the state that it came with is in the same record', async (t) => {
  const { host, store, purse, stored, isMarked, rest } = startPurses(t);
  await purse(1).mint(10);
  await purse(2).coins();
  let open!: () => void;
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  await purse(1).pay(2, 3);
  await host.settled();
  t.is(host.count('parcelsArrived'), 0);
  store.gate = undefined;
  const before = store.saves.length;
  open();
  await rest();
  t.is(await purse(2).coins(), 3);
  t.true(store.saves.length > before);
  t.is((await stored('Purse', 1))!.state.coins, 7);
  t.false(await isMarked('Purse', 1));
});

test('an answer to one message does not let the next one leave before it is flushed', async (t) => {
  const { host, store, purse, advance, rest } = startPurses(t);
  const sender = host.idOn(0, Purse);
  const receiver = host.idOn(1, Purse);
  await purse(sender).mint(10);
  await purse(sender).pay(receiver, 1);
  await advance(0);
  t.is(host.count('parcelsArrived'), 1);
  host.kill(1);
  await purse(sender).pay(receiver, 1);
  await host.settled();
  store.fates = ['full'];
  await purse(sender).pay(receiver, 1);
  await host.settled();
  host.replace(1);
  await host.settled();
  t.is(host.nodes[1]!.counters.parcelsArrived, 1);
  await rest();
  t.is(host.nodes[1]!.counters.parcelsArrived, 2);
  t.is(await purse(receiver).coins(), 3);
});

test('under an entity lock message and change are saved at the end of the turn, at both ends', async (t) => {
  const { host, purse, stored, advance, rest } = startPurses(t);
  await purse(1).mint(10);
  const paid = purse(1).payAlone(2, 5, 1000);
  await host.settled();
  for (let i = 0; i < 3; i++) await advance(300);
  t.is((await stored('Purse', 1))!.beside, undefined);
  t.is(host.count('parcelsArrived'), 0);
  await advance(200);
  await paid;
  await advance(0);
  await advance(500);
  // It runs at the receiver, and is not saved half.
  t.is(host.count('parcelsArrived'), 1);
  t.is(await stored('Purse', 2), undefined);
  await rest();
  t.is((await stored('Purse', 1))!.state.coins, 5);
  t.is((await stored('Purse', 2))!.state.coins, 5);
});

test('an operation that throws has run', async (t) => {
  const { host, view, purse, rest } = startPurses(t);
  t.throws(() => view.getProxy(Purse, 2).stumble(), { instanceOf: TypeError, message: /only persistent entities/ });
  await purse(1).mint(2);
  const sender = host.find(Purse, 1)!;
  sender.getProxy(Purse, 2).stumble();
  await rest();
  t.is(await purse(2).coins(), 1);
  t.is(host.count('parcelsArrived'), 1);
  t.is(host.log.lines.filter(({ message }) => message === 'failed').length, 1);
});

test('volatile entities and the host cannot send such a message', async (t) => {
  const { view } = startPurses(t);
  t.regex(await view.getProxy(Stall, 1).tryPay(2), /TypeError: Purse.take is exactlyOnce: only persistent entities/);
});

test('bounds: too large, too many', async (t) => {
  const { purse, store, rest } = startPurses(t);
  await purse(1).coins();
  t.is(await purse(1).writeBytes(2, 2 * 1024 * 1024), 'InvalidMessageError too-large');
  store.isDown = true;
  t.is(await purse(1).writeBytes(2, 700_000), 'sent');
  t.is(await purse(1).writeBytes(2, 700_000), 'OverloadedError store-busy');
  for (let i = 1; i < 1024; i++) t.is(await purse(1).writeBytes(2, 1), 'sent');
  t.is(await purse(1).writeBytes(2, 1), 'OverloadedError store-busy');
  store.isDown = false;
  for (let i = 0; i < 10; i++) await rest();
  t.is((await purse(2).notes()).length, 1024);
  t.is(await purse(1).writeBytes(2, 1), 'sent');
});

test('a receiver that does not exist: the message is set aside, and tried again in the next life', async (t) => {
  const { host, view, purse, stored, isMarked, rest } = startPurses(t);
  await purse(1).writeDeed(7, 'hello');
  await rest();
  t.is(host.count('parcelsAside'), 1);
  t.true(await isMarked('Purse', 1));
  t.is(((await stored('Purse', 1))!.beside!.parcels as unknown[]).length, 4);
  // It keeps nobody in memory.
  for (let i = 0; i < 10; i++) await rest();
  t.is(host.find(Purse, 1), undefined);
  await view.create(Deed, 7);
  await purse(1).coins();
  await rest();
  t.deepEqual(await view.getProxy(Deed, 7).notes(), ['hello']);
  t.false(await isMarked('Purse', 1));
});

test('an operation with other parameters by now: set aside; what is behind it goes on', async (t) => {
  const store = new FaultyStore();
  const coins = (number: number, fingerprint: string): unknown[] => {
    return [number, 'Purse', 'take', fingerprint, 2, new Uint8Array([1, 0, 0, 0])];
  };
  const { fingerprint } = operationOf('take');
  const rows = [coins(1, 'another'), coins(2, fingerprint), [3, 'Gone', 'take', fingerprint, 2, new Uint8Array(4)]];
  const state = { coins: 5, notes: [], heir: null };
  await plant(store, recordKey('Purse', 1), encodeCbor([1, state, { parcels: [1, 'a.b', 3, ...rows] }]));
  const { host, purse, stored, rest } = startPurses(t, { faulty: store, epoch: 2 });
  await purse(1).coins();
  await rest();
  t.is(await purse(2).coins(), 1);
  t.is(host.count('parcelsAside'), 1);
  const { parcels, marks } = (await stored('Purse', 1))!.beside!;
  t.is(marks, undefined);
  t.deepEqual(
    (parcels as unknown[][]).slice(3).map(([number, contract]) => [number, contract]),
    [
      [0, 'Gone'],
      [0, 'Purse'],
    ],
  );
});

for (const [what, beside, code] of [
  ['parcels that cannot be read', { parcels: 'x' }, 'corrupt'],
  ['a parcel that cannot be read', { parcels: [1, 'a.b', 3, [1, 2]] }, 'corrupt'],
  ['parcels of a newer engine', { parcels: [2, 'a.b', 3] }, 'newer-version'],
  ['marks that cannot be read', { marks: new Map([['a', 'b']]) }, 'corrupt'],
] as const) {
  test(`${what}: the entity is not loaded`, async (t) => {
    const store = new FaultyStore();
    const bytes = encodeCbor([1, { coins: 5, notes: [], heir: null }, beside]);
    await plant(store, recordKey('Purse', 1), bytes);
    const { purse } = startPurses(t, { faulty: store, epoch: 2 });
    const error = await t.throwsAsync(purse(1).coins(), { instanceOf: StoreError });
    t.is((error as StoreError).code, code);
    t.deepEqual((await store.inner.load(recordKey('Purse', 1)))!.bytes, bytes);
  });
}

test('a quarantined operation waits until it is released', async (t) => {
  const { host, purse, rest } = startPurses(t);
  const [type] = host.nodes[0]!.state.catalogue.entityTypes;
  const row: Quarantined = { type: type!.name, id: 2, operation: 'Purse.take' };
  for (const node of host.nodes) node.refuse([row]);
  await purse(1).mint(3);
  await purse(1).pay(2, 1);
  await rest();
  t.is(host.count('parcelsArrived'), 0);
  for (const node of host.nodes) node.refuse([]);
  for (let i = 0; i < 3; i++) await rest();
  t.is(await purse(2).coins(), 1);
});

test('what was sent and had not arrived goes on after a restart, though nobody calls its sender', async (t) => {
  const store = new FaultyStore();
  const one = startPurses(t, { faulty: store });
  const sender = one.host.idOn(0, Purse);
  const receiver = one.host.idOn(1, Purse);
  await one.purse(sender).mint(10);
  one.host.kill(1);
  await one.purse(sender).pay(receiver, 4);
  await one.rest();
  t.is((await one.stored('Purse', sender))!.state.coins, 6);
  t.true(await one.isMarked('Purse', sender));
  one.host.abandon();
  const two = startPurses(t, { faulty: store, epoch: 2 });
  await two.rest();
  t.is((await two.stored('Purse', receiver))!.state.coins, 4);
  t.is((await two.stored('Purse', sender))!.state.coins, 6);
  t.false(await two.isMarked('Purse', sender));
});

test('a slot that comes to another node: messages of its records go on there, though nobody calls', async (t) => {
  const { host, view, purse, isMarked, advance, rest } = startPurses(t);
  const sender = host.idOn(0, Purse);
  // Nobody can take it yet, and so it holds nobody in memory.
  await purse(sender).writeDeed(7, 'hello');
  for (let i = 0; i < 10; i++) await rest();
  t.is(host.find(Purse, sender), undefined);
  await view.create(Deed, 7);
  const { type } = host.nodes[0]!.state.catalogue.entityContract(Purse);
  host.give(view.slotFor(type, sender), 1);
  await rest();
  t.deepEqual(await view.getProxy(Deed, 7).notes(), ['hello']);
  await advance(1000);
  t.false(await isMarked('Purse', sender));
});

test('who has messages under way stays in memory; who is through leaves', async (t) => {
  const { host, purse, rest } = startPurses(t);
  const sender = host.idOn(0, Purse);
  const receiver = host.idOn(1, Purse);
  await purse(sender).mint(1);
  host.kill(1);
  await purse(sender).pay(receiver, 1);
  for (let i = 0; i < 6; i++) await rest();
  t.truthy(host.find(Purse, sender));
  host.replace(1);
  for (let i = 0; i < 8; i++) await rest();
  t.is(host.find(Purse, sender), undefined);
  t.is(await purse(receiver).coins(), 1);
});

test('a message sent while its entity leaves brings it back', async (t) => {
  const { host, purse, stored, rest } = startPurses(t);
  await purse(1).mint(3);
  await purse(1).leaveTo(2);
  for (let i = 0; i < 12; i++) await rest();
  t.is((await stored('Purse', 2))?.state.coins, 1);
  t.is((await stored('Purse', 1))!.state.coins, 2);
  t.is((await stored('Purse', 1))!.beside, undefined);
  t.is(host.find(Purse, 1), undefined);
});

test('an entity is destroyed once its messages have arrived', async (t) => {
  const { host, view, purse, stored, isMarked, advance, rest } = startPurses(t);
  const sender = host.idOn(0, Purse);
  const receiver = host.idOn(1, Purse);
  await purse(sender).mint(1);
  host.kill(1);
  await purse(sender).pay(receiver, 1);
  await advance(0);
  const destroyed = view.destroy(Purse, sender);
  for (let i = 0; i < 4; i++) await advance(250);
  t.truthy(await stored('Purse', sender));
  host.replace(1);
  await rest();
  await rest();
  t.true(await destroyed);
  await rest();
  t.is(await stored('Purse', sender), undefined);
  t.false(await isMarked('Purse', sender));
  t.is(await purse(receiver).coins(), 1);
});
