/** What persistent entities save, beside LMDB by hand with the same bytes and durability. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startHost } from '../engine/host/embed.ts';
import type { Host } from '../engine/host/host-options.ts';
import { Account } from './games/store/contracts.ts';
import { perSecond, type Subject, type Topic } from './topic.ts';
import { BareLmdb } from './yardsticks/bare-lmdb.ts';

const GAME = fileURLToPath(new URL('../../benchmarks/games/store/game.ts', import.meta.url));
/** Callers by figure, and how many calls all of them make. */
const FLUSHES = { k1: [1, 2_000], k64: [64, 20_000], k1000: [1_000, 40_000] } as const;
const CHANGED = 50_000;
const CALLS_AT_ONCE = 4096;
/** Of a record of `Account` in the engine's store. */
const RECORD_BYTES = 540;
/** Every look interrupts all threads of the host. */
const POLL_MS = 20;

interface Stand {
  readonly host: Host;
  readonly bare: BareLmdb;
  readonly folder: string;
  rounds: number;
}

/** Records that the store of a host has taken. */
async function recordsSaved(host: Host): Promise<number> {
  const nodes = (await (await fetch(`http://127.0.0.1:${host.adminPort}/api/nodes`)).json()) as {
    counters?: { recordsSaved: number };
  }[];
  return nodes.reduce((sum, { counters }) => sum + (counters?.recordsSaved ?? 0), 0);
}

async function addToAll(host: Host, count: number): Promise<void> {
  for (let from = 0; from < count; from += CALLS_AT_ONCE) {
    const some = Math.min(CALLS_AT_ONCE, count - from);
    await Promise.all(Array.from({ length: some }, (_, i) => host.getProxy(Account, from + i).add(1)));
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

export const store: Topic<Stand> = {
  subjects: [
    ...Object.entries(FLUSHES).map(
      ([name, [outstanding, calls]]): Subject<Stand> => ({
        figures: [{ name: `store.flushed.${name}`, unit: '/s' }],
        thing: async ({ host }, effort) => {
          const count = effort.of(calls, outstanding);
          const ms = await timed(async () => {
            const loop = async (nth: number): Promise<void> => {
              const account = host.getProxy(Account, nth);
              for (let i = nth; i < count; i += outstanding) await account.deposit(1);
            };
            await Promise.all(Array.from({ length: outstanding }, (_, nth) => loop(nth)));
          });
          return [perSecond(count, ms)];
        },
        yardsticks: {
          bare: async ({ bare }, effort) => {
            const count = effort.of(calls, outstanding);
            return [perSecond(count, await timed(() => bare.flushed(count, outstanding)))];
          },
        },
        roundsMax: 3,
        warmUps: 2,
      }),
    ),
    {
      // From the first of the calls that change them to the last of the records, calls and autosave's own wait of 10 ms included.
      figures: [{ name: 'store.autosave', unit: '/s' }],
      thing: async ({ host }, effort) => {
        const count = effort.of(CHANGED);
        await addToAll(host, count);
        for (let before = -1, now = 0; before !== now; ) {
          await pause(50);
          [before, now] = [now, await recordsSaved(host)];
        }
        const from = await recordsSaved(host);
        const ms = await timed(async () => {
          await addToAll(host, count);
          while ((await recordsSaved(host)) < from + count) await pause(POLL_MS);
        });
        return [perSecond(count, ms)];
      },
      yardsticks: {
        bare: async (stand, effort) => {
          const count = effort.of(CHANGED);
          return [perSecond(count, await timed(() => stand.bare.committed(count, ++stand.rounds)))];
        },
      },
      roundsMax: 3,
    },
  ],
  async open() {
    const folder = mkdtempSync(join(tmpdir(), 'skerry-bench-'));
    const options = { game: GAME, workers: 1, port: 0, adminPort: 0, data: join(folder, 'engine'), logLevel: 'warn' };
    const host = await startHost(options);
    return { host, bare: new BareLmdb(join(folder, 'bare.mdb'), RECORD_BYTES), folder, rounds: 0 };
  },
  async close({ host, bare, folder }) {
    await host.stop();
    await bare.close();
    rmSync(folder, { recursive: true, force: true });
  },
};
