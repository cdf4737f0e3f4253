import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { gameFile } from '../testing/fixture-game.fixture.ts';

interface Output {
  stdout: string;
  stderr: string;
  code: number | null;
}

/** Runs Node to its end. */
async function run(t: ExecutionContext, args: readonly string[]): Promise<Output> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  const output: Output = { stdout: '', stderr: '', code: null };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      output[stream] += chunk;
    });
  }
  [output.code] = await once(child, 'close');
  return output;
}

const embedding = (t: ExecutionContext, program: string): Promise<Output> =>
  run(t, [fileURLToPath(new URL('./embedding.peer.js', import.meta.url)), program]);

const linesOf = (text: string): any[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

test.serial('mistakes in game code are logged with entity and operation, and no node ends', async (t) => {
  const { stdout, stderr, code } = await embedding(t, 'mistakes');
  t.is(code, 0, stderr);
  t.is(stdout, 'still here\n');
  const lines = linesOf(stderr).filter(({ level }) => level === 'error');
  const shown = lines.map(({ entity, id, operation, err, msg }) => [entity, id, operation, err.message, msg]);
  const forgotten = 'a call failed and nobody handled it';
  for (const wanted of [
    ['Careless', 'first', 'Careless.fail', 'refused', forgotten],
    ['host', '0', 'Careless.fail', 'refused', forgotten],
    ['Careless', 'first', 'Careless.failOneWay', 'one way', 'failed'],
    [undefined, undefined, undefined, 'nobody looks at this', 'a promise was rejected and nobody handled it'],
  ]) {
    t.truthy(
      shown.find((line) => line.every((value, i) => value === wanted[i])),
      JSON.stringify([wanted, shown]),
    );
  }
  const misspelt = shown.find(([, , operation, message]) => operation === 'Careless.forget' && message.includes('5'));
  t.deepEqual(misspelt?.slice(0, 2), ['Careless', 'first']);
});

test.serial('an embedded host says that onStart failed, and still stops in order', async (t) => {
  const { stdout, stderr, code } = await embedding(t, 'broken');
  t.is(code, 0, stderr);
  t.is(stdout, 'stopped\n');
  t.truthy(
    linesOf(stderr).find(({ level, err }) => level === 'error' && /no world to load/.test(err?.message)),
    stderr,
  );
});

test.serial('a program that stops its host ends by itself', async (t) => {
  const { stderr, code } = await embedding(t, 'brief');
  t.is(code, 3, stderr);
});

test.serial('a program given on the command line can embed a host', async (t) => {
  const embed = new URL('./embed.js', import.meta.url).href;
  const options = {
    game: gameFile('careless'),
    workers: 1,
    port: 0,
    adminPort: 0,
    store: 'memory',
    logLevel: 'silent',
  };
  const text = `import { startHost } from ${JSON.stringify(embed)};
    const host = await startHost(${JSON.stringify(options)});
    await host.stop();`;
  const { stderr, code } = await run(t, ['--input-type=module', '--eval', text]);
  t.is(code, 0, stderr);
});

test.serial('what startHost is told wrongly it refuses with one line', async (t) => {
  const { stdout, stderr, code } = await embedding(t, 'misled');
  t.is(code, 0, stderr);
  const lines = stdout.trimEnd().split('\n');
  t.is(lines.length, 5, stdout);
  const words = [/workers is 0/, /unknown key 'workres'.*workers/, /port is "x"/, /nowhere\.ts/, /logLevel/];
  for (const [i, pattern] of words.entries()) t.regex(lines[i]!, pattern);
});
