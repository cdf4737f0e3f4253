import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { open } from 'lmdb';
import { encodeCbor } from '../../transport/codec/cbor.ts';
import { recordKey } from '../runtime/persistence/record-key.ts';
import { LmdbStore } from '../store/lmdb-store.ts';
import { run } from './command.ts';
import { FolderLock } from './folder-lock.ts';
import type { Shell } from './shell.ts';

const HERO = {
  gold: 5n,
  items: new Map([['axe', 1]]),
  since: new Date(0),
  tags: new Set(['a']),
  raw: new Uint8Array(2),
};

async function folder(t: ExecutionContext): Promise<string> {
  const data = mkdtempSync(join(tmpdir(), 'skerry-tool-'));
  t.teardown(() => rmSync(data, { recursive: true, force: true }));
  const store = new LmdbStore(data);
  await store.claim(1, 1);
  const records: [string, Uint8Array][] = [
    [recordKey('Hero', 7), encodeCbor([2, HERO])],
    [recordKey('Hero', '7'), encodeCbor([1, { gold: 0n }])],
    [recordKey('Shop', 1n), encodeCbor([1, null])],
    ['engine', encodeCbor({ form: 1 })],
  ];
  const rows = records.map(([key, bytes]) => ({ key, bytes, expectedEtag: null, slot: 1, epoch: 1 }));
  await store.save(rows, 'flushed');
  await store.close();
  return data;
}

async function skerry(...argv: string[]) {
  const said = { stdout: '', stderr: '' };
  const shell: Shell = {
    env: {},
    stdout: (text) => {
      said.stdout += text;
    },
    stderr: (text) => {
      said.stderr += text;
    },
    onSignal() {},
    exit() {},
    kill() {},
    launcher: undefined,
  };
  const code = await run(['store', ...argv], shell);
  const lines = said.stdout.split('\n').filter((line) => line !== '');
  return { code, lines: lines.map((line) => JSON.parse(line)), ...said };
}

test('ls names what there is, with a prefix only that', async (t) => {
  const data = `--data=${await folder(t)}`;
  const { code, lines, stderr } = await skerry('ls', data);
  t.is(code, 0);
  t.deepEqual(
    lines.map(({ key, type, id }) => [key, type, id]),
    [
      ['engine', undefined, undefined],
      ['entity/Hero/n7', 'Hero', 7],
      ['entity/Hero/s7', 'Hero', '7'],
      ['entity/Shop/b1', 'Shop', { $bigint: '1' }],
    ],
  );
  t.is(stderr, 'skerry: 4 records\n');
  t.is((await skerry('ls', 'entity/Hero/', data)).lines.length, 2);
});

test('get shows a state', async (t) => {
  const data = `--data=${await folder(t)}`;
  const { code, lines } = await skerry('get', 'entity/Hero/n7', data);
  t.is(code, 0);
  t.like(lines[0], { type: 'Hero', id: 7, version: 2, epoch: 1 });
  t.deepEqual(lines[0].state, {
    gold: { $bigint: '5' },
    items: { $map: [['axe', 1]] },
    since: { $date: '1970-01-01T00:00:00.000Z' },
    tags: { $set: ['a'] },
    raw: { $bytes: 'AAA=' },
  });
  t.like(await skerry('get', 'entity/Hero/n8', data), { code: 1, stdout: '' });
});

test('records with durable tasks are noted by an import, so that hosts take them over; none of that is exported', async (t) => {
  const from = await folder(t);
  const file = join(from, 'export.jsonl');
  const tasks = [['rain', 'write', [], null, 5000, 'once']];
  const lineOf = (key: string, value: unknown): string =>
    JSON.stringify({ key, bytes: Buffer.from(encodeCbor(value)).toString('base64') });
  const lines = [lineOf(recordKey('Hero', 1), [1, {}, { tasks }]), lineOf(recordKey('Hero', 2), [1, {}])];
  writeFileSync(file, lines.join('\n'));
  const to = join(from, 'other');
  for (const _ of [1, 2]) {
    t.is((await skerry('import', file, `--data=${to}`)).stderr, 'skerry: 2 records imported\n');
  }
  const keys = (await skerry('ls', `--data=${to}`)).lines.map(({ key }) => key as string);
  t.deepEqual(keys.sort(), ['due', 'entity/Hero/n1', 'entity/Hero/n2', 'imported/Hero/n1']);
  t.is((await skerry('export', `--data=${to}`)).stdout.trim(), lines.join('\n'));
  t.is((await skerry('verify', `--data=${to}`)).code, 0);
  t.deepEqual((await skerry('get', 'entity/Hero/n1', `--data=${to}`)).lines[0].beside, { tasks });
});

test('an export is imported as it was, over what has the same keys', async (t) => {
  const from = await folder(t);
  const exported = await skerry('export', `--data=${from}`);
  t.is(exported.code, 0);
  t.is(exported.lines.length, 3);
  const file = join(from, 'export.jsonl');
  writeFileSync(file, exported.stdout);
  const to = join(from, 'other');
  for (const _ of [1, 2]) {
    t.like(await skerry('import', file, `--data=${to}`), {
      code: 0,
      stdout: '',
      stderr: 'skerry: 3 records imported\n',
    });
  }
  t.is((await skerry('export', `--data=${to}`)).stdout, exported.stdout);
  writeFileSync(file, '{"key":1}\n');
  t.regex(
    (await skerry('import', file, `--data=${to}`)).stderr,
    /^skerry: \S+:1: expected a line that 'store export' wrote/,
  );
});

test('verify names what is damaged, and everything else can still be read', async (t) => {
  const data = await folder(t);
  t.like(await skerry('verify', `--data=${data}`), { code: 0, stdout: '' });
  const root = open<Buffer, Buffer>({ path: join(data, 'entities.mdb'), encoding: 'binary', maxDbs: 8 });
  const records = root.openDB<Buffer, Buffer>({ name: 'records', encoding: 'binary', keyEncoding: 'binary' });
  const key = Buffer.from('entity/Hero/s7');
  const bytes = records.get(key)!;
  bytes[bytes.length - 1]! ^= 1;
  await records.put(key, bytes);
  await root.flushed;
  await root.close();
  const { code, lines, stderr } = await skerry('verify', `--data=${data}`);
  t.is(code, 1);
  t.deepEqual(
    lines.map(({ type, id }) => [type, id]),
    [['Hero', '7']],
  );
  t.regex(lines[0].damage, /checksum/);
  t.is(stderr, 'skerry: 3 records, and 1 damaged\n');
  t.is((await skerry('export', `--data=${data}`)).stdout.includes('entity/Shop'), true);
  t.regex(
    (await skerry('get', 'entity/Hero/s7', `--data=${data}`)).stderr,
    /^skerry: Record entity\/Hero\/s7 is damaged/,
  );

  // An import leaves it alone, with all of its batch, until it is told.
  const file = join(data, 'repair.jsonl');
  const repaired = encodeCbor([1, { gold: 1n }]);
  const line = JSON.stringify({ key: 'entity/Hero/s7', bytes: Buffer.from(repaired).toString('base64') });
  writeFileSync(file, `${line}\n`);
  const refused = await skerry('import', file, `--data=${data}`);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /:1: Record entity\/Hero\/s7 is damaged: .* To write over it add --replace-damaged\n$/);
  t.is((await skerry('verify', `--data=${data}`)).code, 1);
  t.is((await skerry('import', file, '--replace-damaged', `--data=${data}`)).code, 0);
  t.is((await skerry('verify', `--data=${data}`)).code, 0);
  t.deepEqual((await skerry('get', 'entity/Hero/s7', `--data=${data}`)).lines[0].state, { gold: { $bigint: '1' } });
});

test('mistakes are one line', async (t) => {
  const data = `--data=${await folder(t)}`;
  for (const [argv, stderr] of [
    [[], /^skerry: store does what\? store ls \[PREFIX\], store get KEY, /],
    [['drop'], /^skerry: 'store drop' is no command: store ls/],
    [['get', data], /^skerry: store get needs a KEY\n$/],
    [['ls', '--replace-damaged', data], /^skerry: store ls takes no --replace-damaged\n$/],
    [['get', 'a', 'b', data], /^skerry: store get takes no 'b'\n$/],
    [['ls', '--data=nowhere'], /^skerry: there is no store in nowhere; name its folder with --data=DIR\n$/],
    [['ls', '--store=memory'], /^skerry: a store in memory is gone with its host/],
    [
      ['ls', '--store=redis://127.0.0.1:1'],
      /^skerry: The store at redis:\/\/127\.0\.0\.1:1 could not be opened: .+\n$/,
    ],
    [['import', 'nowhere.jsonl', data], /^skerry: nowhere\.jsonl does not exist\n$/],
  ] as [string[], RegExp][]) {
    const { code, stdout, stderr: said } = await skerry(...argv);
    t.is(code, 1);
    t.is(stdout, '');
    t.regex(said, stderr);
  }
});

test('nothing is imported into a folder that a host has; it can be looked into', async (t) => {
  const data = await folder(t);
  const file = join(data, 'export.jsonl');
  writeFileSync(file, (await skerry('export', `--data=${data}`)).stdout);
  const lock = FolderLock.take(data);
  t.regex((await skerry('import', file, `--data=${data}`)).stderr, /in use by process \d+: stop it/);
  t.is((await skerry('ls', `--data=${data}`)).code, 0);
  lock.release();
});
