import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

/** This file runs as build/games/deep-ping/deep-ping.e2e.test.js. */
const ROOT = new URL('../../../', import.meta.url);

test('the result of ten hops over two nodes is printed', async (t) => {
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('engine/main.js', ROOT)),
      '--game=games/deep-ping/game.ts',
      '--workers=2',
      '--port=0',
      '--admin-port=0',
      '--store=memory',
    ],
    { cwd: fileURLToPath(ROOT), env: { PATH: process.env.PATH, HOME: process.env.HOME } },
  );
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  const printed = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (/came back as 1\n/.test(output) && /hello from onStart/.test(output)) resolve();
      });
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  const first = await Promise.race([printed, exited]);
  t.is(first, undefined, `it ended with ${first}:\n${output}`);
  child.kill('SIGTERM');
  t.is(await exited, 0, output);
});
