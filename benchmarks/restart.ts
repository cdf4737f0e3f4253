/** How long a host with a large world takes until it serves: from `startHost` to the answer of the first call, beside a host with an empty one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startHost } from '../engine/host/embed.ts';
import { recordKey } from '../engine/runtime/persistence/record-key.ts';
import { LmdbStore } from '../engine/store/lmdb-store.ts';
import { encodeCbor } from '../transport/codec/cbor.ts';
import { Account } from './games/store/contracts.ts';
import type { Effort, Topic } from './topic.ts';

const GAME = fileURLToPath(new URL('../../benchmarks/games/store/game.ts', import.meta.url));
const ENTITIES = 1_000_000;
const HISTORY_BYTES = 100;
const BATCH = 256;
const BATCHES_AT_ONCE = 64;
/** Of no entity: records are found by their keys. */
const SLOT = 5000;

interface Stand {
  readonly folder: string;
  readonly entities: number;
  asked: number;
}

/** In microseconds. */
async function firstAnswer(data: string, id: number): Promise<number> {
  const begin = performance.now();
  const host = await startHost({ game: GAME, workers: 2, port: 0, adminPort: 0, data, logLevel: 'warn' });
  await host.getProxy(Account, id).add(1);
  const ms = performance.now() - begin;
  await host.stop();
  return ms * 1000;
}

async function fill(data: string, entities: number): Promise<void> {
  const store = new LmdbStore(data);
  await store.claim(SLOT, 1);
  const bytes = encodeCbor([1, { coins: 5, history: new Uint8Array(HISTORY_BYTES) }]);
  for (let id = 0; id < entities; ) {
    const wave: Promise<unknown>[] = [];
    while (wave.length < BATCHES_AT_ONCE && id < entities) {
      const batch = Array.from({ length: Math.min(BATCH, entities - id) }, (_, i) => {
        return { key: recordKey('Account', id + i), bytes, expectedEtag: null, slot: SLOT, epoch: 1 };
      });
      id += batch.length;
      wave.push(store.save(batch, 'committed'));
    }
    await Promise.all(wave);
  }
  await store.close();
}

export const restart: Topic<Stand> = {
  subjects: [
    {
      figures: [{ name: 'store.restart', unit: 'µs' }],
      thing: async (stand) => [await firstAnswer(join(stand.folder, 'full'), stand.asked++ % stand.entities)],
      yardsticks: { empty: async (stand) => [await firstAnswer(join(stand.folder, 'empty'), 0)] },
    },
  ],
  async open(effort: Effort) {
    const folder = mkdtempSync(join(tmpdir(), 'skerry-bench-'));
    const entities = effort.of(ENTITIES);
    await fill(join(folder, 'full'), entities);
    return { folder, entities, asked: 0 };
  },
  async close({ folder }) {
    rmSync(folder, { recursive: true, force: true });
  },
};
