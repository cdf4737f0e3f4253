import test from 'ava';
import { FencedError } from '../base/errors.ts';
import { SLOTS } from '../cluster/keyspace.ts';
import { LIVES_PER_EPOCH } from '../runtime/persistence/store-calls.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { ClusterStore } from './cluster-store.ts';
import { RecordHolds } from './record-holds.ts';
import { FoundStore } from './store-identity.ts';

const KEY = [7, 8] as const;
const token = (epoch: number): number => epoch * LIVES_PER_EPOCH;
const save = (slot: number, epoch: number) => ({
  key: `k${slot}`,
  bytes: new Uint8Array(1),
  expectedEtag: null,
  slot,
  epoch: token(epoch),
});

async function joined(inner: MemoryStore): Promise<ClusterStore> {
  const store = new ClusterStore(inner, 'game', 'c');
  await store.join(KEY);
  return store;
}

test('hosts of a cluster share a store: each claims its own slots, and nobody fences the others', async (t) => {
  const inner = new MemoryStore();
  const [one, two] = [await joined(inner), await joined(inner)];
  await Promise.all([one.claim(1, token(5)), two.claim(2, token(5))]);
  await one.save([save(1, 5)], 'flushed');
  await two.save([save(2, 5)], 'flushed');
  await two.claim(1, token(6));
  await t.throwsAsync(one.save([{ ...save(1, 5), key: 'other' }], 'flushed'), { instanceOf: FencedError });
});

test('before an epoch is used it stands in the store that it may have been: who comes later begins above', async (t) => {
  const inner = new MemoryStore();
  const [one, two] = [await joined(inner), await joined(inner)];
  const used = async (): Promise<number> => (await FoundStore.read(inner, 'game')).identity.epoch - 1;
  t.is(await used(), 0);
  await one.claim(1, token(3));
  const first = await used();
  t.true(first >= 3);
  // What one has noted the other need not.
  await two.claim(2, token(4));
  t.is(await used(), first);
  await Promise.all([one.claim(3, token(first + 1)), two.claim(4, token(first + 2)), two.claim(5, token(first + 3))]);
  t.true((await used()) >= first + 3);
  // A host alone takes everything, and those of the cluster have lost it.
  const alone = await FoundStore.read(inner, 'game');
  t.deepEqual(alone.identity.hashKey, KEY);
  await alone.claim();
  await t.throwsAsync(one.save([save(1, 3)], 'flushed'), { instanceOf: FencedError });
  await t.throwsAsync(one.claim(1, token(alone.identity.epoch + 9000)), { instanceOf: FencedError });
  // The next cluster takes it over, and begins above.
  const next = await joined(inner);
  const { epoch } = (await FoundStore.read(inner, 'game')).identity;
  await next.claim(SLOTS - 1, token(epoch));
  await next.save([save(SLOTS - 1, epoch)], 'flushed');
});

test('the store of another cluster, of another game or with another key is refused', async (t) => {
  const inner = new MemoryStore();
  await joined(inner);
  await t.throwsAsync(new ClusterStore(inner, 'game', 'd').join(KEY), {
    message: /belongs to the cluster 'c', not 'd'/,
  });
  await t.throwsAsync(new ClusterStore(inner, 'chess', 'c').join(KEY), { message: /holds the game 'game'/ });
  await t.throwsAsync(new ClusterStore(inner, 'game', 'c').join([7, 9]), {
    message: /by another key than this cluster/,
  });
});

test('a store that belongs to a host: its slots are looked for at the start, and a new one is told before its first save', async (t) => {
  const inner = new MemoryStore();
  const before = await joined(inner);
  await before.claim(3, token(1));
  await before.save([{ ...save(3, 1), key: 'entity/Hero/n3' }], 'flushed');
  const told: number[][] = [];
  const holds = new RecordHolds((slots) => told.push([...slots]));
  const store = new ClusterStore(inner, 'game', 'c', holds);
  await store.join(KEY);
  await store.findHolds((key) => (key.startsWith('entity/') ? 3 : undefined));
  t.deepEqual(told, [[3]]);
  holds.isKnown(1);
  await store.claim(5, token(1));
  const saved = store.save([save(5, 1)], 'flushed');
  t.deepEqual(told[1], [3, 5]);
  t.is(await inner.load('k5'), undefined);
  holds.isKnown(2);
  await saved;
  t.not(await inner.load('k5'), undefined);
});
