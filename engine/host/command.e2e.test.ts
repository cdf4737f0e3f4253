import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { HostProcess } from '../testing/host-process.fixture.ts';

const FREE_PORTS = ['--port=0', '--admin-port=0', '--workers=1'];

const contracts = `
import { contract, type int32 } from 'skerry';
export interface Counter { add(n: int32): Promise<int32>; hang(): Promise<void>; fail(): void }
export const Counter = contract<Counter>('Counter', { add: {}, hang: { timeout: '1h' }, fail: {} });
`;

/** A game with one entity, whose onStart is `body`. */
const game = (body: string): string => `
import { defineGame, entity, NodeEntity, type int32 } from 'skerry';
import { Counter } from './contracts.ts';
class CounterEntity extends NodeEntity implements Counter {
  total = 0;
  async add(n: int32): Promise<int32> { return (this.total += n); }
  hang(): Promise<void> { return this.sleep('1h'); }
  fail(): void { throw new Error('from a void operation'); }
}
export default defineGame({
  name: 'count',
  entities: [entity(Counter, CounterEntity)],
  async onStart(node) { const counter = node.getProxy(Counter, 1); ${body} },
});
`;

/** A folder with a game in it, gone after the test. */
function folderOf(t: ExecutionContext, files: Record<string, string>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'skerry-command-')));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function startGame(t: ExecutionContext, body: string, flags: readonly string[] = []): HostProcess {
  const folder = folderOf(t, { 'game.ts': game(body), 'contracts.ts': contracts });
  return new HostProcess(t, [`--game=${join(folder, 'game.ts')}`, ...FREE_PORTS, ...flags]);
}

/** Leaves with `code`, one message of one line on stderr, nothing on stdout. */
async function refused(t: ExecutionContext, args: readonly string[], message: RegExp, code = 1): Promise<void> {
  const run = new HostProcess(t, args);
  t.is(await run.exited(), code, run.stderr);
  t.regex(run.stderr, message);
  t.is(run.stderr.trimEnd().split('\n').length, 1, run.stderr);
  t.is(run.stdout, '');
}

test.serial('start serves, answers on the admin port, and drains at SIGTERM', async (t) => {
  const run = startGame(t, "console.log('total', await counter.add(41), await counter.add(1));");
  await run.prints(/^total 41 42$/m, 'stdout');
  const page = await run.address('page');
  const admin = await run.address('admin');
  t.regex(run.stdout, /^skerry \d+\.\d+\.\d+\S*: count on 1 node$/m);

  const get = async (url: string) => {
    const response = await fetch(url);
    return [response.status, await response.text()] as const;
  };
  t.deepEqual(await get(`${admin}healthz`), [200, 'ok']);
  t.deepEqual(await get(`${admin}readyz`), [200, 'ready']);
  t.regex((await get(`${admin}metrics`))[1], /^skerry_turns_run_total\{node="0"\} [1-9]/m);
  t.is((await get(`${admin}nothing`))[0], 404);
  t.true((await get(page))[0] >= 200);

  run.signal('SIGTERM');
  t.is(await run.exited(), 0);
  for (const line of run.stderr.trimEnd().split('\n')) t.notThrows(() => JSON.parse(line), line);
});

test.serial('SIGINT drains as well; logs are silent when asked', async (t) => {
  const run = startGame(t, "console.log('up');", ['--log-level=silent']);
  await run.prints(/^up$/m, 'stdout');
  run.signal('SIGINT');
  t.is(await run.exited(), 0);
  t.is(run.stderr, '');
});

test.serial('a second signal exits at once', async (t) => {
  const run = startGame(t, "void counter.hang(); await counter.add(1); console.log('hanging');");
  await run.prints(/^hanging$/m, 'stdout');
  run.signal('SIGTERM');
  await run.prints(/draining/, 'stderr');
  run.signal('SIGTERM');
  t.is(await run.exited(), 143);
});

test.serial('what the game prints reaches stdout unchanged, and its flags reach the game', async (t) => {
  const body = "process.stdout.write('no line end, ünï'); console.log(JSON.stringify(process.argv.slice(2)));";
  const run = startGame(t, body, ['--', '--bots=50', 'x y']);
  const [, args] = await run.prints(/no line end, ünï(.*)\n/, 'stdout');
  t.deepEqual(JSON.parse(args!), ['--', '--bots=50', 'x y']);
  run.signal('SIGTERM');
  t.is(await run.exited(), 0);
});

test.serial('onStart that throws ends the host, which says so', async (t) => {
  const run = startGame(t, "throw new Error('no world to load');");
  t.is(await run.exited(), 1);
  t.regex(run.stderr.trimEnd().split('\n').at(-1)!, /^skerry: .*no world to load/);
});

test.serial('an error in a void operation is logged and ends nothing', async (t) => {
  const run = startGame(t, "counter.fail(); console.log('still', await counter.add(1));");
  await run.prints(/^still 1$/m, 'stdout');
  await run.prints(/from a void operation/, 'stderr');
  run.signal('SIGTERM');
  t.is(await run.exited(), 0);
});

test.serial('a port in use names the port and the flag', async (t) => {
  const server = createServer().listen(0);
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  const folder = folderOf(t, { 'game.ts': game(''), 'contracts.ts': contracts });
  const flags = [`--game=${join(folder, 'game.ts')}`, '--workers=1', '--log-level=silent'];
  const inUse = (flag: string) => new RegExp(`^skerry: port ${port} is in use: .*--${flag}=P`);
  await refused(t, [...flags, `--port=${port}`, '--admin-port=0'], inUse('port'));
  const admin = createServer().listen(0, '127.0.0.1');
  await once(admin, 'listening');
  t.teardown(() => admin.close());
  const adminPort = (admin.address() as AddressInfo).port;
  await refused(
    t,
    [...flags, `--admin-port=${adminPort}`, '--port=0'],
    new RegExp(`^skerry: port ${adminPort} is in use: .*--admin-port=P`),
  );
});

test.serial('mistakes are refused in one line', async (t) => {
  await refused(t, ['--prot=1'], /^skerry: unknown flag --prot=1; did you mean --port\?/);
  await refused(
    t,
    ['--game=nowhere.ts'],
    /^skerry: game file \S+nowhere\.ts does not exist; name one with --game=FILE/,
  );
});

const broken: [string, string, RegExp][] = [
  ['a syntax error', 'export default {', /game\.ts:1:1?/],
  ['an import that is not there', "import './nowhere.ts';\nexport default {};", /nowhere\.ts/],
  ['no default export', 'export const x = 1;', /default export/],
  ['a default export that is no game', 'export default 7;', /default export/],
  ['a throw while it is loaded', "throw new Error('early');", /early/],
];
for (const [title, text, message] of broken) {
  test.serial(`refused without a stack: a game with ${title}`, async (t) => {
    const folder = folderOf(t, { 'game.ts': text });
    const run = new HostProcess(t, [`--game=${join(folder, 'game.ts')}`, '--log-level=silent', ...FREE_PORTS]);
    t.is(await run.exited(), 1);
    t.regex(run.stderr, message);
    t.regex(run.stderr, /^skerry: /);
    t.notRegex(run.stderr, /^\s+at /m);
    t.is(run.stdout, '');
  });
}

test.serial('help', async (t) => {
  const help = new HostProcess(t, ['--help']);
  t.is(await help.exited(), 0);
  t.regex(help.stdout, /--admin-port=P/);
});

test.serial('what is not built yet says so and leaves with 2', (t) =>
  refused(t, ['drain'], /^skerry: 'drain' is not implemented yet$/m, 2),
);

test.serial('check builds and type-checks a game outside of this repository', async (t) => {
  const good = folderOf(t, { 'game.ts': game(''), 'contracts.ts': contracts });
  const fits = new HostProcess(t, ['check', '--game=game.ts'], { cwd: good });
  t.is(await fits.exited(), 0, fits.stderr);
  t.is(fits.stdout, 'game.ts: builds, and its types fit\n');

  const bad = folderOf(t, { 'game.ts': game("await counter.add('one');"), 'contracts.ts': contracts });
  const clashes = new HostProcess(t, ['check', '--game=game.ts'], { cwd: bad });
  t.is(await clashes.exited(), 1);
  t.regex(clashes.stderr, /game\.ts\(13,\d+\): error TS2345/);
});
