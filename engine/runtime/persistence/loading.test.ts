import test from 'ava';
import { encodeCbor } from '../../../transport/codec/cbor.ts';
import { EntityExistsError, EntityNotFoundError, NodeDownError, StoreError } from '../../base/errors.ts';
import { FaultyStore } from '../../testing/faulty-store.fixture.ts';
import { Deed, Guest, Relic, Vault } from '../../testing/games/keepers/contracts.fixture.ts';
import { plant, startKeepers } from './keepers.fixture.ts';
import { ASIDE_PREFIX, recordKey } from './record-key.ts';
import { LOADS_MAX } from './store-calls.ts';

// ---- loading

test('calls wait while a record is loaded, and run in order', async (t) => {
  const { store, view, host } = startKeepers(t);
  let open!: () => void;
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  const vault = view.getProxy(Vault, 'v');
  const calls = [1, 2, 3].map((coins) => vault.add(coins));
  await host.settled();
  open();
  t.deepEqual(await Promise.all(calls), [1, 3, 6]);
});

test('thousands of first calls at once wait for their records, in order', async (t) => {
  const { store, view, host } = startKeepers(t, { nodes: 1 });
  let open!: () => void;
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  const calls = Array.from({ length: 5000 }, (_, id) => view.getProxy(Vault, id).add(1));
  await host.settled();
  t.true(store.loads <= LOADS_MAX, `${store.loads}`);
  open();
  t.deepEqual(await Promise.all(calls), new Array(5000).fill(1));
});

test('a load that fails is told, and tried again by the next call', async (t) => {
  const { store, view } = startKeepers(t);
  store.isDown = true;
  const vault = view.getProxy(Vault, 'v');
  const error = await t.throwsAsync(vault.coins(), { instanceOf: StoreError, code: 'timeout', message: /Vault\/v/ });
  t.is((error as StoreError).outcome, 'notExecuted');
  store.isDown = false;
  t.is(await vault.coins(), 0);
});

test('older versions are migrated, over several of them too', async (t) => {
  const store = new FaultyStore();
  await plant(store, recordKey('Relic', 1), encodeCbor([1, 'orb']));
  await plant(store, recordKey('Relic', 2), encodeCbor([2, { name: 'rod' }]));
  await plant(store, recordKey('Relic', 3), encodeCbor([3, { names: ['cup', 'can'] }]));
  const { view, stored, advance } = startKeepers(t, { faulty: store });
  t.deepEqual(await view.getProxy(Relic, 1).names(), ['orb']);
  t.deepEqual(await view.getProxy(Relic, 2).names(), ['rod']);
  t.deepEqual(await view.getProxy(Relic, 3).names(), ['cup', 'can']);
  await view.getProxy(Relic, 1).rename('old orb');
  await advance(1000);
  t.deepEqual(await stored('Relic', 1), [3, { names: ['orb', 'old orb'] }]);
});

test('a record that is newer than the code is refused and stays', async (t) => {
  const store = new FaultyStore();
  await plant(store, recordKey('Relic', 1), encodeCbor([4, { titles: [] }]));
  const { view, stored, advance } = startKeepers(t, { faulty: store });
  await t.throwsAsync(view.getProxy(Relic, 1).rename('x'), {
    instanceOf: StoreError,
    code: 'newer-version',
    message: /Relic\/1.*version 4.*up to 3/,
  });
  await advance(5000);
  t.deepEqual(await stored('Relic', 1), [4, { titles: [] }]);
});

for (const [what, bytes] of Object.entries({
  'no CBOR': new Uint8Array([0xff, 0xff]),
  'no pair': encodeCbor({ gold: 1 }),
  'no version': encodeCbor(['1', {}]),
  'a version below 1': encodeCbor([0, {}]),
  'too deep': new Uint8Array(5000).fill(0x81),
  'a huge count': new Uint8Array([0x9b, 0, 0, 0, 255, 255, 255, 255, 255]),
  'a key that is not one': encodeCbor([1, new Map([['__proto__', 1]])]).map((byte) => (byte === 0xd9 ? 0xc1 : byte)),
})) {
  test(`a damaged record is refused by name, set aside, and never replaced: ${what}`, async (t) => {
    const store = new FaultyStore();
    const key = recordKey('Vault', 1);
    await plant(store, key, bytes);
    const { view, advance, host } = startKeepers(t, { faulty: store });
    for (let i = 0; i < 2; i++) {
      await t.throwsAsync(view.getProxy(Vault, 1).add(1), {
        instanceOf: StoreError,
        code: 'corrupt',
        message: /Vault\/1/,
      });
    }
    await advance(5000);
    await host.settled();
    t.deepEqual((await store.inner.load(key))!.bytes, bytes);
    t.deepEqual((await store.inner.load(ASIDE_PREFIX + key))!.bytes, bytes);
    t.is(await view.destroy(Vault, 1).catch((error) => error.code), 'corrupt');
  });
}

test('a migration that throws is a mistake of the game, and loses nothing', async (t) => {
  const store = new FaultyStore();
  await plant(store, recordKey('Relic', 1), encodeCbor([1, 'breaks']));
  const { view, stored } = startKeepers(t, { faulty: store });
  await t.throwsAsync(view.getProxy(Relic, 1).names(), {
    instanceOf: NodeDownError,
    code: 'entity-crashed',
    message: /nobody knows what this was/,
  });
  t.deepEqual(await stored('Relic', 1), [1, 'breaks']);
});

// ---- create, destroy

test('what must be created exists once its record does, and still does after its host', async (t) => {
  const one = startKeepers(t);
  const deed = one.view.getProxy(Deed, 'castle');
  await t.throwsAsync(deed.owner(), { instanceOf: EntityNotFoundError });
  await one.view.create(Deed, 'castle', { owner: 'ann' });
  t.deepEqual(await one.stored('Deed', 'castle'), [1, { owner: 'ann' }]);
  await t.throwsAsync(one.view.create(Deed, 'castle'), { instanceOf: EntityExistsError });

  const two = startKeepers(t, { faulty: one.store, epoch: 2 });
  await t.throwsAsync(two.view.create(Deed, 'castle', { owner: 'bob' }), { instanceOf: EntityExistsError });
  t.is(await two.view.getProxy(Deed, 'castle').owner(), 'ann');

  const three = startKeepers(t, { faulty: one.store, epoch: 3 });
  t.is(await three.view.getProxy(Deed, 'castle').owner(), 'ann');
  t.is(await three.view.destroy(Deed, 'castle'), true);
  t.is(await three.stored('Deed', 'castle'), undefined);
  await t.throwsAsync(three.view.getProxy(Deed, 'castle').owner(), { instanceOf: EntityNotFoundError });
  t.is(await three.view.destroy(Deed, 'castle'), false);
});

test('what is created while it is looked for is made, and who asked before is told that it was not there', async (t) => {
  const { store, view, host } = startKeepers(t);
  let open!: () => void;
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  const early = view.getProxy(Deed, 1).owner();
  const created = view.create(Deed, 1, { owner: 'ann' });
  const late = view.getProxy(Deed, 1).owner();
  await host.settled();
  open();
  await t.throwsAsync(early, { instanceOf: EntityNotFoundError });
  await created;
  // It was sent behind the creation, and waited with it.
  t.is(await late.catch((error) => error.name), 'ann');
});

test('destroying what only the store has deletes it; what nobody has was not there', async (t) => {
  const one = startKeepers(t);
  await one.view.getProxy(Vault, 'v').deposit(1);
  const two = startKeepers(t, { faulty: one.store, epoch: 2 });
  t.is(await two.view.destroy(Vault, 'v'), true);
  t.is(await two.stored('Vault', 'v'), undefined);
  t.is(await two.view.destroy(Vault, 'v'), false);
  t.is(await two.view.getProxy(Vault, 'v').add(1), 1);
});

test('only who is in memory is listed, and onlyIfActive loads nobody', async (t) => {
  const one = startKeepers(t);
  await one.view.getProxy(Vault, 'v').deposit(1);
  const two = startKeepers(t, { faulty: one.store, epoch: 2 });
  await t.throwsAsync(two.view.getProxy(Vault, 'v', { onlyIfActive: true }).coins(), {
    instanceOf: EntityNotFoundError,
  });
  const listed: unknown[] = [];
  for await (const id of two.view.list(Vault)) listed.push(id);
  t.deepEqual(listed, []);
});

test('save() of what is not persistent says what to write', async (t) => {
  const { view } = startKeepers(t);
  t.regex(await view.getProxy(Guest, 1).trySave(), /TypeError: .*entity\(Guest, GuestEntity, \{ persistent: true \}\)/);
});

test('what is beside a state and belongs to a newer engine is refused, not dropped', async (t) => {
  const store = new FaultyStore();
  const key = recordKey('Vault', 5);
  await plant(store, key, encodeCbor([1, { coins: 3, things: new Map() }, { wishes: [] }]));
  const { view } = startKeepers(t, { faulty: store, epoch: 2 });
  const error = await t.throwsAsync(view.getProxy(Vault, 5).coins(), { instanceOf: StoreError });
  t.is((error as StoreError).code, 'newer-version');
  t.regex(error!.message, /'wishes'/);
});
