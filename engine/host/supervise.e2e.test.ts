import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { gameFile } from '../testing/fixture-game.fixture.ts';

/** This file runs as build/engine/host/supervise.e2e.test.js. */
const MAIN = fileURLToPath(new URL('../../../engine/main.js', import.meta.url));

class Run {
  output = '';
  readonly child: ChildProcess;
  private readonly exited: Promise<number | null>;
  private readonly waiting: (() => void)[] = [];

  constructor(t: ExecutionContext, ...args: string[]) {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME };
    const all = [
      MAIN,
      `--game=${gameFile('perilous')}`,
      '--port=0',
      '--admin-port=0',
      '--workers=2',
      '--log-format=json',
      ...args,
    ];
    this.child = spawn(process.execPath, all, { env });
    t.teardown(async () => {
      this.child.kill('SIGTERM');
      const impatience = setTimeout(() => this.child.kill('SIGKILL'), 15_000);
      await this.exited;
      clearTimeout(impatience);
    });
    for (const stream of [this.child.stdout!, this.child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        for (const look of this.waiting) look();
      });
    }
    this.exited = once(this.child, 'close').then(([code]) => {
      for (const look of this.waiting) look();
      return code;
    });
  }

  /** Resolves once the output matches, so many times. */
  async sees(pattern: RegExp, times = 1): Promise<void> {
    const global = new RegExp(pattern, 'g');
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if ((this.output.match(global)?.length ?? 0) >= times) resolve();
        else if (this.child.exitCode !== null) reject(new Error(`ended without ${pattern}:\n${this.output}`));
      };
      this.waiting.push(look);
      look();
    });
  }

  exit(): Promise<number | null> {
    return this.exited;
  }
}

test.serial('a node that dies again and again ends the host, with one line', async (t) => {
  t.timeout(60_000);
  const run = new Run(t, '--', '--do=exit');
  t.is(await run.exit(), 1);
  t.regex(run.output, /^skerry: Node 1 was lost for good, it died too often\. The last time: .*$/m);
  t.is(run.output.match(/"msg":"a node died"/g)?.length, 4);
  t.is(run.output.match(/game started/g)?.length, 1);
});

test.serial(
  'memory that takes the whole process: the launcher starts it again, and the second time knows of what it died',
  async (t) => {
    t.timeout(120_000);
    const run = new Run(t, '--supervise', '--workers=1', '--heap-mb=64', '--', '--do=eatArray');
    await run.sees(/"msg":"the host ended; starting it again"/, 2);
    await run.sees(/eatArray 1: quarantined/);
    const [first] = run.output.split('\n').filter((line) => line.includes('the host ended; starting it again'));
    t.like(JSON.parse(first!).suspects, [{ type: 'Perilous', operation: 'Perilous.eatArray' }]);
  },
);

test.serial('native code that does not end: the host ends itself to be rid of it', async (t) => {
  t.timeout(120_000);
  const run = new Run(t, '--supervise', '--workers=1', '--hang-ms=600', '--', '--do=native');
  await run.sees(/does not end: the host ends itself to be restarted/, 2);
  await run.sees(/native 1: quarantined/);
  t.pass();
});

test.serial('without a launcher a node in native code is waited for, and replaced', async (t) => {
  t.timeout(60_000);
  const run = new Run(t, '--hang-ms=600', '--', '--do=native');
  await run.sees(/does not end: waiting for it/);
  await run.sees(/native 1: node-lost/);
  await run.sees(/"msg":"a node was replaced"/);
  t.pass();
});

test.serial('a launcher passes signals and exit codes on, and a mistake is no reason to try again', async (t) => {
  t.timeout(60_000);
  const run = new Run(t, '--supervise');
  await run.sees(/game started/);
  run.child.kill('SIGTERM');
  t.is(await run.exit(), 0);
  t.regex(run.output, /"msg":"stopped"/);
  const wrong = new Run(t, '--supervise', '--game=nowhere.ts');
  t.is(await wrong.exit(), 1);
  t.is(wrong.output.match(/does not exist/g)?.length, 1);
});

test.serial('a host that is killed is started again; one whose launcher is killed ends', async (t) => {
  t.timeout(60_000);
  const run = new Run(t, '--supervise');
  await run.sees(/game started/);
  const pids = () => run.output.match(/"pid":(\d+)/g)?.map((text) => Number(text.slice(6))) ?? [];
  await run.sees(/"msg":"the host runs"/);
  process.kill(pids()[0]!, 'SIGKILL');
  await run.sees(/game started/, 2);
  await run.sees(/"msg":"the host runs"/, 2);
  run.child.kill('SIGKILL');
  await run.sees(/"msg":"stopped"/).catch(() => {});
  await run.exit();
  t.regex(run.output, /"msg":"stopped"/);
});

test.serial('a process that was stopped for a while has no dead nodes', async (t) => {
  t.timeout(60_000);
  const run = new Run(t, '--hang-ms=900');
  await run.sees(/game started/);
  const admin = /admin +(http:\S+)/.exec(run.output)![1];
  run.child.kill('SIGSTOP');
  // Time itself is what is tested.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  run.child.kill('SIGCONT');
  // It lives long enough to be found dead.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const nodes = (await (await fetch(`${admin}api/nodes`)).json()) as { restarts?: number }[];
  t.deepEqual(
    nodes.map(({ restarts }) => restarts),
    [0, 0, undefined],
  );
});
