/** What a lock adds to a call that need not wait for it: the same call, in the same game, with and without. */
import { fileURLToPath } from 'node:url';
import { startHost } from '../engine/host/embed.ts';
import type { Host } from '../engine/host/host-options.ts';
import { Clerk } from './games/locks/contracts.ts';
import type { Topic } from './topic.ts';

const GAME = fileURLToPath(new URL('../../benchmarks/games/locks/game.ts', import.meta.url));
const CALLS = 200_000;
const DESKS = 64;
/** Short halves, one after the other, so that both see the same machine. */
const HALVES = 5;

interface Stand {
  readonly host: Host;
  readonly desks: number[];
}

export const locks: Topic<Stand> = {
  subjects: [
    {
      figures: [{ name: 'lock.entity', unit: 'ns' }],
      thing: async ({ host, desks }, effort) => {
        const clerk = host.getProxy(Clerk, 0);
        const added: number[] = [];
        for (let i = 0; i < HALVES; i++) {
          const free = await clerk.visit(false, desks, effort.of(CALLS));
          added.push((await clerk.visit(true, desks, effort.of(CALLS))) - free);
        }
        added.sort((a, b) => a - b);
        return [added[(HALVES - 1) / 2]!];
      },
      yardsticks: {
        // The whole call.
        free: async ({ host, desks }, effort) => [await host.getProxy(Clerk, 0).visit(false, desks, effort.of(CALLS))],
      },
    },
  ],
  async open() {
    const host = await startHost({ game: GAME, workers: 1, port: 0, adminPort: 0, store: 'memory', logLevel: 'warn' });
    return { host, desks: Array.from({ length: DESKS }, (_, id) => id) };
  },
  async close({ host }) {
    await host.stop();
  },
};
