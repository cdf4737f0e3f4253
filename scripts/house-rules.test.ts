import test from 'ava';
import { checkTree, RULES } from './house-rules.ts';
import { layerOf, mayImport } from './layers.ts';
import { SourceFile, SourceTree } from './source-tree.ts';

/** Only what goes wrong, as it is printed. */
function violations(files: Record<string, string>): string[] {
  const tree = new SourceTree(Object.entries(files).map(([path, text]) => new SourceFile(path, text)));
  return checkTree(tree).flatMap(({ lines }) => lines);
}

const manifest = JSON.stringify({ dependencies: { pino: '1' }, devDependencies: { ava: '1' } });

/** [what breaks the rule, the start of the one line that says so]; the text after `//` in a title says what is allowed. */
const broken: [string, Record<string, string>, RegExp][] = [
  [
    'a runtime file imports the cluster, even a type',
    {
      'engine/runtime/a.ts': "import type { B } from '../cluster/b.ts';",
      'engine/cluster/b.ts': 'export interface B {}',
    },
    /^engine\/runtime\/a\.ts:1: layers: runtime does not import cluster/,
  ],
  [
    'the transport imports the contract',
    {
      'transport/ring/a.ts': "\nexport { B } from '../../engine/contract/b.ts';",
      'engine/contract/b.ts': 'export const B = 1;',
    },
    /^transport\/ring\/a\.ts:2: layers: transport does not import contract/,
  ],
  [
    'the client reaches the part of transport that browsers cannot load',
    { 'engine/client/a.ts': "import '../../transport/ring/b.ts';", 'transport/ring/b.ts': 'export {};' },
    /^engine\/client\/a\.ts:1: layers: client does not import transport /,
  ],
  [
    'somebody imports benchmarks, dynamically',
    { 'engine/host/a.ts': "await import('../../benchmarks/b.ts');", 'benchmarks/b.ts': 'export {};' },
    /^engine\/host\/a\.ts:1: layers: host does not import benchmarks/,
  ],
  [
    'a folder without a layer',
    { 'engine/magic/a.ts': 'export {};' },
    /^engine\/magic\/a\.ts:1: layers: give this folder/,
  ],
  [
    'a game imports a package',
    { 'games/x/game.ts': "import 'lodash';" },
    /^games\/x\/game\.ts:1: games: a game imports/,
  ],
  [
    'a game imports another game',
    { 'games/x/game.ts': "import '../y/game.ts';", 'games/y/game.ts': 'export {};' },
    /^games\/x\/game\.ts:1: games:/,
  ],
  [
    'the engine imports itself by name',
    { 'engine/host/a.ts': "import { entity } from 'skerry';" },
    /^engine\/host\/a\.ts:1: games: import the file that declares it/,
  ],
  [
    'three files in a circle',
    {
      'engine/base/a.ts': "import type { B } from './b.ts';\nexport interface A { b: B }",
      'engine/base/b.ts': "import type { C } from './c.ts';\nexport interface B { c: C }",
      'engine/base/c.ts': "import type { A } from './a.ts';\nexport interface C { a: A }",
    },
    /^engine\/base\/a\.ts:1: cycles: .*engine\/base\/a\.ts -> engine\/base\/b\.ts -> engine\/base\/c\.ts -> engine\/base\/a\.ts$/,
  ],
  [
    'a package with two importers',
    {
      'package.json': manifest,
      'engine/host/a.ts': "import pino from 'pino';",
      'engine/host/b.ts': "import { x } from 'pino/file';",
    },
    /^engine\/host\/b\.ts:1: one-importer: 'pino' is imported by engine\/host\/a\.ts alone/,
  ],
  [
    'a devDependency in code that ships',
    { 'package.json': manifest, 'engine/host/a.ts': "import test from 'ava';" },
    /^engine\/host\/a\.ts:1: dependencies: 'ava' is a devDependency/,
  ],
  [
    'a package that nobody installed',
    { 'package.json': manifest, 'engine/host/a.test.ts': "import 'left-pad';" },
    /^engine\/host\/a\.test\.ts:1: dependencies: 'left-pad' is not in package\.json/,
  ],
  [
    'the client loads a builtin through a lower file',
    { 'engine/client/a.ts': "import '../base/b.ts';", 'engine/base/b.ts': "import 'node:fs';" },
    /^engine\/base\/b\.ts:1: browser:/,
  ],
  ['a vague file name', { 'engine/base/utils.ts': 'export {};' }, /^engine\/base\/utils\.ts:1: names: 'utils'/],
  [
    'a vague file name with a prefix and a test',
    { 'engine/base/session-manager.test.ts': '' },
    /^engine\/base\/session-manager\.test\.ts:1: names: 'session-manager'/,
  ],
  ['a vague folder', { 'docs/common/a.md': '' }, /^docs\/common\/a\.md:1: names: 'common'/],
  [
    'an index with code',
    { 'engine/index.ts': "export * from './a.ts';\nexport const x = 1;", 'engine/a.ts': '' },
    /^engine\/index\.ts:2: index:/,
  ],
  ['a module-level variable', { 'engine/base/a.ts': 'export let count = 0;' }, /^engine\/base\/a\.ts:1: module-state:/],
  [
    'the environment outside of the host',
    { 'engine/runtime/a.ts': 'export const f = () => process.env.X;' },
    /^engine\/runtime\/a\.ts:1: environment: process\.env/,
  ],
  [
    'a signal handler outside of the host',
    { 'transport/a.ts': "process.once('SIGTERM', () => {});" },
    /^transport\/a\.ts:1: environment: process\.once/,
  ],
  [
    'leaving the process outside of the host',
    { 'codegen/a.ts': 'export const f = () => { process.exit(1); };' },
    /^codegen\/a\.ts:1: environment: process\.exit/,
  ],
  [
    'wall time in the runtime',
    { 'engine/runtime/a.ts': 'export const f = () => Date.now();' },
    /^engine\/runtime\/a\.ts:1: clock: Date\.now/,
  ],
  [
    'today in the cluster',
    { 'engine/cluster/a.ts': 'export const f = () => new Date();' },
    /^engine\/cluster\/a\.ts:1: clock: new Date\(\)/,
  ],
  [
    'a timer in the runtime',
    { 'engine/runtime/a.ts': 'export const f = () => setTimeout(f, 1);' },
    /^engine\/runtime\/a\.ts:1: clock: setTimeout/,
  ],
  ['the path of a home folder', { 'docs/a.md': `see ${'/'}home/me/x` }, /^docs\/a\.md:1: machine-paths:/],
  [
    'the path of a Windows disk',
    { 'engine/base/a.ts': `export const x = 'C${':'}\\\\Users';` },
    /^engine\/base\/a\.ts:1: machine-paths:/,
  ],
  [
    'a focused test',
    { 'engine/base/a.test.ts': "test.only('x', (t) => t.pass());" },
    /^engine\/base\/a\.test\.ts:1: focused-tests: \.only/,
  ],
  [
    'a skipped test',
    { 'engine/base/a.test.ts': "test.serial.skip('x', (t) => t.pass());\ntest.skip('x', (t) => t.pass());" },
    /^engine\/base\/a\.test\.ts:2: focused-tests: \.skip/,
  ],
  [
    'a lock file with addresses',
    { 'package-lock.json': '{\n"resolved": "https://x"\n}' },
    /^package-lock\.json:2: lock-file:/,
  ],
  [
    'a lock file without the binary of a platform',
    {
      'package-lock.json':
        '{ "packages": {\n"node_modules/a": { "optionalDependencies": {\n"@a/win32-x64": "1.0.0" } } } }',
    },
    /^package-lock\.json:3: lock-file: npm ci refuses a lock without @a\/win32-x64/,
  ],
  ['a long file', { 'engine/base/a.ts': 'export {};\n'.repeat(451) }, /^engine\/base\/a\.ts:450: length: 451 lines/],
];

for (const [title, files, line] of broken) {
  test(`${title}: one line that says what to do`, (t) => {
    const lines = violations(files);
    t.is(lines.length, 1, lines.join('\n'));
    t.regex(lines[0]!, line);
  });
}

const allowed: [string, Record<string, string>][] = [
  [
    'downwards through all layers',
    {
      'engine/host/a.ts': "import '../gateway/b.ts';\nimport '../../codegen/c.ts';\nimport '../store/d.ts';",
      'engine/gateway/b.ts': "import '../cluster/e.ts';",
      'engine/cluster/e.ts': "import '../runtime/f.ts';",
      'engine/store/d.ts': "import type { F } from '../runtime/f.ts';",
      'engine/runtime/f.ts': "import '../contract/g.ts';\nexport interface F {}",
      'engine/contract/g.ts': "import '../../transport/h.ts';",
      'transport/h.ts': "import '../engine/base/i.ts';",
      'codegen/c.ts': "import '../engine/contract/g.ts';",
      'engine/base/i.ts': 'export {};',
    },
  ],
  [
    'a test imports from above',
    { 'engine/runtime/a.test.ts': "import '../host/b.ts';", 'engine/host/b.ts': 'export {};' },
  ],
  [
    'types, tests, scripts and benchmarks beside the one importer',
    {
      'package.json': manifest,
      'engine/host/a.ts': "import pino from 'pino';",
      'engine/host/b.ts': "import type { Logger } from 'pino';",
      'engine/host/b.test.ts': "import pino from 'pino';",
      'scripts/c.ts': "import pino from 'pino';",
      'benchmarks/d.ts': "import pino from 'pino';",
    },
  ],
  [
    'constants, functions and locals',
    { 'engine/base/a.ts': 'export const limit = 1;\nexport function f() { let x = 0; x++; return x; }' },
  ],
  ['words that only contain a forbidden one', { 'engine/base/wire-types.ts': 'export {};', 'docs/utilities.md': '' }],
  [
    'the environment in the host, the tests and the scripts',
    {
      'engine/host/a.ts': "process.on('SIGTERM', () => process.exit(Number(process.env.X)));",
      'engine/runtime/b.test.ts': 'process.env.X;',
      'scripts/c.ts': 'process.argv;',
    },
  ],
  [
    'a date of a known time, and timers outside',
    { 'engine/runtime/a.ts': 'export const f = (ms: number) => new Date(ms);' },
  ],
  [
    'a skip on a condition',
    { 'engine/base/a.test.ts': "const t = process.env.X ? test : test.skip;\nt('x', () => {});" },
  ],
  ['addresses and relative paths', { 'docs/a.md': `http://x${'/'}home/a ./work/b scripts${'/'}work/c` }],
];

for (const [title, files] of allowed) {
  test(`allowed: ${title}`, (t) => t.deepEqual(violations(files), []));
}

test('every rule has a violation in this file', (t) => {
  const shown = new Set(broken.flatMap(([, files]) => violations(files).map((line) => line.split(': ')[1])));
  t.deepEqual(
    RULES.map(({ name }) => name).filter((name) => !shown.has(name)),
    [],
  );
});

test('the most specific folder names the layer', (t) => {
  t.is(layerOf('transport/client/a.ts')?.name, 'transport/client');
  t.is(layerOf('transport/ring/a.ts')?.name, 'transport');
  t.is(layerOf('engine/index.ts')?.name, 'door');
  t.is(layerOf('engine/magic/a.ts'), undefined);
  t.true(mayImport(layerOf('engine/client/a.ts')!, layerOf('transport/client/a.ts')!));
});
