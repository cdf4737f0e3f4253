import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { keptHostId } from './host-id.ts';

test('a host of a cluster keeps its name as long as the folder with its records', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-id-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const id = keptHostId(folder, undefined);
  t.regex(id, /^host-[0-9a-f]{8}$/);
  t.is(keptHostId(folder, undefined), id);
  t.is(keptHostId(folder, id), id);
  t.throws(() => keptHostId(folder, 'other'), {
    message: new RegExp(`is that of host ${id}: start it with --host-id=`),
  });
});
