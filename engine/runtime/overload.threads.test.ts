import test, { type ExecutionContext } from 'ava';
import type { Contract } from '../contract/contract.ts';
import { startHost } from '../host/embed.ts';
import type { Host } from '../host/host-options.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Mill, Presser } from '../testing/games/rush/contracts.fixture.ts';

async function startRush(t: ExecutionContext, workers: number) {
  const options = { port: 0, adminPort: 0, store: 'memory', logLevel: 'silent' } as const;
  const host = await startHost({ ...options, game: gameFile('rush'), workers });
  t.teardown(() => host.stop());
  return {
    mill: await idOn(host, Mill, 1),
    presserOn: async (node: number) => host.getProxy(Presser, await idOn(host, Presser, node)),
    host,
  };
}

async function idOn(host: Host, contract: Contract<any>, node: number): Promise<number> {
  for (let id = 0; ; id++) if ((await host.locate(contract, id)).node === node) return id;
}

test.serial('a node that gets three times what it can do goes on working, and refuses the rest at once', async (t) => {
  const { mill, presserOn } = await startRush(t, 2);
  const presser = await presserOn(0);
  const ms = 2500;
  const outcome = await presser.openly(mill, 1000, 3000, ms);
  t.log(outcome);
  t.is(outcome.failed, 0);
  // Of a thousand a second: a machine that is busy with something else does less, and so does the yardstick.
  t.true(outcome.done > 50, `${outcome.done} calls were answered in time`);
  t.true(outcome.refused > 500);
  t.true(outcome.retryMsLeast >= 50 && outcome.retryMsMost <= 5000);
});

test.serial('who retries without a pause harms itself alone', async (t) => {
  const { mill, presserOn } = await startRush(t, 3);
  const [greedy, modest] = [await presserOn(0), await presserOn(2)];
  const tight = greedy.tightly(mill, 200, 3000);
  // With the default deadline: what is asserted is that nothing ends otherwise, not how fast this machine is.
  const outcome = await modest.steadily('alarm', mill, 200, 4, 200);
  const before = process.memoryUsage.rss();
  const again = await modest.steadily('alarm', mill, 200, 4, 200);
  const grown = process.memoryUsage.rss() - before;
  await greedy.stop();
  const others = await tight;
  t.log(outcome, again, others, `grown ${grown >> 20} MiB`);
  for (const one of [outcome, again]) t.like(one, { done: 200, refused: 0, late: 0, failed: 0 });
  t.is(others.failed, 0);
  t.true(others.done > 0);
  t.true(grown < 100 * 1024 * 1024);
});

test.serial('high priority does not wait for a node full of low, and low goes on', async (t) => {
  const { mill, presserOn } = await startRush(t, 2);
  const presser = await presserOn(0);
  const chores = presser.steadily('chore', mill, 100, 200, 4000);
  const alarms = await presser.steadily('alarm', mill, 10, 1, 100);
  const low = await chores;
  t.log(alarms, low);
  t.like(alarms, { done: 100, refused: 0, late: 0, failed: 0 });
  t.like(low, { late: 0, failed: 0 });
  t.is(low.done + low.refused, 4000);
  t.true(low.done >= 200);
  // Without lanes each alarm would stand behind 200 chores.
  t.true(alarms.p50Ms < low.p50Ms / 5, `${alarms.p50Ms} ms beside ${low.p50Ms} ms`);
});
