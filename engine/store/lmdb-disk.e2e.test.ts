import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import anyTest from 'ava';
import { StoreError } from '../base/errors.ts';
import { canMount, SmallDisk } from '../testing/small-disk.fixture.ts';
import { LmdbStore } from './lmdb-store.ts';

const test = canMount() ? anyTest.serial : anyTest.serial.skip;

const KB = 1024;
const save = (key: string, bytes: Uint8Array, expectedEtag: string | null = null) => ({
  key,
  bytes,
  expectedEtag,
  slot: 0,
  epoch: 1,
});

test('a full disk: refused with its reason, nothing torn, and it goes on when there is room', async (t) => {
  const { folder } = SmallDisk.inMemory(t, 4);
  const ballast = join(folder, 'ballast');
  writeFileSync(ballast, new Uint8Array(1024 * KB));
  const store = new LmdbStore(join(folder, 'data'));
  await store.claim(0, 1);
  const kept = new Map<string, { fill: number; etag: string }>();
  let refused: unknown;
  for (let i = 0; refused === undefined && i < 200; i++) {
    const batch = [0, 1].map((part) => save(`k${i}/${part}`, new Uint8Array(20 * KB).fill(i)));
    try {
      const etags = await store.save(batch, i % 2 === 0 ? 'flushed' : 'committed');
      for (const [part, { key }] of batch.entries()) kept.set(key, { fill: i, etag: etags[part]! });
    } catch (error) {
      refused = error;
    }
  }
  t.true(refused instanceof StoreError && refused.code === 'full', `${refused}`);
  t.true(kept.size > 20);
  // Again and again, many at once, claims too: always the same, and nothing of it stays.
  const more = await Promise.allSettled([
    ...Array.from({ length: 10 }, (_, i) => store.save([save(`more${i}`, new Uint8Array(200 * KB))], 'flushed')),
    store.save([save('k0/0', new Uint8Array(400 * KB), kept.get('k0/0')!.etag)], 'committed'),
  ]);
  for (const one of more) t.true(one.status === 'rejected' && one.reason.code === 'full');
  const whole = async (from: LmdbStore): Promise<void> => {
    const seen = new Map<string, string>();
    for await (const { key, record } of from.scan('')) {
      seen.set(key, record.etag);
      t.true(record.bytes.every((byte) => byte === kept.get(key)!.fill));
    }
    t.deepEqual([...seen].sort(), [...kept].map(([key, { etag }]) => [key, etag] as [string, string]).sort());
  };
  await whole(store);
  rmSync(ballast);
  const [etag] = await store.save([save('k0/0', new Uint8Array(30 * KB).fill(7), kept.get('k0/0')!.etag)], 'flushed');
  kept.set('k0/0', { fill: 7, etag: etag! });
  await store.close();
  const again = new LmdbStore(join(folder, 'data'));
  await whole(again);
  await again.close();
});

test('a read-only disk is one clear error', async (t) => {
  const disk = SmallDisk.inFile(t, 8);
  const folder = join(disk.folder, 'data');
  const store = new LmdbStore(folder);
  await store.claim(0, 1);
  await store.save([save('k', new Uint8Array(3))], 'flushed');
  await store.close();
  disk.unmount();
  disk.mount('ro');
  const error = t.throws(() => new LmdbStore(folder), { instanceOf: StoreError, code: 'read-only' });
  t.true(error!.message.startsWith(`The store in ${folder} could not be opened: `));
  disk.unmount();
  disk.mount();
  const again = new LmdbStore(folder);
  t.is((await again.load('k'))!.bytes.length, 3);
  await again.close();
});

test('a disk that stands still for a second: what is saved meanwhile waits, and nothing is lost', async (t) => {
  const disk = SmallDisk.inFile(t, 16);
  const store = new LmdbStore(join(disk.folder, 'data'));
  await store.claim(0, 1);
  const stood = disk.standStill(1);
  let saved = 0;
  const work = async (nth: number): Promise<void> => {
    let isOver = false;
    void stood.then(() => {
      isOver = true;
    });
    for (let i = 0; !isOver; i++) {
      await store.save([save(`${nth}/${i}`, new Uint8Array(100).fill(nth))], i % 2 === 0 ? 'flushed' : 'committed');
      saved++;
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, nth) => work(nth)));
  await store.close();
  const again = new LmdbStore(join(disk.folder, 'data'));
  let found = 0;
  for await (const { key, record } of again.scan('')) {
    found++;
    t.true(record.bytes.every((byte) => byte === Number(key.split('/')[0])));
  }
  t.is(found, saved);
  t.true(saved > 0);
  await again.close();
});
