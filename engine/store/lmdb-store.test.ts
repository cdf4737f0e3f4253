import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { FencedError, StoreError } from '../base/errors.ts';
import { LmdbStore } from './lmdb-store.ts';

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-lmdb-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const save = (key: string, text: string, expectedEtag: string | null = null, epoch = 1) => ({
  key,
  bytes: new TextEncoder().encode(text),
  expectedEtag,
  slot: 0,
  epoch,
});

test('two that have it open see each other, and fence each other', async (t) => {
  const folder = folderOf(t);
  const one = new LmdbStore(folder);
  const two = new LmdbStore(folder);
  await one.claim(0, 1);
  const [etag] = await one.save([save('k', 'one')], 'flushed');
  t.is(new TextDecoder().decode((await two.load('k'))!.bytes), 'one');
  await two.claim(0, 2);
  await t.throwsAsync(one.save([save('k', 'late', etag)], 'committed'), { instanceOf: FencedError });
  await two.save([save('k', 'two', etag, 2)], 'committed');
  t.is(new TextDecoder().decode((await one.load('k'))!.bytes), 'two');
  await one.close();
  await two.close();
});

test('a thousand saves at once keep their order and share their transactions', async (t) => {
  const store = new LmdbStore(folderOf(t));
  await store.claim(0, 1);
  const etags = await Promise.all(
    Array.from({ length: 1000 }, (_, i) => store.save([save(`k${i}`, `${i}`)], 'committed')),
  );
  t.deepEqual(
    etags.flat(),
    Array.from({ length: 1000 }, (_, i) => String(i + 1)),
  );
  await store.close();
});

test('two that write at the same time lose nothing of each other, and both come to their end', async (t) => {
  const folder = folderOf(t);
  const stores = [new LmdbStore(folder), new LmdbStore(folder)];
  await stores[0]!.claim(0, 1);
  const keys = ['a', 'b', 'c', 'd', 'e'];
  for (const key of keys) await stores[0]!.save([save(key, '0')], 'committed');
  let added = 0;
  const work = async (store: LmdbStore): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      const key = keys[i % keys.length]!;
      const { bytes, etag } = (await store.load(key))!;
      const next = Number(new TextDecoder().decode(bytes)) + 1;
      try {
        await store.save([save(key, `${next}`, etag)], 'committed');
        added++;
      } catch (error) {
        const { code } = error as StoreError;
        t.true(code === 'conflict' || code === 'store-busy', code);
      }
    }
  };
  await Promise.all([...stores, ...stores].map(work));
  let sum = 0;
  for (const key of keys) sum += Number(new TextDecoder().decode((await stores[0]!.load(key))!.bytes));
  t.is(sum, added);
  t.true(added > 0);
  for (const store of stores) await store.close();
});

test('saves of one record that nobody waits for: one is taken, the others are refused, in every order', async (t) => {
  const store = new LmdbStore(folderOf(t));
  await store.claim(0, 1);
  const tried = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => store.save([save('k', `${i}`), save(`other ${i}`, 'x')], 'flushed')),
  );
  t.deepEqual(
    tried.map(({ status }) => status),
    ['fulfilled', ...new Array(19).fill('rejected')],
  );
  // A batch that was refused has left nothing of itself.
  for (let i = 0; i < 20; i++) t.is((await store.load(`other ${i}`)) !== undefined, i === 0);
  const claims = [store.claim(0, 2), store.save([save('late', 'x')], 'committed'), store.claim(0, 1)];
  const [, late, older] = await Promise.allSettled(claims);
  for (const one of [late, older]) t.true(one?.status === 'rejected' && one.reason instanceof FencedError);
  await store.close();
});

test('closing waits for what is to be written', async (t) => {
  const folder = folderOf(t);
  const store = new LmdbStore(folder);
  const claimed = store.claim(0, 1);
  const saved = Promise.all(['a', 'b', 'c'].map((key) => store.save([save(key, key)], 'committed')));
  await store.close();
  await claimed;
  await saved;
  const again = new LmdbStore(folder);
  t.truthy(await again.load('c'));
  await again.close();
});

test('a folder that cannot be one is one clear error', (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const error = t.throws(() => new LmdbStore(join(file, 'data')), { instanceOf: StoreError });
  t.regex(error!.message, /^The store in .*file\/data could not be opened: /);
});
