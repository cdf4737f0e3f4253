/** The package as others have it: packed, unpacked into a folder of its own, with the game and the test of docs/getting-started.md. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

/** This file runs as build/scripts/package.e2e.test.js. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);

const app = mkdtempSync(join(tmpdir(), 'skerry-package-'));
const installed = join(app, 'node_modules/skerry');

test.before(async () => {
  await run('npm', ['pack', '--pack-destination', app], { cwd: ROOT });
  const tarball = readdirSync(app).find((file) => file.endsWith('.tgz'))!;
  mkdirSync(installed, { recursive: true });
  await run('tar', ['xzf', join(app, tarball), '--strip-components=1', '-C', installed]);
  const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  for (const name of [...Object.keys(dependencies), '@types/node', 'typescript']) {
    mkdirSync(dirname(join(app, 'node_modules', name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(app, 'node_modules', name));
  }
  writeFileSync(join(app, 'package.json'), '{ "type": "module" }');
  for (const [name, text] of Object.entries(filesOf('docs/getting-started.md'))) writeFileSync(join(app, name), text);
});
test.after.always(() => rmSync(app, { recursive: true, force: true }));

/** Every block of code that follows the name of its file. */
function filesOf(page: string): Record<string, string> {
  const text = readFileSync(join(ROOT, page), 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/`([\w-]+(?:\.test)?\.ts)`[^`]*\n```ts\n([\s\S]*?)^```$/gm)].map(([, name, code]) => [
      name!,
      code!,
    ]),
  );
}

test.serial('what runs is there, and nothing that only tests need', (t) => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  for (const file of [
    'engine/main.js',
    'build/engine/host/worker.js',
    'build/engine/testing/index.js',
    'docs/testing.md',
  ]) {
    t.true(files.includes(join(file)), file);
  }
  t.deepEqual(
    files.filter((file) => /\.(?:test|fixture|peer)\.|benchmarks/.test(file)),
    [],
  );
});

test.serial('the first game builds, fits its types and runs its test', async (t) => {
  t.deepEqual(
    readdirSync(app)
      .filter((file) => file.endsWith('.ts'))
      .sort(),
    ['contracts.ts', 'counter.test.ts', 'counter.ts', 'game.ts'],
  );
  const checked = await run(process.execPath, [join(installed, 'engine/main.js'), 'check', '--game=game.ts'], {
    cwd: app,
  });
  t.regex(checked.stdout, /its types fit/);
  // On Node.js 20 the test goes through a compiler, as the page says.
  const esbuild = join(ROOT, 'node_modules/.bin/esbuild');
  await run(
    esbuild,
    ['counter.test.ts', '--bundle', '--packages=external', '--format=esm', '--outfile=counter.test.js'],
    {
      cwd: app,
    },
  );
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', 'counter.test.js'], { cwd: app });
  t.regex(stdout, /^# pass 1$/m);
  t.regex(stdout, /^# fail 0$/m);
});

test.serial('a project of another strictness compiles with its own compiler', async (t) => {
  const compilerOptions = {
    target: 'es2023',
    module: 'nodenext',
    strict: true,
    noEmit: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    noImplicitReturns: true,
    noPropertyAccessFromIndexSignature: true,
    exactOptionalPropertyTypes: true,
    allowImportingTsExtensions: true,
    types: ['node'],
  };
  writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const failure = await run(process.execPath, [tsc, '-p', app, '--pretty', 'false'], { cwd: app }).catch(
    (error) => error,
  );
  t.is(failure.stdout, '');
  writeFileSync(
    join(app, 'wrong.ts'),
    "import { Counter } from './contracts.ts';\nexport const x: Counter = { add: 5 };\n",
  );
  const refused = await run(process.execPath, [tsc, '-p', app, '--pretty', 'false'], { cwd: app }).catch(
    (error) => error,
  );
  t.regex(refused.stdout, /^wrong\.ts\(2,/);
});
