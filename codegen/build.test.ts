import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { buildGame } from './build.ts';
import { GameBuildError } from './build-error.ts';

/** Doors that need no engine behind them, beside the real pieces of generated code. */
const doors = mkdtempSync(join(tmpdir(), 'skerry-doors-'));
const engineRoot = pathToFileURL(`${doors}/`);
test.before(() => {
  write(doors, {
    'engine/index.js':
      'export const contract = (name) => ({ name, operations: [] });\nexport const defineGame = (game) => game;\nexport const url = import.meta.url;\n',
    'engine/client/index.js': "export const client = 'client';\n",
    'engine/testing/index.js': "export const testing = 'testing';\n",
    'engine/generated.js': `export * from ${JSON.stringify(new URL('../engine/generated.js', import.meta.url).href)};\n`,
  });
});
test.after.always(() => rmSync(doors, { recursive: true, force: true }));

const CONTRACTS =
  "import { contract, type int32 } from 'skerry';\nexport interface Hero { hit(damage: int32): Promise<int32> }\nexport const Hero = contract<Hero>('Hero', { hit: {} });\n";
const GAME =
  "import { defineGame } from 'skerry';\nimport { Hero } from './contracts.ts';\nexport default defineGame({ name: 'g', hero: Hero });\n";

function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** A folder of its own for one test. */
function gameFolder(t: ExecutionContext, files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-game-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  write(folder, files);
  return folder;
}

const build = (folder: string, file = 'game.ts') => buildGame(join(folder, file), { engineRoot });

test('a game is built once, and again when something of it changed', async (t) => {
  const folder = gameFolder(t, { 'game.ts': GAME, 'contracts.ts': CONTRACTS });
  const first = await build(folder);
  t.true(first.manifestChanged);
  t.deepEqual(first.warnings, []);
  t.is(first.contracts[0]!.name, 'Hero');
  const { default: game } = await import(first.game);
  t.is(game.hero.name, 'Hero');
  const { generated } = await import(first.generated);
  t.is(generated.contracts[0].contract, game.hero);
  t.is(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')).fingerprint, generated.fingerprint);
  t.deepEqual(
    readdirSync(join(folder, '.skerry')).sort(),
    ['.gitignore', first.folder.split('/').at(-1), 'package.json'].sort(),
  );

  const second = await build(folder);
  t.is(second.folder, first.folder);
  t.false(second.manifestChanged);
  t.deepEqual({ ...second, manifestChanged: true }, first);

  write(folder, { 'contracts.ts': CONTRACTS.replaceAll('hit', 'heal') });
  const third = await build(folder);
  t.not(third.folder, first.folder);
  t.true(third.manifestChanged);
  t.is((await import(third.generated)).generated.contracts[0].operations[0].name, 'heal');

  write(folder, { 'contracts.ts': CONTRACTS });
  const fourth = await build(folder);
  t.is(fourth.folder, first.folder);
  t.true(fourth.manifestChanged, 'the manifest follows, although nothing was built');
});

test('assets, other kinds of modules, parents, packages and doors', async (t) => {
  const folder = gameFolder(t, {
    'a/node_modules/dep/package.json': '{ "name": "dep", "type": "module", "exports": "./dep.js" }',
    'a/node_modules/dep/dep.js': "export const dep = 'dep';",
    'shared/deep/contracts.ts': CONTRACTS,
    'a/package.json': '{ "type": "commonjs" }',
    'a/data.json': '{ "n": 5 }',
    'a/plain.js': "import { five } from './five.mjs';\nexport const six = five + 1;\n",
    'a/five.mjs': 'export const five = 5;\n',
    'a/late.ts': "export const late: string = 'late';\n",
    'a/typed.ts': 'export interface Typed { a: string }\n',
    'a/game.ts': `
import { dep } from 'dep';
import { readFileSync } from 'node:fs';
import { url } from 'skerry';
import { client } from 'skerry/client';
import { testing } from 'skerry/testing';
import { Hero } from '../shared/deep/contracts.ts';
import data from './data.json' with { type: 'json' };
import { six } from './plain.js';
import type { Typed } from './typed.ts';
const text = "from './not-an-import.ts'";
class Holder { declare a: string; b = 1; }
export default {
  dep, six, client, testing, hero: Hero.name, n: data.n, text, keys: Object.keys(new Holder()),
  url, late: (await import('./late.ts')).late, typed: { a: 'b' } satisfies Typed,
  asset: JSON.parse(readFileSync(new URL('./data.json', import.meta.url), 'utf8')).n,
  names: [import.meta.dirname, import.meta.filename, import.meta.url],
};
`,
  });
  const built = await build(folder, 'a/game.ts');
  const { default: game } = await import(built.game);
  const { names, url, ...rest } = game;
  t.deepEqual(rest, {
    dep: 'dep',
    six: 6,
    client: 'client',
    testing: 'testing',
    hero: 'Hero',
    n: 5,
    text: "from './not-an-import.ts'",
    keys: ['b'],
    late: 'late',
    typed: { a: 'b' },
    asset: 5,
  });
  t.is(url, new URL('engine/index.js', engineRoot).href);
  t.deepEqual(names, [join(folder, 'a'), join(folder, 'a/game.ts'), pathToFileURL(join(folder, 'a/game.ts')).href]);
  t.true(built.sources.includes(join(folder, 'shared/deep/contracts.ts')));
});

test('files that compute are built, and contracts that are only mentioned', async (t) => {
  const folder = gameFolder(t, {
    'game.ts':
      "import { defineGame } from 'skerry';\nimport { Town } from './town.ts';\nexport default defineGame({ name: 'g', town: Town, compute: { path: './compute/path.ts', 'other': '../x' + '.ts' } });\n",
    'town.ts':
      "import { contract } from 'skerry';\nimport type { Hero } from './contracts.ts';\nexport interface Town { enter(hero: Hero): void }\nexport const Town = contract<Town>('Town', { enter: {} });\n",
    'contracts.ts': CONTRACTS,
    'compute/path.ts': "import { far } from './far.ts';\nexport default (n: number): number => n * far;\n",
    'compute/far.ts': 'export const far = 3;\n',
  });
  const built = await build(folder);
  t.is((await import(built.modules[join(folder, 'compute/path.ts')]!)).default(4), 12);
  t.deepEqual(
    built.contracts.map(({ name }) => name),
    ['Hero', 'Town'],
  );
  const { generated } = await import(built.generated);
  t.is(generated.contracts[0].contract.name, 'Hero');
});

test('a change of a file that holds only types is a change', async (t) => {
  const folder = gameFolder(t, {
    'game.ts': GAME,
    'contracts.ts': CONTRACTS.replace('damage: int32', 'damage: Damage').replace(
      '\n',
      "\nimport type { Damage } from './damage.ts';\n",
    ),
    'damage.ts': 'export type Damage = string;\n',
  });
  const first = await build(folder);
  write(folder, { 'damage.ts': 'export type Damage = boolean;\n' });
  t.not((await build(folder)).folder, first.folder);
});

const fails = test.macro(async (t, files: Record<string, string>, expected: RegExp) => {
  const folder = gameFolder(t, { 'game.ts': GAME, 'contracts.ts': CONTRACTS, ...files });
  const error = (await t.throwsAsync(() => build(folder), { instanceOf: GameBuildError }))!;
  t.regex(error.message, expected);
  t.false(error.message.includes('\n'), error.message);
  t.true(error.message.includes(folder), error.message);
  t.false(existsSync(join(folder, 'manifest.json')));
});
test('a syntax error', fails, { 'game.ts': 'const a = ;\n' }, /game\.ts:1:11: /);
test('a syntax error in an import', fails, { 'contracts.ts': `${CONTRACTS}\nclass {` }, /contracts\.ts:5:7: /);
test(
  'a missing import',
  fails,
  { 'game.ts': `${GAME}import './nowhere.ts';\n` },
  /game\.ts:4:8: There is no '\.\/nowhere\.ts'/,
);
test(
  'an import without its extension',
  fails,
  { 'game.ts': `${GAME}import * as c from './contracts';\nexport { c };\n` },
  /game\.ts:4:20: .*write '\.\/contracts\.ts'/,
);
test(
  'a missing file of a computation',
  fails,
  { 'game.ts': "import { defineGame } from 'skerry';\nexport default defineGame({ compute: { a: './a.ts' } });" },
  /game\.ts:2:43: There is no '\.\/a\.ts'/,
);
test(
  'a computation without a default export',
  fails,
  {
    'game.ts': "import { defineGame } from 'skerry';\nexport default defineGame({ compute: { a: './a.ts' } });",
    'a.ts': 'export function a(): void {}\n',
  },
  /a\.ts: a compute file exports its function as default/,
);
test(
  'a contract that cannot be read',
  fails,
  { 'contracts.ts': CONTRACTS.replace('damage: int32', 'damage: any') },
  /contracts\.ts:2:37: 'any'/,
);

test('a game file that is not there', async (t) => {
  const folder = gameFolder(t, {});
  await t.throwsAsync(() => build(folder), { instanceOf: GameBuildError, message: /There is no game file .*game\.ts/ });
});

test('hosts that start at once from one folder agree', async (t) => {
  const folder = gameFolder(t, { 'game.ts': GAME, 'contracts.ts': CONTRACTS });
  const script = `const { buildGame } = await import(${JSON.stringify(new URL('./build.js', import.meta.url).href)});
    const built = await buildGame(process.argv[1], { engineRoot: new URL(process.argv[2]) });
    await import(built.game);
    console.log(built.folder);`;
  const run = promisify(execFile);
  const start = () =>
    run(process.execPath, ['--input-type=module', '-e', script, join(folder, 'game.ts'), engineRoot.href]);
  const folders = (await Promise.all([start(), start(), start(), start()])).map(({ stdout }) => stdout.trim());
  t.is(new Set(folders).size, 1);
  t.deepEqual(readdirSync(join(folder, '.skerry')).length, 3, 'nothing half-built stays');
});

test('old folders go, those of the last hour stay', async (t) => {
  const folder = gameFolder(t, { 'game.ts': GAME, 'contracts.ts': CONTRACTS });
  const first = await build(folder);
  for (let i = 0; i < 12; i++) {
    const copy = join(folder, '.skerry', `old-${i}`);
    cpSync(first.folder, copy, { recursive: true });
    const used = Date.now() / 1000 - (i < 9 ? 60 : 7200) - i;
    utimesSync(copy, used, used);
  }
  write(folder, { 'game.ts': `${GAME}// changed\n` });
  await build(folder);
  const left = readdirSync(join(folder, '.skerry'))
    .filter((name) => name.startsWith('old-'))
    .sort();
  t.deepEqual(
    left,
    [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => `old-${i}`),
  );
});

test('a damaged or foreign folder is not taken for a build', async (t) => {
  const folder = gameFolder(t, { 'game.ts': GAME, 'contracts.ts': CONTRACTS });
  const first = await build(folder);
  write(folder, { '.skerry/zzz/build.json': '{ "engine": ', '.skerry/yyy/x': '' });
  t.is((await build(folder)).folder, first.folder);
});

test('a folder that cannot take a build is a warning', async (t) => {
  const folder = gameFolder(t, { 'game.ts': GAME, 'contracts.ts': CONTRACTS, '.skerry': 'in the way' });
  const built = await build(folder);
  t.teardown(() => rmSync(dirname(built.folder), { recursive: true, force: true }));
  t.regex(built.warnings[0]!, /cannot be written to; the game was built in /);
  t.is((await import(built.game)).default.name, 'g');
  t.is((await build(folder)).folder, built.folder);
});

test('a manifest that cannot be written is a warning', async (t) => {
  const folder = gameFolder(t, { 'game.ts': GAME, 'contracts.ts': CONTRACTS, 'manifest.json/in-the-way': '' });
  const built = await build(folder);
  t.true(built.manifestChanged);
  t.regex(built.warnings[0]!, /manifest\.json is out of date and could not be written/);
});

test('stack traces name the source', async (t) => {
  const folder = gameFolder(t, {
    'game.ts': 'interface Padding {\n  a: string;\n}\nexport default () => {\n  throw new Error("here");\n};\n',
  });
  const built = await build(folder);
  const script = `const game = await import(${JSON.stringify(built.game)}); game.default();`;
  const failed = await promisify(execFile)(process.execPath, [
    '--enable-source-maps',
    '--input-type=module',
    '-e',
    script,
  ]).catch((error) => error);
  t.true(failed.stderr.includes(`${join(folder, 'game.ts')}:5:9`), failed.stderr);
});
