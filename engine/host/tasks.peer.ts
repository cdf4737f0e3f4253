/**
 * A host that is to be killed while diaries plan: says what they had written when it began, then plans one task after another, due within a second, and says what was kept.
 * Lines on stdout: `wrote ID NAME`, `begun`, `kept ID NAME`. With 0 ms: plans nothing, waits until nothing is owed any more, says it and ends.
 */
import { writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Diary } from '../testing/games/diaries/contracts.fixture.ts';
import { startHost } from './embed.ts';

const say = (line: string): void => void writeSync(1, `${line}\n`);
/** Tasks are due within it, and a little more. */
const DUE_MS = 1000;

const [diaries, from] = process.argv.slice(2, 4).map(Number) as [number, number];
const host = await startHost({
  game: gameFile('diaries'),
  workers: 2,
  port: 0,
  adminPort: 0,
  logLevel: 'error',
  ...JSON.parse(process.argv[4]!),
});
if (from < 0) {
  // Nobody is called meanwhile: whoever has something to do is activated for it.
  await pause(DUE_MS + 1500);
  for (let id = 0; id < diaries; id++) {
    for (const line of await host.getProxy(Diary, id).lines()) say(`wrote ${id} ${line.split(' at ')[0]}`);
  }
  await host.stop();
} else {
  say('begun');
  for (let id = 0; id < diaries; id++) {
    const plan = async (): Promise<void> => {
      const diary = host.getProxy(Diary, id);
      for (let i = 0; ; i++) {
        const name = `t${from + i}`;
        await diary.once(name, Math.floor(Math.random() * DUE_MS), 'once', null);
        say(`kept ${id} ${name}`);
        await pause(5);
      }
    };
    void plan();
  }
}
