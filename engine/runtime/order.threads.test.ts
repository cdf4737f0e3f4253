import test from 'ava';
import * as fc from 'fast-check';
import { startHost } from '../host/embed.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { send } from '../testing/games/order/script.fixture.ts';
import { expectOrder, scripts } from './order.fixture.ts';

test('messages of one caller to one target arrive in the order of sending, across threads', async (t) => {
  await using host = await startHost({
    game: gameFile('order'),
    workers: 2,
    port: 0,
    adminPort: 0,
    store: 'memory',
    logLevel: 'silent',
  });
  let run = 0;
  await fc.assert(
    fc.asyncProperty(scripts(300), (all) => expectOrder(host, ++run, all, (script) => send(host, 'host', script))),
    { numRuns: 40, endOnFailure: true, includeErrorInReport: true, timeout: 20_000, interruptAfterTimeLimit: 20_000 },
  );
  t.true(run > 0);
});
