import { fileURLToPath } from 'node:url';
import test from 'ava';
import { DeadlockError } from 'skerry';
import { startCluster } from 'skerry/testing';
import { Account } from './contracts.ts';

/** This file runs as build/games/bank/bank.test.js. */
const game = fileURLToPath(new URL('../../../games/bank/game.ts', import.meta.url));

test('transfers of two accounts to each other: one is refused at the most, and no money is lost', async (t) => {
  const cluster = await startCluster({ game, nodes: 2, onStart: false, clock: 'real' });
  t.teardown(() => cluster.stop());
  const [a, b] = [cluster.idOn(0, Account), cluster.idOn(1, Account)];
  const outcomes = await Promise.allSettled(
    Array.from({ length: 200 }, (_, i) =>
      i % 2 === 0 ? cluster.getProxy(Account, a).transfer(b, 3) : cluster.getProxy(Account, b).transfer(a, 3),
    ),
  );
  let refused = 0;
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue;
    refused++;
    t.true(outcome.reason instanceof DeadlockError, String(outcome.reason));
  }
  t.is(refused, cluster.count('deadlocks'));
  t.true(refused < outcomes.length);
  t.is((await cluster.getProxy(Account, a).balance()) + (await cluster.getProxy(Account, b).balance()), 2000);
});
