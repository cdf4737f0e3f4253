import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { checkStore } from '../testing/store-conformance.ts';
import { LmdbStore } from './lmdb-store.ts';

test('the LMDB store keeps every promise of a store', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-lmdb-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await checkStore({
    open: async () => new LmdbStore(folder),
    wipe: async () => rmSync(folder, { recursive: true, force: true }),
    keeps: true,
  });
  t.pass();
});
