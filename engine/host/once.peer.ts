/**
 * A host that is to be killed while purses pay each other. Waits first until everything has arrived that was under way when the one before was killed,
 * and says what there is. Arguments: how many purses, how many coins each begins with, how long to pay in ms (0 for ever), options of the host.
 * Lines on stdout: `there are COINS`, `begun`, `paid`.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { EngineError } from '../base/errors.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Purse } from '../testing/games/purses/contracts.fixture.ts';
import { say } from '../testing/say.fixture.ts';
import { startHost } from './embed.ts';

const LOOK_MS = 50;
const LOOKS_MAX = 600;
const PAY_AT_ONCE = 8;

const [purses, coins, payMs] = process.argv.slice(2, 5).map(Number) as [number, number, number];
const host = await startHost({
  game: gameFile('purses'),
  workers: 2,
  port: 0,
  adminPort: 0,
  logLevel: 'error',
  ...JSON.parse(process.argv[5]!),
});
const all = Array.from({ length: purses }, (_, id) => host.getProxy(Purse, id));
const sum = async (): Promise<number> => (await Promise.all(all.map((purse) => purse.coins()))).reduce((a, b) => a + b);

if ((await sum()) === 0) for (const purse of all) await purse.mint(coins);
let there = await sum();
// What has not arrived is missing, and can only become less.
for (let looks = 0; there < purses * coins && looks < LOOKS_MAX; looks++) {
  await pause(LOOK_MS);
  there = await sum();
}
say(`there are ${there}`);
if (payMs > 0) {
  say('begun');
  const until = Date.now() + payMs;
  const pay = async (): Promise<void> => {
    while (Date.now() < until) {
      const to = Math.floor(Math.random() * purses);
      const from = all[Math.floor(Math.random() * purses)]!;
      try {
        if (Math.random() < 0.5) await from.pay(to, 1);
        else await from.payAlone(to, 2, 1);
      } catch (error) {
        // A purse whose messages have not arrived says so; one that is on its way to another host may be out of reach.
        if (!(error instanceof EngineError)) throw error;
        await pause(1);
      }
    }
  };
  await Promise.all(Array.from({ length: PAY_AT_ONCE }, pay));
}
// Within it nothing is left of what was under way.
await pause(3000);
await host.stop();
