import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Deed, Vault } from '../testing/games/keepers/contracts.fixture.ts';
import { startHost } from './embed.ts';
import type { NodeThread } from './node-thread.ts';
import type { Threads } from './threads.ts';

const STORE_NODE = 3;

function folder(t: ExecutionContext): string {
  const data = mkdtempSync(join(tmpdir(), 'skerry-kept-'));
  t.teardown(() => rmSync(data, { recursive: true, force: true }));
  return data;
}

async function start(t: ExecutionContext, data: string, more: object = {}) {
  const host = await startHost({
    game: gameFile('keepers'),
    workers: 2,
    port: 0,
    adminPort: 0,
    data,
    logLevel: 'silent',
    ...more,
  });
  t.teardown(() => host.stop());
  return host;
}

type Host = Awaited<ReturnType<typeof start>>;

/** The thread of a node, which a test may end. */
function threadOf(host: Host, node: number): { end(): void } {
  const { threads } = (host as any).parts.threads as { threads: Threads };
  const thread = (threads as any).threads.get(node) as NodeThread;
  return { end: () => thread.terminate('crashed', 'A test ended it.', threads) };
}

test.serial('a host that stops has saved everything, and the next one finds it, with other nodes too', async (t) => {
  const data = folder(t);
  const one = await start(t, data);
  for (let id = 0; id < 500; id++) await one.getProxy(Vault, id).add(id);
  await one.create(Deed, 'castle', { owner: 'ann' });
  t.is(await one.getProxy(Vault, 'v').deposit(7), 7);
  await one.stop();

  const two = await start(t, data, { workers: 1 });
  for (let id = 0; id < 500; id++) t.is(await two.getProxy(Vault, id).coins(), id);
  t.is(await two.getProxy(Deed, 'castle').owner(), 'ann');
  t.is(await two.getProxy(Vault, 'v').coins(), 7);
});

test.serial('a node thread that ends loses what was not saved, and nothing else', async (t) => {
  t.timeout(60_000);
  const host = await start(t, folder(t));
  const vaults = Array.from({ length: 50 }, (_, id) => host.getProxy(Vault, id));
  for (const [id, vault] of vaults.entries()) await vault.deposit(id + 1);
  for (const node of [0, 1]) {
    threadOf(host, node).end();
    for (const [id, vault] of vaults.entries()) {
      const coins = await vault.coins().catch((error) => error.code);
      if (coins !== 'node-lost') t.is(coins, id + 1);
    }
  }
  for (const [id, vault] of vaults.entries()) t.is(await vault.deposit(1), id + 2);
});

test.serial('the thread that holds the store is replaced, and saves under way come to their end', async (t) => {
  t.timeout(60_000);
  const host = await start(t, folder(t));
  const vaults = Array.from({ length: 50 }, (_, id) => host.getProxy(Vault, id));
  for (const vault of vaults) await vault.deposit(1);
  for (let round = 0; round < 3; round++) {
    const saves = vaults.map((vault) => vault.deposit(1));
    threadOf(host, STORE_NODE).end();
    t.deepEqual(await Promise.all(saves), new Array(50).fill(2 + round));
  }
  const nodes = (await (await fetch(`http://127.0.0.1:${host.adminPort}/api/nodes`)).json()) as { restarts: number }[];
  t.is(nodes[STORE_NODE]!.restarts, 3);
});

test.serial('a store in memory that is lost ends the host: it is not taken for a new one', async (t) => {
  t.timeout(60_000);
  const host = await start(t, folder(t), { store: 'memory' });
  await host.getProxy(Vault, 1).deposit(1);
  threadOf(host, STORE_NODE).end();
  t.regex((await (host as any).failed).message, /lost what it held/);
  await t.throwsAsync(host.getProxy(Vault, 2, { timeout: '1s' }).coins());
});

test.serial('a folder has one host at a time, and one game', async (t) => {
  const data = folder(t);
  const host = await start(t, data);
  await t.throwsAsync(start(t, data), { message: new RegExp(`in use by process ${process.pid}`) });
  t.is(await host.getProxy(Vault, 1).deposit(1), 1);
  await host.stop();
  // What a process that was killed leaves behind.
  writeFileSync(join(data, 'host.lock'), '4194999 1\n');
  const next = await start(t, data);
  t.is(await next.getProxy(Vault, 1).coins(), 1);
  await next.stop();
});

test.serial('a folder that cannot be used is one line', async (t) => {
  const data = folder(t);
  writeFileSync(join(data, 'file'), '');
  await t.throwsAsync(start(t, join(data, 'file')), { name: 'StoreError', message: /file cannot be used/ });
});
