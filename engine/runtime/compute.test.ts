import test from 'ava';
import { GameError, RemoteError, UnavailableError } from '../base/errors.ts';
import { CapturedLog } from '../testing/captured-log.ts';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { Reckoner } from '../testing/games/reckoner/contracts.fixture.ts';
import { InlineCompute } from '../testing/inline-compute.ts';
import { LocalHost } from '../testing/local-host.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import type { ComputeFunction } from './compute.ts';
import { failureOf } from './probe-host.fixture.ts';

const { catalogue } = await loadFixtureGame('reckoner');

/** Two nodes and one behind which functions run, on this thread and on a clock that stands still. */
function startReckoners(t: { teardown(ending: () => void): void }) {
  const aborts: string[] = [];
  const functions: Record<string, ComputeFunction> = {
    echo: (input) => input,
    fail: () => {
      throw new GameError('no-path', { at: -0 });
    },
    broken: () => {
      throw new RangeError('boom');
    },
    wait: (_, signal) =>
      new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          aborts.push((signal.reason as Error).name);
          reject(signal.reason);
        }),
      ),
  };
  const compute = new InlineCompute(
    new Map(Object.entries(functions).map(([name, run]) => [name, () => run])),
    new CapturedLog(),
  );
  const host = new LocalHost(catalogue, { nodes: 2, compute, clock: new ManualClock() });
  t.teardown(() => host.stop());
  const reckoner = (node: number): Reckoner => host.view().getProxy(Reckoner, host.idOn(node, Reckoner));
  return { host, compute, aborts, reckoner };
}

test('a call goes to the node with the threads and comes back, from every node', async (t) => {
  const { host, reckoner } = startReckoners(t);
  const value = { map: new Map([[1, -0]]), none: undefined, bytes: new Uint8Array([1]) };
  for (const node of [0, 1]) t.deepEqual(await reckoner(node).reckon('echo', value), value);
  for (const node of [0, 1, 2]) t.deepEqual(await host.view(node).compute('echo', value), value);
  const error = await failureOf(reckoner(1).reckon('fail', null));
  t.true(error instanceof GameError);
  t.deepEqual([error.code, error.data], ['no-path', { at: -0 }]);
  t.true((await failureOf(reckoner(1).reckon('broken', null))) instanceof RemoteError);
});

test('a deadline reaches the function, that of the call which the entity works on included', async (t) => {
  const { host, compute, aborts } = startReckoners(t);
  const direct = failureOf(host.view().compute('wait', null, { timeout: '5s' }));
  const id = host.idOn(1, Reckoner);
  const nested = failureOf(host.view().getProxy(Reckoner, id, { timeout: '7s' }).reckonWithin('wait', null, 0));
  await host.settled();
  t.is(compute.running, 2);
  await host.advance(4999);
  t.is(compute.running, 2);
  await host.advance(2);
  t.is((await direct).name, 'CallTimeoutError');
  t.is(compute.running, 1);
  await host.advance(2000);
  t.is((await nested).name, 'CallTimeoutError');
  t.is(compute.running, 0);
  t.deepEqual(aborts, ['CallTimeoutError', 'CallTimeoutError']);
  // Nothing was answered to somebody who had gone.
  t.is(host.count('repliesLate'), 1);
});

test('an abort reaches the function across nodes, and nothing is left of the call', async (t) => {
  const { host, compute, aborts, reckoner } = startReckoners(t);
  const call = failureOf(reckoner(1).reckonUntil('wait', null));
  await host.settled();
  t.is(compute.running, 1);
  reckoner(1).giveUp();
  t.is((await call).message, 'enough');
  await host.settled();
  t.is(compute.running, 0);
  t.deepEqual(aborts, ['AbortError']);
  t.is(host.nodes[2]!.figures().gauges.timers, 0);
});

test('what a lost node computed is ended, that of others goes on', async (t) => {
  const { host, compute, aborts, reckoner } = startReckoners(t);
  const lost = failureOf(reckoner(1).reckon('wait', null));
  const kept = failureOf(reckoner(0).reckonUntil('wait', null));
  await host.settled();
  t.is(compute.running, 2);
  host.kill(1);
  host.replace(1);
  await host.settled();
  t.is((await lost).code, 'node-lost');
  t.is(compute.running, 1);
  t.deepEqual(aborts, ['AbortError']);
  reckoner(0).giveUp();
  t.is((await kept).message, 'enough');
});

test('a node without threads refuses', async (t) => {
  const host = new LocalHost(catalogue, { nodes: 1 });
  t.teardown(() => host.stop());
  const error = await failureOf(host.view().compute('echo', 1));
  t.true(error instanceof UnavailableError);
});
