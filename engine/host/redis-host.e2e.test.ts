import anyTest, { type ExecutionContext } from 'ava';
import { needsProgram } from '../../scripts/programs.ts';
import type { EngineError } from '../base/errors.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Vault } from '../testing/games/keepers/contracts.fixture.ts';
import { RedisServer } from '../testing/redis-server.fixture.ts';
import { startHost } from './embed.ts';
import { EXIT_TAKEN, type HostLost } from './host-lost.ts';

const test = needsProgram('redis') ? anyTest.serial : anyTest.serial.skip;

async function redis(t: ExecutionContext): Promise<RedisServer> {
  const server = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
  t.teardown(() => server.dispose());
  return server;
}

async function start(t: ExecutionContext, { url }: RedisServer) {
  const options = { game: gameFile('keepers'), workers: 2, port: 0, adminPort: 0, logLevel: 'silent', store: url };
  const host = await startHost(options);
  t.teardown(() => host.stop());
  return host;
}

test('a Redis server that is killed and comes back: saves fail typed, and everything is there afterwards', async (t) => {
  t.timeout(90_000);
  const server = await redis(t);
  const host = await start(t, server);
  const vaults = Array.from({ length: 10 }, (_, id) => host.getProxy(Vault, id));
  for (const vault of vaults) t.is(await vault.deposit(1), 1);
  await server.kill();
  const outcomes = await Promise.all(vaults.map((vault) => vault.trySave()));
  // They are flushed as they are; a change is not.
  t.deepEqual(outcomes, new Array(10).fill('saved'));
  await t.throwsAsync(vaults[0]!.deposit(1), { name: 'StoreError', code: 'timeout' });
  t.is(await vaults[1]!.add(1), 2);
  await server.start();
  while ((await vaults[0]!.trySave()) !== 'saved') await new Promise((resolve) => setTimeout(resolve, 50));
  t.is(await vaults[1]!.trySave(), 'saved');
  await host.stop();

  const next = await start(t, server);
  t.is(await next.getProxy(Vault, 0).coins(), 2);
  t.is(await next.getProxy(Vault, 1).coins(), 2);
  t.is(await next.getProxy(Vault, 9).coins(), 1);
});

test('a host that starts on the store of another one takes it over', async (t) => {
  t.timeout(90_000);
  const server = await redis(t);
  const one = await start(t, server);
  t.is(await one.getProxy(Vault, 'v').deposit(5), 5);
  await one.getProxy(Vault, 'v').add(100);
  const two = await start(t, server);
  const had = await two.getProxy(Vault, 'v').coins();
  // Autosave may have been quicker than the other host.
  t.true(had === 5 || had === 105, `${had}`);
  // Refused by the store, or by a host that has learnt of it already and has ended.
  const refused = await t.throwsAsync(one.getProxy(Vault, 'v').deposit(1000));
  t.true(['fenced', 'no-owner'].includes((refused as EngineError).code), String(refused));
  t.is(await two.getProxy(Vault, 'v').deposit(1), had + 1);
  // The whole host ends, whichever node was refused; what its other node has not saved is lost with it.
  const failed: HostLost = await (one as any).failed;
  t.is(failed.message, 'Another host has started on this store: this one ends.');
  t.is(failed.exitCode, EXIT_TAKEN);
  await one.stop();
  t.is(await two.getProxy(Vault, 'v').deposit(1), had + 2);
});

test('a Redis server that stands still: calls are answered from memory, saves wait, and nothing is lost or done twice', async (t) => {
  t.timeout(120_000);
  const server = await redis(t);
  const host = await start(t, server);
  const vaults = Array.from({ length: 10 }, (_, id) => host.getProxy(Vault, id));
  for (const vault of vaults) t.is(await vault.deposit(1), 1);
  server.stall();
  const waiting = vaults.map((vault) => vault.deposit(1).catch((error) => error.code));
  for (const vault of vaults) t.is(await vault.coins(), 2);
  // Longer than a save may take until it is said that nobody knows.
  const outcomes = await Promise.all(waiting);
  t.deepEqual(outcomes, new Array(10).fill('timeout'));
  server.goOn();
  for (const vault of vaults) while ((await vault.trySave()) !== 'saved') await new Promise((go) => setTimeout(go, 50));
  await host.stop();
  const next = await start(t, server);
  for (let id = 0; id < 10; id++) t.is(await next.getProxy(Vault, id).coins(), 2);
});
