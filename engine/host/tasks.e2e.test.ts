import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { needsProgram } from '../../scripts/programs.ts';
import { Prng } from '../base/prng.ts';
import { linesOf } from '../testing/killed-peer.fixture.ts';
import { RedisServer } from '../testing/redis-server.fixture.ts';

const DIARIES = 20;
const ROUNDS = Number(process.env.SKERRY_KILL_ROUNDS ?? 5);
/** Names of one round begin here. */
const ROUND = 100_000;

const peer = fileURLToPath(new URL('./tasks.peer.js', import.meta.url));

/** Hosts plan tasks and are killed, one after another; a last one lets them run. */
async function killed(t: ExecutionContext, rounds: number, options: object): Promise<void> {
  t.timeout((rounds + 2) * 60_000);
  const dice = new Prng(Date.now() >>> 0, 'kill');
  const kept: string[] = [];
  const settings = JSON.stringify(options);
  for (let round = 0; round < rounds; round++) {
    const lines = await linesOf(peer, [String(DIARIES), String(round * ROUND), settings], 100 + dice.next() * 1400);
    for (const line of lines) if (line.startsWith('kept ')) kept.push(line.slice(5));
  }
  const written = await linesOf(peer, [String(DIARIES), '-1', settings], undefined);
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
  t.log(`${kept.length} tasks were kept in ${rounds} lives, ${runs.size} ran`);
}

test.serial(
  'kill -9 at any moment: tasks that were kept have run once, although nobody asked for their entities',
  async (t) => {
    const data = mkdtempSync(join(tmpdir(), 'skerry-tasks-'));
    t.teardown(() => rmSync(data, { recursive: true, force: true }));
    await killed(t, ROUNDS, { data });
  },
);

const withRedis = needsProgram('redis') ? test.serial : test.serial.skip;

withRedis('the same on a server that hosts share', async (t) => {
  const server = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
  t.teardown(() => server.dispose());
  await killed(t, 2, { store: server.url });
});
