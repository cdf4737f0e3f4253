import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { buildGame } from '../../codegen/build.ts';
import { decodeCbor, encodeCbor } from '../../transport/codec/cbor.ts';
import { NodeDownError, OverloadedError, UnavailableError } from '../base/errors.ts';
import { decodeError } from '../runtime/remote-error.ts';
import { CapturedLog } from '../testing/captured-log.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { ComputePool, type ComputePoolOptions } from './compute-pool.ts';

const file = gameFile('reckoner');
const { modules } = await buildGame(file);
const functions = new Map(
  ['echo', 'where', 'fail', 'spin', 'wait', 'crash'].map((name) => [
    name,
    modules[join(dirname(file), 'compute', `${name}.fixture.ts`)]!,
  ]),
);

function startPool(t: ExecutionContext, options: Partial<ComputePoolOptions> = {}) {
  const log = new CapturedLog();
  const pool = new ComputePool({ functions, threadsMax: 1, log, ...options });
  t.teardown(() => pool.stop());
  const run = async (name: string, input: unknown, signal = new AbortController().signal): Promise<any> => {
    const outcome = await pool.run(name, encodeCbor(input), signal);
    if ('error' in outcome) throw decodeError(outcome.error);
    return decodeCbor(outcome.value);
  };
  return { pool, run, log, gauge: () => pool.figures().gauges, counter: () => pool.figures().counters };
}

/** Turns of the event loop until it holds; the test's own timeout ends what never does. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('there is no thread before the first call, and none some time after the last', async (t) => {
  const { run, gauge } = startPool(t, { idleMs: 50 });
  t.deepEqual(gauge(), { computeRunning: 0, computeWaiting: 0, computeThreads: 0 });
  const { isMainThread, threadId } = await run('where', null);
  t.false(isMainThread);
  t.is((await run('where', null)).threadId, threadId);
  t.is(gauge().computeThreads, 1);
  await until(() => gauge().computeThreads === 0);
  t.not((await run('where', null)).threadId, threadId);
});

test('calls beyond the threads wait in order, and beyond the bound are refused', async (t) => {
  const { run, gauge, counter } = startPool(t, { waitingMax: 2 });
  const ended: string[] = [];
  const calls = [run('spin', 30).then(() => ended.push('first'))];
  for (const name of ['second', 'third']) calls.push(run('echo', name).then((value) => ended.push(value)));
  t.deepEqual(gauge(), { computeRunning: 1, computeWaiting: 2, computeThreads: 0 });
  const error = await t.throwsAsync<OverloadedError>(run('echo', 'fourth'), { instanceOf: OverloadedError });
  t.like(error, { code: 'calls-exhausted', outcome: 'notExecuted' });
  t.true(error!.retryAfterMs > 0);
  await Promise.all(calls);
  t.deepEqual(ended, ['first', 'second', 'third']);
  t.is(await run('echo', 'again'), 'again');
  t.deepEqual(counter(), { computeDone: 4, computeFailed: 1 });
});

test('bytes that wait are bounded, too', async (t) => {
  const { run } = startPool(t, { waitingBytesMax: 1000 });
  const first = run('spin', 20);
  const second = run('echo', 'x'.repeat(900));
  await t.throwsAsync(run('echo', 'x'.repeat(900)), { instanceOf: OverloadedError });
  t.is((await Promise.all([first, second]))[1].length, 900);
  t.is((await run('echo', 'x'.repeat(900))).length, 900);
});

test('a function that never ends is ended with its thread, and what waits goes on', async (t) => {
  const { run, gauge } = startPool(t);
  const controller = new AbortController();
  const endless = run('spin', undefined, controller.signal);
  const waiting = run('echo', 'next');
  await until(() => gauge().computeThreads === 1);
  controller.abort(new Error('enough'));
  await t.throwsAsync(endless, { message: 'enough' });
  t.is(await waiting, 'next');
});

test('a function hears of the abort, and one that stops keeps its thread', async (t) => {
  // Time enough on any machine: the thread goes on only if nothing ended it.
  const { run, pool } = startPool(t, { graceMs: 60_000 });
  const { threadId } = await run('where', null);
  const folder = mkdtempSync(join(tmpdir(), 'skerry-compute-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'told');
  const text = (): string | undefined => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return undefined;
    }
  };
  const controller = new AbortController();
  const call = pool.run('wait', encodeCbor(path), controller.signal);
  await until(() => text() === '');
  controller.abort(new DOMException('nobody waits', 'AbortError'));
  await call;
  t.is(text(), 'AbortError');
  t.is((await run('where', null)).threadId, threadId);
});

test('a call that is aborted while it waits never runs', async (t) => {
  const { run, gauge } = startPool(t);
  const first = run('spin', 30);
  const controller = new AbortController();
  const second = run('spin', undefined, controller.signal);
  controller.abort(new Error('not any more'));
  await t.throwsAsync(second, { message: 'not any more' });
  t.is(gauge().computeWaiting, 0);
  await first;
  t.is(await run('echo', 1), 1);
});

for (const [how, message] of [
  ['exit', /exited with code: 3/],
  ['callback', /thrown by a callback/],
  ['rejection', /nobody handled it/],
  ['memory', /memory/],
] as const) {
  test(`a function that ends its thread fails its own call and no other: ${how}`, async (t) => {
    const { run, log } = startPool(t, { threadsMax: 2, heapMb: 32 });
    const other = run('spin', 300);
    const crashed = run('crash', how);
    const waiting = [run('echo', 1), run('echo', 2)];
    const error = await t.throwsAsync<NodeDownError>(crashed, { instanceOf: NodeDownError, message });
    t.like(error, { code: 'node-lost', outcome: 'unknown' });
    t.regex(error!.message, /^compute 'crash': the thread that ran it has ended: /);
    t.is(await other, 300);
    t.deepEqual(await Promise.all(waiting), [1, 2]);
    t.is(log.lines.filter(({ message }) => message === 'a compute function ended its thread').length, 1);
  });
}

test('what a function leaves behind goes off between calls, is logged, and harms none', async (t) => {
  const { run, log, gauge } = startPool(t);
  t.is(await run('crash', 'afterwards'), 'done');
  const channel = new BroadcastChannel('crash afterwards');
  channel.postMessage('now');
  t.teardown(() => channel.close());
  await until(() => gauge().computeThreads === 0);
  t.is(log.lines.filter(({ level }) => level === 'error').length, 1);
  t.is(await run('echo', 1), 1);
});

test('stopping ends what runs and refuses what waits and comes', async (t) => {
  const { run, pool, gauge, log } = startPool(t);
  const running = run('spin', undefined);
  const waiting = run('echo', 1);
  await until(() => gauge().computeThreads === 1);
  const stopped = pool.stop();
  await t.throwsAsync(running, { instanceOf: NodeDownError });
  await t.throwsAsync(waiting, { instanceOf: UnavailableError });
  await t.throwsAsync(run('echo', 1), { instanceOf: UnavailableError });
  await stopped;
  t.deepEqual(log.lines, []);
  t.deepEqual(gauge(), { computeRunning: 0, computeWaiting: 0, computeThreads: 0 });
});
