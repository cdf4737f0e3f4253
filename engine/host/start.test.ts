import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parseCommandLine } from './command-line.ts';
import { UsageError } from './config.ts';
import type { Shell, StopSignal } from './shell.ts';
import { type StartedHost, type StartHost, start } from './start.ts';

/** A shell whose signals the test sends, and a host that it lets start, fail and stop. */
function setup(t: ExecutionContext, flags: string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-start-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const game = join(folder, 'game.ts');
  writeFileSync(game, '');

  const written = { stdout: '', stderr: '' };
  const exits: (number | 'killed')[] = [];
  let listener = (_: StopSignal): void => {};
  const shell: Shell = {
    env: {},
    stdout(text) {
      written.stdout += text;
    },
    stderr(text) {
      written.stderr += text;
    },
    onSignal(one) {
      listener = one;
    },
    exit: (code) => void exits.push(code),
    kill: () => void exits.push('killed'),
    launcher: undefined,
  };
  const stopped = deferred<void>();
  const stopping = deferred<void>();
  const failed = deferred<Error>();
  const host: StartedHost = {
    gameName: 'deep-ping',
    port: 4000,
    adminPort: 4001,
    store: 'lmdb in ./data',
    failed: failed.promise,
    stop() {
      stopping.resolve();
      return stopped.promise;
    },
  };
  const line = parseCommandLine([`--game=${game}`, '--log-level=silent', ...flags], {});
  return {
    written,
    exits,
    host,
    stopped,
    stopping,
    failed,
    signal: (signal: StopSignal) => listener(signal),
    run: (startHost: StartHost, startingMsMax?: number) => start(line, shell, startHost, startingMsMax),
  };
}

function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

test('the banner says what runs, where, and how to stop it', async (t) => {
  const { run, host, signal, stopped, written } = setup(t, ['--workers=3', '--store=memory']);
  stopped.resolve();
  const code = run(async () => {
    queueMicrotask(() => signal('SIGTERM'));
    return host;
  });
  t.is(await code, 0);
  const lines = written.stdout.split('\n');
  t.regex(lines[0]!, /^skerry \d+\.\d+\.\d+.*: deep-ping on 3 nodes$/);
  t.deepEqual(lines.slice(1), [
    '  page   http://127.0.0.1:4000/',
    '  admin  http://127.0.0.1:4001/',
    '  store  lmdb in ./data',
    '  stop   Ctrl+C or SIGTERM drains; a second one exits at once',
    '',
  ]);
  t.is(written.stderr, '');
});

test('the first signal drains, the second one exits at once with the code of the signal', async (t) => {
  const { run, host, signal, stopping, stopped, exits } = setup(t);
  const code = run(async () => host);
  await Promise.resolve();
  signal('SIGINT');
  await stopping.promise;
  t.deepEqual(exits, []);
  signal('SIGINT');
  signal('SIGTERM');
  t.deepEqual(exits, [130, 143]);
  stopped.resolve();
  t.is(await code, 0);
});

test('a signal while it starts is kept', async (t) => {
  const { run, host, signal, stopping, stopped } = setup(t);
  const starting = deferred<StartedHost>();
  const code = run(() => starting.promise);
  signal('SIGTERM');
  starting.resolve(host);
  await stopping.promise;
  stopped.resolve();
  t.is(await code, 0);
});

test('a host that never comes up ends with the code of the signal', async (t) => {
  const { run, signal } = setup(t);
  const code = await run(() => {
    queueMicrotask(() => signal('SIGTERM'));
    return new Promise(() => {});
  }, 1);
  t.is(code, 143);
});

test('a host that cannot stop in order leaves with 1', async (t) => {
  const { run, host, signal, stopped } = setup(t);
  stopped.reject(new Error('stuck'));
  const code = run(async () => host);
  signal('SIGTERM');
  t.is(await code, 1);
});

test('a host that fails while it runs is stopped, says why and leaves with 1', async (t) => {
  const { run, host, failed, stopping, stopped, written } = setup(t);
  const code = run(async () => host);
  failed.resolve(new Error('onStart failed: Error: boom\n    at onStart (file:///x/game.ts:3:9)'));
  await stopping.promise;
  stopped.resolve();
  t.is(await code, 1);
  t.is(written.stderr, 'skerry: onStart failed: Error: boom\n');
});

test('what the game gets, and what stands behind --', async (t) => {
  const { run, host, signal, stopped } = setup(t, ['--workers=2', '--', '--bots=50']);
  stopped.resolve();
  let seen: unknown;
  const code = run(async (config, gameArgs) => {
    seen = [config.workers, gameArgs];
    return host;
  });
  signal('SIGTERM');
  await code;
  t.deepEqual(seen, [2, ['--bots=50']]);
});

const failures: [string, unknown, RegExp | string][] = [
  [
    'the port of the gateway is in use',
    Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', port: 7070 }),
    'port 7070 is in use: stop the other program or choose another with --port=P (0 is any free port)',
  ],
  [
    'the admin port is in use',
    Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', port: 7071 }),
    'port 7071 is in use: stop the other program or choose another with --admin-port=P (0 is any free port)',
  ],
  [
    'a port needs more rights',
    Object.assign(new Error('listen EACCES'), { code: 'EACCES', port: 80 }),
    'port 80 is not for this user: choose one above 1023 with --port=P',
  ],
  [
    'an address is not of this machine',
    Object.assign(new Error('x'), { code: 'EADDRNOTAVAIL', address: '10.9.8.7', port: 7070 }),
    "this machine has no address '10.9.8.7': choose one with --address=ADDR",
  ],
  ['a game does not compile', new Error('game.ts:3:4: Unexpected "}"'), 'game.ts:3:4: Unexpected "}"'],
  [
    'a message carries a stack',
    new Error('x failed\n    at f (file:///a.js:1:2)\n    at node:internal/x:3:4'),
    'x failed',
  ],
  ['an error says nothing', new RangeError(), 'RangeError'],
  ['something else is thrown', 'text', 'text'],
];
for (const [title, error, message] of failures) {
  test(`start fails in one line: ${title}`, async (t) => {
    const { run, written } = setup(t);
    t.is(await run(() => Promise.reject(error)), 1);
    t.is(written.stderr, `skerry: ${message}\n`);
    t.is(written.stdout, '');
  });
}

test('a game that is not there is refused before anything starts', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-start-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const refused = (game: string) =>
    t.throwsAsync(
      setup(t, [`--game=${game}`]).run(() => Promise.reject(new Error('not reached'))),
      {
        instanceOf: UsageError,
      },
    );
  t.is(
    (await refused(join(folder, 'x.ts')))!.message,
    `game file ${folder}/x.ts does not exist; name one with --game=FILE`,
  );
  t.is((await refused(folder))!.message, `${folder} is a folder; name its game file with --game=FILE`);
  writeFileSync(join(folder, 'game.ts'), '');
  t.is((await refused(folder))!.message, `${folder} is a folder; did you mean --game=${folder}/game.ts?`);
});
