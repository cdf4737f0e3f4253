import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Prng } from '../base/prng.ts';
import { linesOf } from '../testing/killed-peer.fixture.ts';

const DIARIES = 20;
const ROUNDS = Number(process.env.SKERRY_KILL_ROUNDS ?? 5);
/** Names of one round begin here. */
const ROUND = 100_000;

test.serial(
  'kill -9 at any moment: tasks that were kept have run once, although nobody asked for their entities',
  async (t) => {
    t.timeout((ROUNDS + 2) * 60_000);
    const data = mkdtempSync(join(tmpdir(), 'skerry-tasks-'));
    t.teardown(() => rmSync(data, { recursive: true, force: true }));
    const peer = fileURLToPath(new URL('./tasks.peer.js', import.meta.url));
    const dice = new Prng(Date.now() >>> 0, 'kill');
    const kept: string[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const lines = await linesOf(
        peer,
        [String(DIARIES), String(round * ROUND), JSON.stringify({ data })],
        dice.next() * 1500,
      );
      for (const line of lines) if (line.startsWith('kept ')) kept.push(line.slice(5));
    }
    const written = await linesOf(peer, [String(DIARIES), '-1', JSON.stringify({ data })], undefined);
    const runs = new Map<string, number>();
    for (const line of written) runs.set(line.slice(6), (runs.get(line.slice(6)) ?? 0) + 1);
    t.true(kept.length > 0);
    t.deepEqual(
      kept.filter((task) => !runs.has(task)),
      [],
    );
    t.deepEqual(
      [...runs].filter(([, times]) => times > 1),
      [],
    );
    t.log(`${kept.length} tasks were kept in ${ROUNDS} lives, ${runs.size} ran`);
  },
);
