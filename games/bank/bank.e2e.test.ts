import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

/** This file runs as build/games/bank/bank.e2e.test.js. The minute of the long run: `-- --seconds=60` on the command line. */
const ROOT = new URL('../../../', import.meta.url);

test('money goes round between two threads at full speed: none is lost, every transfer ends', async (t) => {
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('engine/main.js', ROOT)),
      '--game=games/bank/game.ts',
      '--workers=2',
      '--port=0',
      '--admin-port=0',
      '--store=memory',
      '--',
      // Few accounts for so many transfers: they wait for each other all the time.
      ...['--seconds=2', '--accounts=100', '--tellers=4', '--at-once=8'],
    ],
    { cwd: fileURLToPath(ROOT), env: { PATH: process.env.PATH, HOME: process.env.HOME } },
  );
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  const printed = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (/no money was lost\n|instead of/.test(output)) resolve();
      });
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  t.is(await Promise.race([printed, exited]), undefined, output);
  t.regex(output, /no money was lost/, output);
  t.notRegex(output, /failed/, output);
  const [, transfers, deadlocks] = /(\d+) transfers in 2 s, (\d+) of them again/.exec(output)!;
  t.true(Number(transfers) > 0, output);
  t.true(Number(deadlocks) > 0, output);
  child.kill('SIGTERM');
  t.is(await exited, 0, output);
});
