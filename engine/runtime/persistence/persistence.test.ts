import test from 'ava';
import { encodeCbor } from '../../../transport/codec/cbor.ts';
import { StoreError, UnavailableError } from '../../base/errors.ts';
import { Vault } from '../../testing/games/keepers/contracts.fixture.ts';
import { startKeepers } from './keepers.fixture.ts';
import { recordKey } from './record-key.ts';
import { LIVES_PER_EPOCH } from './store-calls.ts';

// ---- saving

test('what turns changed is saved within a second, and is there in the next life', async (t) => {
  const one = startKeepers(t);
  const vault = one.view.getProxy(Vault, 'v');
  t.is(await vault.add(5), 5);
  await vault.put('since', new Date(0));
  await vault.put('bytes', new Uint8Array([1, 2]));
  await vault.put('big', 10n ** 30n);
  await vault.put('set', new Set(['a']));
  t.is(await one.stored('Vault', 'v'), undefined);
  await one.advance(1000);
  const [version, state] = await one.stored('Vault', 'v');
  t.is(version, 1);
  t.deepEqual(state, {
    coins: 5,
    things: new Map<string, unknown>([
      ['since', new Date(0)],
      ['bytes', new Uint8Array([1, 2])],
      ['big', 10n ** 30n],
      ['set', new Set(['a'])],
    ]),
  });
  t.deepEqual(one.store.saves, [{ keys: [recordKey('Vault', 'v')], level: 'committed' }]);

  const two = startKeepers(t, { faulty: one.store, epoch: 2 });
  t.is(await two.view.getProxy(Vault, 'v').coins(), 5);
  t.deepEqual(await two.view.getProxy(Vault, 'v').get('since'), new Date(0));
});

test('what nobody changed is not saved', async (t) => {
  const { store, view, stored, advance } = startKeepers(t);
  const vault = view.getProxy(Vault, 1);
  t.is(await vault.coins(), 0);
  await vault.add(0);
  await advance(5000);
  t.is(await stored('Vault', 1), undefined);
  await vault.add(1);
  await advance(1000);
  await vault.add(0);
  await vault.coins();
  await advance(5000);
  t.is(store.saves.length, 1);
});

test('many entities share batches', async (t) => {
  const { store, view, advance, host } = startKeepers(t);
  await Promise.all(Array.from({ length: 1000 }, (_, id) => view.getProxy(Vault, id).add(id + 1)));
  await advance(1000);
  t.is(store.saves.flatMap(({ keys }) => keys).length, 1000);
  t.true(store.saves.length <= 8, `${store.saves.length}`);
  t.is(host.count('recordsSaved'), 1000);
});

test('this.save() resolves when flushed, and not before', async (t) => {
  const { store, view, host, stored } = startKeepers(t);
  const vault = view.getProxy(Vault, 'v');
  await vault.coins();
  let open!: () => void;
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  let isDone = false;
  const deposit = vault.deposit(7).then((coins) => {
    isDone = true;
    return coins;
  });
  await host.settled();
  t.false(isDone);
  open();
  t.is(await deposit, 7);
  t.is((await stored('Vault', 'v'))[1].coins, 7);
  t.is(store.saves.at(-1)!.level, 'flushed');
});

test('saves that come while one is under way are one save behind it', async (t) => {
  const { store, view, stored } = startKeepers(t);
  const vault = view.getProxy(Vault, 'v');
  await Promise.all(Array.from({ length: 50 }, () => vault.deposit(1)));
  t.true(store.saves.length <= 3, `${store.saves.length}`);
  t.is((await stored('Vault', 'v'))[1].coins, 50);
});

test('a save of what is flushed already costs nothing; of what is only committed it flushes', async (t) => {
  const { store, view, advance } = startKeepers(t);
  const vault = view.getProxy(Vault, 'v');
  await vault.add(1);
  await advance(1000);
  t.is(await vault.trySave(), 'saved');
  t.is(await vault.trySave(), 'saved');
  t.deepEqual(
    store.saves.map(({ level }) => level),
    ['committed', 'flushed'],
  );
});

test('between slices of a turn its changes are saved, under an entity lock not before its end', async (t) => {
  const { view, advance, stored } = startKeepers(t);
  const slow = view.getProxy(Vault, 'slow').slowly(1, 5000);
  const alone = view.getProxy(Vault, 'alone').alone(1, 5000);
  await advance(0);
  await advance(1500);
  t.is((await stored('Vault', 'slow'))[1].coins, 1);
  t.is(await stored('Vault', 'alone'), undefined);
  await advance(4000);
  t.is(await slow, 2);
  t.is(await alone, 2);
  await advance(1500);
  t.is((await stored('Vault', 'slow'))[1].coins, 2);
  t.is((await stored('Vault', 'alone'))[1].coins, 2);
});

test('idle entities leave with their state saved, and come back with it', async (t) => {
  const { view, host, advance, stored } = startKeepers(t);
  const vault = view.getProxy(Vault, 'counts its ends');
  await vault.add(3);
  await advance(1000);
  for (let i = 0; i < 20; i++) await advance(2000);
  t.is(host.count('deactivations'), 1);
  t.is((await stored('Vault', 'counts its ends'))[1].things.get('last end'), 'idle');
  t.is(await vault.get('last end'), 'idle');
  t.is(await vault.add(1), 4);
});

test('a drained node has saved everything', async (t) => {
  const { view, host, stored } = startKeepers(t);
  for (let id = 0; id < 300; id++) await view.getProxy(Vault, id).add(1);
  const drained = Promise.all([host.nodes[0]!.drain(5000), host.nodes[1]!.drain(5000)]);
  let isDone = false;
  void drained.then(() => {
    isDone = true;
  });
  while (!isDone) await host.advance(5);
  for (let id = 0; id < 300; id++) t.is((await stored('Vault', id))[1].coins, 1);
});

test('what could not be saved in time is said by name', async (t) => {
  const { view, host, store } = startKeepers(t);
  await view.getProxy(Vault, 'v').add(1);
  store.isDown = true;
  let isDone = false;
  void Promise.all([host.nodes[0]!.drain(3000), host.nodes[1]!.drain(3000)]).then(() => {
    isDone = true;
  });
  for (let i = 0; i < 200 && !isDone; i++) await host.advance(50);
  t.true(isDone);
  const line = host.log.lines.find(({ message }) => message === 'the last changes of entities could not be saved');
  t.deepEqual(line?.fields.some, ['Vault/v']);
});

// ---- failures

test('a full store: whoever waits is told, nothing is reported as done, and it is saved once there is room', async (t) => {
  const { store, view, stored, advance, host } = startKeepers(t);
  const vault = view.getProxy(Vault, 'v');
  await vault.coins();
  store.fates = ['full', 'full'];
  await t.throwsAsync(vault.deposit(5), { instanceOf: StoreError, code: 'full' });
  t.is(await stored('Vault', 'v'), undefined);
  t.is(
    host.nodes.reduce((sum, node) => sum + (node.figures().gauges.storeDown ?? 0), 0),
    1,
  );
  t.is(
    host.nodes.reduce((sum, node) => sum + (node.figures().gauges.dirtyEntities ?? 0), 0),
    2,
  );
  for (let i = 0; i < 20; i++) await advance(500);
  t.is((await stored('Vault', 'v'))[1].coins, 5);
  t.is(
    host.nodes.reduce((sum, node) => sum + (node.figures().gauges.storeDown ?? 0), 0),
    0,
  );
  t.true(host.count('savesFailed') >= 2);
});

for (const fate of ['lost', 'silent', 'late'] as const) {
  test(`a save whose outcome is not known is looked at before it is tried again: ${fate}`, async (t) => {
    const { store, view, stored, advance, host } = startKeepers(t);
    const vault = view.getProxy(Vault, 'v');
    await vault.coins();
    store.fates = [fate];
    const deposit = vault.deposit(5);
    await host.settled();
    await vault.add(1);
    for (let i = 0; i < 10; i++) await advance(100);
    t.is(await deposit, 5);
    store.late();
    await advance(2000);
    t.is((await stored('Vault', 'v'))[1].coins, 6);
    t.is(host.count('dispossessed'), 0);
    t.is(await vault.deposit(1), 7);
  });
}

test('somebody who has claimed the slot later ends this activation, which writes nothing', async (t) => {
  const one = startKeepers(t);
  const mine = one.view.getProxy(Vault, 'v');
  await mine.deposit(5);
  const two = startKeepers(t, { faulty: one.store, epoch: 2 });
  t.is(await two.view.getProxy(Vault, 'v').add(1), 6);
  await two.advance(1000);

  await t.throwsAsync(mine.deposit(100), { name: 'FencedError', code: 'fenced' });
  await t.throwsAsync(mine.coins(), { instanceOf: UnavailableError, code: 'fenced' });
  await one.advance(5000);
  t.is((await one.stored('Vault', 'v'))[1].coins, 6);
  t.truthy(one.host.log.lines.find(({ level, message }) => level === 'error' && /another host/.test(message)));
});

test('a record that somebody else has changed is loaded again, with an alarm', async (t) => {
  const { store, view, host } = startKeepers(t);
  const vault = view.getProxy(Vault, 'v');
  await vault.deposit(5);
  const key = recordKey('Vault', 'v');
  const { etag, epoch } = (await store.inner.load(key))!;
  const { slot } = await view.locate(Vault, 'v');
  const bytes = encodeCbor([1, { coins: 50, things: new Map() }]);
  t.is(epoch, LIVES_PER_EPOCH);
  await store.inner.save([{ key, bytes, expectedEtag: etag, slot, epoch }], 'committed');
  await t.throwsAsync(vault.deposit(1), { instanceOf: StoreError, code: 'conflict' });
  t.is(await vault.coins(), 50);
  t.is(host.count('dispossessed'), 1);
});

test('a state that cannot be saved is said once, keeps its entity, and is saved when it is good again', async (t) => {
  const { view, stored, advance, host } = startKeepers(t);
  const vault = view.getProxy(Vault, 'v');
  await vault.add(1);
  await vault.spoil(true);
  t.regex(await vault.trySave(), /TypeError: VaultEntity: this\.state.*things/);
  for (let i = 0; i < 5; i++) {
    await vault.add(1);
    await advance(1000);
  }
  t.is(host.log.lines.filter(({ message }) => message === 'the state of an entity cannot be saved').length, 1);
  t.is(await stored('Vault', 'v'), undefined);
  await vault.spoil(false);
  await advance(1000);
  t.is((await stored('Vault', 'v'))[1].coins, 6);
});

test('a record that is larger than the store takes is refused alone', async (t) => {
  const { view, stored, advance } = startKeepers(t);
  await view.getProxy(Vault, 'large').fill(2 * 1024 * 1024);
  await view.getProxy(Vault, 'small').add(1);
  for (let i = 0; i < 5; i++) await advance(1000);
  t.is((await stored('Vault', 'small'))[1].coins, 1);
  t.is(await stored('Vault', 'large'), undefined);
  t.regex(await view.getProxy(Vault, 'large').trySave(), /InvalidMessageError too-large/);
});

test('more that waits than may wait refuses calls, but for those that only read', async (t) => {
  const { store, view, host, advance } = startKeepers(t, { nodes: 1 });
  const vault = view.getProxy(Vault, 0);
  await vault.coins();
  let open!: () => void;
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  const large = Array.from({ length: 9 }, (_, id) => view.getProxy(Vault, id));
  store.gate = undefined;
  for (const one of large) await one.fill(900_000);
  store.gate = new Promise((resolve) => {
    open = resolve;
  });
  // Each snapshot is held until it is saved.
  const saves = large.map((one) => one.trySave());
  await host.settled();
  t.true(host.nodes[0]!.figures().gauges.dirtyBytes! > 8_000_000);
  open();
  store.gate = undefined;
  t.true((await Promise.all(saves)).every((outcome) => outcome === 'saved'));
  await advance(1000);
  t.is(host.nodes[0]!.figures().gauges.dirtyBytes, 0);
});

// ---- a node thread that ends

test('a node that takes the place of another claims anew and goes on from what was saved', async (t) => {
  const { host, view, store, stored } = startKeepers(t);
  const id = host.idOn(1, Vault);
  const vault = view.getProxy(Vault, id);
  await vault.deposit(5);
  await vault.add(100);
  host.kill(1);
  host.replace(1);
  t.is(await vault.coins(), 5);
  t.is(await vault.deposit(1), 6);
  t.is((await stored('Vault', id))[1].coins, 6);
  t.is((await store.inner.load(recordKey('Vault', id)))!.epoch, LIVES_PER_EPOCH + 1);
});

test('the store of a node that was lost while it had a save under way is asked again', async (t) => {
  const { host, view, stored, advance } = startKeepers(t);
  const storeNode = 3;
  const vault = view.getProxy(Vault, 'v');
  await vault.deposit(1);
  host.kill(storeNode);
  const deposit = vault.deposit(5);
  await host.settled();
  host.replace(storeNode);
  for (let i = 0; i < 5; i++) await advance(100);
  t.is(await deposit, 6);
  t.is((await stored('Vault', 'v'))[1].coins, 6);
});
