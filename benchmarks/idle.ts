/** What a host costs on which nothing happens. */
import { ChildHost } from './child-host.ts';
import type { Topic } from './topic.ts';

const ENTITIES = 10_000;
const NODES = 2;
const REST_MS = 3000;

export const idle: Topic<ChildHost> = {
  subjects: [
    {
      figures: [{ name: 'idle.cpu', unit: '%' }],
      // Also the first rest, which is not counted: the garbage of the start is collected meanwhile.
      thing: async (host, effort) => {
        const ms = effort.of(REST_MS, 100);
        return [((await host.rest(ms)) / ms) * 100];
      },
    },
  ],
  async open(effort) {
    const host = await ChildHost.start(NODES);
    await host.fill(effort.of(ENTITIES));
    return host;
  },
  close: (host) => host[Symbol.asyncDispose](),
};
