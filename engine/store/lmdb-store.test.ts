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

test('a folder that cannot be one is one clear error', (t) => {
  const folder = folderOf(t);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const error = t.throws(() => new LmdbStore(join(file, 'data')), { instanceOf: StoreError });
  t.regex(error!.message, /^The store in .*file\/data could not be opened: /);
});
