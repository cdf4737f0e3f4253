import { readFileSync } from 'node:fs';
import test from 'ava';
import { run } from './command.ts';
import { helpText } from './command-line.ts';

/** What a command line that starts nothing writes, and its exit code. */
async function answer(...argv: string[]) {
  const written = { stdout: '', stderr: '' };
  const code = await run(argv, {
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
  });
  return { code, ...written };
}

test('help and version', async (t) => {
  t.deepEqual(await answer('--help'), { code: 0, stdout: helpText(), stderr: '' });
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  t.deepEqual(await answer('--version'), { code: 0, stdout: `skerry ${version}\n`, stderr: '' });
});

const mistakes: [string[], string][] = [
  [['--workers=none'], 'skerry: --workers=none: expected a whole number from 1 to 256\n'],
  [['strat'], "skerry: unknown command 'strat'; did you mean start?\n"],
  [['--config=nowhere.json'], 'skerry: config file nowhere.json does not exist\n'],
  [['--store=nats'], 'skerry: the store nats needs a server: name it with --nats=URL\n'],
  [['check', '--game=scripts'], 'skerry: scripts is a folder; name its game file with --game=FILE\n'],
];
for (const [argv, stderr] of mistakes) {
  test(`refused in one line: ${argv.join(' ')}`, async (t) => {
    t.deepEqual(await answer(...argv), { code: 1, stdout: '', stderr });
  });
}

for (const word of ['drain', 'move', 'workers', 'swap']) {
  test(`${word} says that it is not built yet`, async (t) => {
    const { code, stdout, stderr } = await answer(word);
    t.is(code, 2);
    t.is(stdout, '');
    t.regex(stderr, /^skerry: \S+ is not implemented yet\n$/);
  });
}
