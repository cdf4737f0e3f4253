import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { decodeCbor } from '../../transport/codec/cbor.ts';
import { Prng } from '../base/prng.ts';
import { LmdbStore } from '../store/lmdb-store.ts';
import { linesOf } from '../testing/killed-peer.fixture.ts';

const PURSES = 20;
const COINS = 1000;
const ROUNDS = Number(process.env.SKERRY_KILL_ROUNDS ?? 5);

/** Runs the peer; it is killed so long after it has begun to pay, or (undefined) ends by itself. What it found when it began. */
async function life(data: string, killMs: number | undefined): Promise<number> {
  const peer = fileURLToPath(new URL('./once.peer.js', import.meta.url));
  const payMs = killMs === undefined ? 0 : 60_000;
  const args = [String(PURSES), String(COINS), String(payMs), JSON.stringify({ data })];
  const lines = await linesOf(peer, args, killMs);
  return Number(/^there are (\d+)$/m.exec(lines.join('\n'))?.[1]);
}

test.serial('kill -9 at any moment: what purses hand to each other is neither lost nor doubled', async (t) => {
  t.timeout((ROUNDS + 2) * 60_000);
  const data = mkdtempSync(join(tmpdir(), 'skerry-once-'));
  t.teardown(() => rmSync(data, { recursive: true, force: true }));
  const dice = new Prng(Date.now() >>> 0, 'kill');
  for (let round = 0; round < ROUNDS; round++) t.is(await life(data, dice.next() * 600), PURSES * COINS, `${round}`);
  t.is(await life(data, undefined), PURSES * COINS);
  const store = new LmdbStore(data);
  let left = 0;
  for await (const { key, record } of store.scan('')) {
    if (key.startsWith('parcels/')) left++;
    if (key.startsWith('entity/') && (decodeCbor(record.bytes) as unknown[]).length > 2) left++;
  }
  await store.close();
  t.is(left, 0, 'records with messages, or marks of them');
});
