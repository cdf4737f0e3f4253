/** `npm test`: checks, then every test file, counted together into the one line that ends the run. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runChecks } from './checks.ts';
import { ensureProgram, PROGRAM_NAMES, variableOf } from './programs.ts';
import { Progress } from './progress.ts';
import { TapReader } from './tap.ts';
import { builtTests, parseSelection, selectTests } from './test-files.ts';

const NOISE_BYTES_MAX = 200_000;

/** Runs what `args` select and prints it; resolves to the exit code. */
export async function runTests(root: string, args: readonly string[]): Promise<number> {
  const started = performance.now();
  const progress = new Progress((text) => process.stdout.write(text), process.env.CI === 'true');
  let selection: ReturnType<typeof parseSelection>;
  try {
    selection = parseSelection(args);
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
  if (selection.checks && selection.only === undefined) {
    for await (const { title, passed, lines } of runChecks(root)) {
      if (passed) for (const line of lines) progress.say(`warning: ${line}`);
      progress.onTest({ title, outcome: passed ? 'passed' : 'failed', details: passed ? [] : lines });
    }
  }
  const { files, title } = selectTests(builtTests(root), selection);
  if (files.length === 0) {
    progress.onTest({ title: 'selection', outcome: 'failed', details: [`no test file matches ${args.join(' ')}`] });
  } else await runAva(root, files, title, progress);
  return progress.close(performance.now() - started);
}

async function runAva(
  root: string,
  files: readonly string[],
  title: string | undefined,
  progress: Progress,
): Promise<void> {
  const env: NodeJS.ProcessEnv = { ...process.env, FORCE_COLOR: '0' };
  const texts = files.map((file) => readFileSync(join(root, file), 'utf8'));
  for (const name of PROGRAM_NAMES) {
    // A test that needs one asks for it by name.
    if (!texts.some((text) => text.includes(`needsProgram("${name}")`))) continue;
    const path = ensureProgram(name, (line) => progress.say(line));
    if (path) env[variableOf(name)] = path;
  }
  const ava = join(root, 'node_modules/ava/entrypoints/cli.mjs');
  const preload = pathToFileURL(join(root, 'build/scripts/test-stack.js')).href;
  const options = [
    '--tap',
    `--node-arguments=--enable-source-maps --import=${preload}`,
    ...(title === undefined ? [] : [`--match=*${title}*`]),
  ];
  const child = spawn(process.execPath, [ava, ...options, ...files], { cwd: root, env });
  const reader = new TapReader((test) => progress.onTest(test));
  child.stdout.setEncoding('utf8').on('data', (text: string) => reader.push(text));
  // What tests and their servers print is only of interest when something failed.
  let noise = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    noise = (noise + text).slice(-NOISE_BYTES_MAX);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  const { failed } = reader.end(code);
  if (failed > 0 && noise.trim() !== '') progress.say(`\n── what the tests printed ──\n${noise.trimEnd()}\n`);
}
