import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { check } from './check.ts';
import type { Shell } from './shell.ts';

async function run(t: ExecutionContext, files: Record<string, string>, failure?: Error) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'skerry-check-')));
  t.teardown(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const written = { stdout: '', stderr: '' };
  const shell: Shell = {
    env: {},
    stdout(text) {
      written.stdout += text;
    },
    stderr(text) {
      written.stderr += text;
    },
    onSignal() {},
    exit() {},
    kill() {},
    launcher: undefined,
  };
  const sources = Object.keys(files).map((name) => join(folder, name));
  const code = await check(sources[0]!, shell, () =>
    failure ? Promise.reject(failure) : Promise.resolve({ sources }),
  );
  return { code, ...written, folder };
}

test('types that fit', async (t) => {
  const { code, stdout, stderr, folder } = await run(t, {
    'game.ts': "import { two } from './two.ts';\nexport const four: number = two + two + Buffer.alloc(0).length;\n",
    'two.ts': 'export const two = 2;\n',
  });
  t.is(stderr, '');
  t.is(stdout, `${folder}/game.ts: builds, and its types fit\n`);
  t.is(code, 0);
});

test('types that do not fit, with file and line, in files that are only named too', async (t) => {
  const { code, stderr, folder } = await run(t, {
    'game.ts': 'export {};\n',
    'pool.ts': "\nexport const two: number = 'two';\n",
  });
  t.is(code, 1);
  t.regex(stderr, /pool\.ts\(2,14\): error TS2322: .*\n/);
  t.true(stderr.endsWith(`skerry: ${folder}/game.ts builds, but its types do not fit\n`));
});

test('what plain type stripping cannot run is an error', async (t) => {
  const { code, stderr } = await run(t, { 'game.ts': 'export enum Color { Red }\n' });
  t.is(code, 1);
  t.regex(stderr, /game\.ts\(1,13\): error TS1294/);
});

test('a game that does not build is not type-checked', async (t) => {
  const { code, stderr } = await run(t, { 'game.ts': '' }, new Error('game.ts:1:1: no'));
  t.is(code, 1);
  t.is(stderr, 'skerry: game.ts:1:1: no\n');
});

test('a class that misses a method, and an option that is none, are explained by what is wrong with them', async (t) => {
  const game = `
import { contract, entity, NodeEntity } from 'skerry';
interface Door { open(): Promise<void> }
const Door = contract<Door>('Door', { open: {} });
class Wall extends NodeEntity {}
class Gate extends NodeEntity { async open(): Promise<void> {} }
export default [entity(Door, Wall), entity(Door, Gate, { autocreate: false })];
`;
  const { stderr } = await run(t, { 'game.ts': game });
  t.regex(stderr, /Property 'open' is missing in type/);
  t.regex(stderr, /'autocreate' does not exist in type 'EntityOptions'. Did you mean to write 'autoCreate'\?/);
});
