import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import anyTest, { type TestFn } from 'ava';
import { needsProgram } from '../../scripts/programs.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Purse } from '../testing/games/purses/contracts.fixture.ts';
import { NatsServer } from '../testing/nats-server.fixture.ts';
import { startHost } from './embed.ts';

const test = (needsProgram('nats') ? anyTest : anyTest.skip) as TestFn;
const PURSES = 10;
const COINS = 1000;
const LOOK_MS = 100;

test.serial(
  'a host is killed while purses pay each other: another one brings what was under way to its end',
  async (t) => {
    t.timeout(180_000);
    const server = await NatsServer.start();
    t.teardown(() => server.dispose());
    const cluster = { nats: server.url, leaseProfile: 'lan' } as const;
    const peer = fileURLToPath(new URL('./once.peer.js', import.meta.url));
    const options = JSON.stringify({ ...cluster, hostId: 'b' });
    const child = spawn(process.execPath, [peer, String(PURSES), String(COINS), '150000', options], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    for await (const text of child.stdout.setEncoding('utf8')) if (String(text).includes('begun')) break;
    const own = { game: gameFile('purses'), workers: 2, port: 0, adminPort: 0, logLevel: 'silent', hostId: 'a' };
    const host = await startHost({ ...own, ...cluster });
    t.teardown(() => host.stop());
    const purses = Array.from({ length: PURSES }, (_, id) => host.getProxy(Purse, id, { timeout: '5s' }));
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    // What has not arrived is missing, and can only become less. What came in twice would be too much.
    const all = PURSES * COINS;
    for (;;) {
      const coins = await Promise.all(purses.map((purse) => purse.coins().catch(() => undefined)));
      const there = coins.includes(undefined) ? undefined : coins.reduce<number>((one, other) => one + other!, 0);
      if (there !== undefined) t.true(there <= all, `${there}`);
      if (there === all) break;
      await pause(LOOK_MS);
    }
    for (const id of purses.keys()) t.is((await host.locate(Purse, id)).host, 'a');
  },
);
