import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { startHost } from 'skerry';
import { Player } from './contracts.ts';

/** This file runs as build/games/sample-arena/kept.threads.test.js. */
const GAME = fileURLToPath(new URL('../../../games/sample-arena/game.ts', import.meta.url));

test('players keep their name, score and things when the host stops and starts', async (t) => {
  const data = mkdtempSync(join(tmpdir(), 'skerry-arena-'));
  t.teardown(() => rmSync(data, { recursive: true, force: true }));
  const start = () =>
    startHost({ game: GAME, workers: 2, port: 0, adminPort: 0, data, logLevel: 'error', gameArgs: ['--bots=0'] });
  const won = { hp: 80, shield: 40, rapidTicks: 0, score: 120, kills: 3, deaths: 1 };

  const first = await start();
  t.teardown(() => first.stop());
  const stay = await first.getProxy(Player, 'ann').join('Ann', 'ember');
  first.getProxy(Player, 'ann').tally(stay.visit, won);
  await first.stop();

  const second = await start();
  t.teardown(() => second.stop());
  const again = await second.getProxy(Player, 'ann').join('Ann');
  t.like(again, { arena: 'ember', visit: stay.visit + 1 });
  t.like(
    again.roster.find(({ id }) => id === 'ann'),
    { name: 'Ann', score: 120, kills: 3, deaths: 1 },
  );
});
