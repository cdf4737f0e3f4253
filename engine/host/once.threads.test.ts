import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { EngineError } from '../base/errors.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Purse } from '../testing/games/purses/contracts.fixture.ts';
import { startHost } from './embed.ts';
import type { NodeThread } from './node-thread.ts';
import type { Threads } from './threads.ts';

const PURSES = 12;
const COINS = 1000;
const STORE_NODE = 3;

test.serial('threads end while purses pay each other: nothing is lost or doubled', async (t) => {
  t.timeout(120_000);
  const data = mkdtempSync(join(tmpdir(), 'skerry-once-'));
  const host = await startHost({
    game: gameFile('purses'),
    workers: 2,
    port: 0,
    adminPort: 0,
    data,
    logLevel: 'silent',
  });
  t.teardown(async () => {
    await host.stop();
    rmSync(data, { recursive: true, force: true });
  });
  const { threads } = (host as any).parts.threads as { threads: Threads };
  const end = (node: number): void => {
    const thread = (threads as any).threads.get(node) as NodeThread;
    thread.terminate('crashed', 'A test ended it.', threads);
  };
  const purses = Array.from({ length: PURSES }, (_, id) => host.getProxy(Purse, id));
  for (const purse of purses) await purse.mint(COINS);
  let isOver = false;
  let payments = 0;
  const pay = async (first: number): Promise<void> => {
    for (let i = first; !isOver; i++) {
      const to = (i * 7 + first) % PURSES;
      try {
        if (i % 2 === 0) await purses[i % PURSES]!.pay(to, 1);
        else await purses[i % PURSES]!.payAlone(to, 2, 1);
        payments++;
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
      }
    }
  };
  const payers = [0, 1, 2, 3].map(pay);
  const more = async (count: number): Promise<void> => {
    for (const until = payments + count; payments < until; ) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  for (const node of [0, STORE_NODE, 1]) {
    await more(100);
    end(node);
  }
  await more(100);
  isOver = true;
  await Promise.all(payers);
  // What has not arrived is missing, and can only become less.
  for (let there = 0; there < PURSES * COINS; ) {
    const coins = await Promise.all(purses.map((purse) => purse.coins()));
    there = coins.reduce((one, other) => one + other);
    t.true(there <= PURSES * COINS, `${there}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  t.pass();
});
