/** What entities cost: to activate, and to keep. Every measurement in a process of its own, because a heap remembers. */
import { ChildHost } from './child-host.ts';
import type { Population } from './games/ping/contracts.ts';
import { perSecond, type Topic } from './topic.ts';

const ENTITIES = 1_000_000;
const OUTSTANDING = 4096;

async function inChild(count: number, populate: (host: ChildHost) => Promise<Population>): Promise<number[]> {
  await using host = await ChildHost.start(1);
  const { ms, bytesEach } = await populate(host);
  return [perSecond(count, ms), bytesEach];
}

export const entities: Topic<undefined> = {
  subjects: [
    {
      figures: [
        { name: 'entity.activate', unit: '/s' },
        { name: 'entity.idle-bytes', unit: 'bytes' },
      ],
      thing: (_, effort) => {
        const count = effort.of(ENTITIES);
        return inChild(count, (host) => host.populate(count, Math.min(OUTSTANDING, count)));
      },
      yardsticks: {
        bare: (_, effort) => {
          const count = effort.of(ENTITIES);
          return inChild(count, (host) => host.populatePlain(count));
        },
      },
      roundsMax: 3,
      warmUps: 0,
    },
  ],
  async open() {
    return undefined;
  },
  async close() {},
};
