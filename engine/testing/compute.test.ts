import test from 'ava';
import { gameFile } from './fixture-game.fixture.ts';
import { Reckoner } from './games/reckoner/contracts.fixture.ts';
import { startCluster } from './start-cluster.ts';

test('a cluster of a test computes on its own thread, with the same values and errors', async (t) => {
  const cluster = await startCluster({ game: gameFile('reckoner') });
  t.teardown(() => cluster.stop());
  const value = { map: new Map([[1, -0]]), bytes: new Uint8Array([1]) };
  for (const node of [0, 1]) {
    const reckoner = cluster.getProxy(Reckoner, cluster.idOn(node, Reckoner));
    t.deepEqual(await reckoner.reckon('echo', value), value);
    t.true(((await reckoner.reckon('where', null)) as { isMainThread: boolean }).isMainThread !== undefined);
    await t.throwsAsync(reckoner.reckon('fail', 'game'), { name: 'GameError', message: 'no-path' });
    await t.throwsAsync(reckoner.reckon('fail', 'plain'), { name: 'RemoteError', message: 'boom' });
    await t.throwsAsync(reckoner.reckon('nothing', 1), { message: /no compute function 'nothing'/ });
  }
  t.deepEqual(await cluster.compute('echo', value), value);
});

test('settled waits for what computes', async (t) => {
  const cluster = await startCluster({ game: gameFile('reckoner') });
  t.teardown(() => cluster.stop());
  cluster.getProxy(Reckoner, 1).forget('echo', 1);
  await cluster.settled();
  t.is(cluster.count('callsCompleted'), 1);
  t.deepEqual(cluster.log.errors, []);
});
