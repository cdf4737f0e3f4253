import test, { type ExecutionContext } from 'ava';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { HostProcess } from '../testing/host-process.fixture.ts';

function perilous(t: ExecutionContext, ...args: string[]): HostProcess {
  const game = `--game=${gameFile('perilous')}`;
  return new HostProcess(t, [game, '--port=0', '--admin-port=0', '--workers=2', '--log-format=json', ...args]);
}

test.serial('a node that dies again and again ends the host, with one line', async (t) => {
  t.timeout(60_000);
  const run = perilous(t, '--', '--do=exit');
  t.is(await run.exited(), 1);
  t.regex(run.output, /^skerry: Node 1 was lost for good, it died too often\. The last time: .*$/m);
  t.is(run.output.match(/"msg":"a node died"/g)?.length, 4);
  t.is(run.output.match(/game started/g)?.length, 1);
});

test.serial(
  'memory that takes the whole process: the launcher starts it again, and the second time knows of what it died',
  async (t) => {
    t.timeout(120_000);
    const run = perilous(t, '--supervise', '--workers=1', '--heap-mb=64', '--', '--do=eatArray');
    await run.prints(/"msg":"the host ended; starting it again"/, 'output', 2);
    await run.prints(/eatArray 1: quarantined/);
    const [first] = run.output.split('\n').filter((line) => line.includes('the host ended; starting it again'));
    t.like(JSON.parse(first!).suspects, [{ type: 'Perilous', operation: 'Perilous.eatArray' }]);
  },
);

test.serial('native code that does not end: the host ends itself to be rid of it', async (t) => {
  t.timeout(120_000);
  const run = perilous(t, '--supervise', '--workers=1', '--hang-ms=600', '--', '--do=native');
  await run.prints(/does not end: the host ends itself to be restarted/, 'output', 2);
  await run.prints(/native 1: quarantined/);
  t.pass();
});

test.serial('without a launcher a node in native code is waited for, and replaced', async (t) => {
  t.timeout(60_000);
  const run = perilous(t, '--hang-ms=600', '--', '--do=native');
  await run.prints(/does not end: waiting for it/);
  await run.prints(/native 1: node-lost/);
  await run.prints(/"msg":"a node was replaced"/);
  t.pass();
});

test.serial('a launcher passes signals and exit codes on, and a mistake is no reason to try again', async (t) => {
  t.timeout(60_000);
  const run = perilous(t, '--supervise');
  await run.prints(/game started/);
  run.signal('SIGTERM');
  t.is(await run.exited(), 0);
  t.regex(run.output, /"msg":"stopped"/);
  const wrong = perilous(t, '--supervise', '--game=nowhere.ts');
  t.is(await wrong.exited(), 1);
  t.is(wrong.output.match(/does not exist/g)?.length, 1);
});

test.serial('a host that is killed is started again; one whose launcher is killed ends', async (t) => {
  t.timeout(60_000);
  const run = perilous(t, '--supervise');
  await run.prints(/game started/);
  const pids = () => run.output.match(/"pid":(\d+)/g)?.map((text) => Number(text.slice(6))) ?? [];
  await run.prints(/"msg":"the host runs"/);
  process.kill(pids()[0]!, 'SIGKILL');
  await run.prints(/game started/, 'output', 2);
  await run.prints(/"msg":"the host runs"/, 'output', 2);
  run.signal('SIGKILL');
  await run.prints(/"msg":"stopped"/).catch(() => {});
  await run.exited();
  t.regex(run.output, /"msg":"stopped"/);
});

test.serial('a process that was stopped for a while has no dead nodes', async (t) => {
  t.timeout(60_000);
  const run = perilous(t, '--hang-ms=900');
  await run.prints(/game started/);
  run.signal('SIGSTOP');
  // Time itself is what is tested.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  run.signal('SIGCONT');
  // It lives long enough to be found dead.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const nodes = (await run.ask('api/nodes')) as { restarts?: number }[];
  t.deepEqual(
    nodes.map(({ restarts }) => restarts),
    [0, 0, undefined],
  );
});
