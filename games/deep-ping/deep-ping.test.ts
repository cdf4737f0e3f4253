import { fileURLToPath } from 'node:url';
import test from 'ava';
import { startCluster } from 'skerry/testing';
import { DeepPinger } from './contracts.ts';

/** This file runs as build/games/deep-ping/deep-ping.test.js. */
const game = fileURLToPath(new URL('../../../games/deep-ping/game.ts', import.meta.url));

test('a ping goes through as many entities as it should, on all nodes', async (t) => {
  const cluster = await startCluster({ game, nodes: 3, onStart: false });
  t.teardown(() => cluster.stop());
  t.is(await cluster.getProxy(DeepPinger, 5).ping(42, 30), 42);
  const nodes = new Set<number>();
  for await (const id of cluster.list(DeepPinger)) nodes.add(cluster.inspect(DeepPinger, id).node);
  t.is(nodes.size, 3);
  t.is(cluster.count('turnsRun'), 30);
});

test('when the game starts, ten hops come back and a poke is logged', async (t) => {
  const cluster = await startCluster({ game });
  t.teardown(() => cluster.stop());
  t.like(await cluster.logged('poked'), { fields: { entity: 'DeepPinger', id: '5', text: 'hello from onStart' } });
  t.deepEqual(cluster.log.errors, []);
});
