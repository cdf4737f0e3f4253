import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Prng } from '../base/prng.ts';
import { linesOf } from '../testing/killed-peer.fixture.ts';

const VAULTS = 20;
const ROUNDS = Number(process.env.SKERRY_KILL_ROUNDS ?? 5);

/** Runs the peer until it has begun and a while longer, kills it, and returns its lines. */
function killedAfter(ms: number, options: object): Promise<string[]> {
  const peer = fileURLToPath(new URL('./kept.peer.js', import.meta.url));
  return linesOf(peer, [String(VAULTS), JSON.stringify(options)], ms);
}

test.serial('kill -9 at any moment: what was acknowledged is there, whole, and nothing older', async (t) => {
  t.timeout(ROUNDS * 60_000);
  const data = mkdtempSync(join(tmpdir(), 'skerry-killed-'));
  t.teardown(() => rmSync(data, { recursive: true, force: true }));
  const dice = new Prng(Date.now() >>> 0, 'kill');
  const saved = new Array<number>(VAULTS).fill(0);
  let acknowledged = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    for (const line of await killedAfter(dice.next() * 400, { data })) {
      const [word, id, coins, mirror] = line.split(' ');
      if (word === 'had') {
        const had = Number(coins);
        // One more may have been saved without having been told.
        t.true(had === saved[Number(id)] || had === saved[Number(id)]! + 1, `${line}, saved ${saved[Number(id)]}`);
        t.is(mirror, had === 0 ? 'null' : coins);
        saved[Number(id)] = had;
      } else if (word === 'saved') {
        t.is(Number(coins), saved[Number(id)]! + 1);
        saved[Number(id)]!++;
        acknowledged++;
      }
    }
  }
  t.true(acknowledged > 0);
  t.log(`${acknowledged} saves were acknowledged in ${ROUNDS + 1} lives`);
});
