/**
 * A host that is to be killed while diaries plan one task after another, due within a second. Arguments: how many diaries, where the numbers of
 * tasks begin, options of the host. Lines on stdout: `kept ID NAME`, and `begun` behind the first of them. With a number below 0 it plans nothing, calls
 * nobody until nothing has run for a while, says `wrote ID NAME` and ends.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Diary } from '../testing/games/diaries/contracts.fixture.ts';
import { say } from '../testing/say.fixture.ts';
import { startHost } from './embed.ts';
import type { HostOptions } from './host-options.ts';

/** Tasks are due within it, and a little more. */
const DUE_MS = 1000;
/** Nothing has run for so long: nothing is left, on a machine that has much else to do as well. */
const QUIET_MS = 5000;

const [diaries, from] = process.argv.slice(2, 4).map(Number) as [number, number];
const options: Omit<HostOptions, 'game'> = JSON.parse(process.argv[4]!);
const host = await startHost({
  game: gameFile('diaries'),
  workers: 2,
  port: 0,
  adminPort: 0,
  logLevel: 'error',
  ...options,
});
async function tasksRun(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`)).text();
  return [...text.matchAll(/^skerry_tasks_run_total\S* (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

if (from < 0) {
  // Nobody is called meanwhile: whoever has something to do is activated for it.
  await pause(DUE_MS);
  for (let before = -1, now = await tasksRun(); before < now; now = await tasksRun()) {
    before = now;
    await pause(QUIET_MS);
  }
  for (let id = 0; id < diaries; id++) {
    for (const line of await host.getProxy(Diary, id).lines()) say(`wrote ${id} ${line.split(' at ')[0]}`);
  }
  await host.stop();
} else {
  let isFirst = true;
  for (let id = 0; id < diaries; id++) {
    const plan = async (): Promise<void> => {
      const diary = host.getProxy(Diary, id);
      for (let i = 0; ; i++) {
        const name = `t${from + i}`;
        await diary.once(name, Math.floor(Math.random() * DUE_MS), 'once', null);
        say(`kept ${id} ${name}`);
        if (isFirst) say('begun');
        isFirst = false;
        await pause(5);
      }
    };
    void plan();
  }
}
