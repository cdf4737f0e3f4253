import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { decodeCbor } from '../../transport/codec/cbor.ts';
import { Prng } from '../base/prng.ts';
import { LmdbStore } from '../store/lmdb-store.ts';

const PURSES = 20;
const COINS = 1000;
const ROUNDS = Number(process.env.SKERRY_KILL_ROUNDS ?? 5);

/** Runs the peer; it is killed so long after it has begun to pay, or (undefined) ends by itself. What it found when it began. */
async function life(data: string, killMs: number | undefined): Promise<number> {
  const peer = fileURLToPath(new URL('./once.peer.js', import.meta.url));
  const payMs = killMs === undefined ? 0 : 60_000;
  const child = spawn(
    process.execPath,
    [peer, String(PURSES), String(COINS), String(payMs), JSON.stringify({ data })],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  let wrong = '';
  const closed = once(child, 'close');
  const begun = new Promise<void>((resolve, reject) => {
    void closed.then(([code]) =>
      killMs === undefined && code === 0 ? resolve() : reject(new Error(`The host ended with ${code}: ${wrong}`)),
    );
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      wrong += text;
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (killMs !== undefined && said.includes('begun\n')) resolve();
    });
  });
  try {
    await begun;
    if (killMs !== undefined) await pause(killMs);
  } finally {
    child.kill('SIGKILL');
  }
  await closed;
  return Number(/^there are (\d+)$/m.exec(said)?.[1]);
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
