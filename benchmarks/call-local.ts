/** Calls between entities of one node, against calls without an engine on one thread. */
import type { Driver } from './games/ping/contracts.ts';
import { PingHost } from './ping-host.ts';
import { type Effort, perSecond, type Subject, type Topic } from './topic.ts';
import { Pair } from './yardsticks/pair.ts';

interface Stand {
  readonly host: PingHost;
  readonly driver: Driver;
  readonly bare: Pair;
}

const ENGINE_CALLS = 600_000;
const BARE_CALLS = 4_000_000;
const LATENCY_CALLS = 50_000;

async function rate(calls: number, run: (calls: number) => Promise<{ ms: number }>): Promise<number[]> {
  return [perSecond(calls, (await run(calls)).ms)];
}

function throughput(outstanding: number): Subject<Stand> {
  return {
    figures: [{ name: `call-local.k${outstanding}`, unit: '/s' }],
    thing: ({ driver }, effort) => rate(effort.of(ENGINE_CALLS), (calls) => driver.drive(outstanding, calls)),
    yardsticks: {
      bare: ({ bare }, effort) => rate(effort.of(BARE_CALLS), (calls) => bare.run('drive', outstanding, calls)),
    },
  };
}

const latency: Subject<Stand> = {
  figures: [
    { name: 'call-local.k1.p50', unit: 'µs' },
    { name: 'call-local.k1.p99', unit: 'µs' },
  ],
  thing: async ({ driver }, effort: Effort) => {
    const { p50Us, p99Us } = await driver.drive(1, effort.of(LATENCY_CALLS));
    return [p50Us, p99Us];
  },
  yardsticks: {
    bare: async ({ bare }, effort) => {
      const { p50Us, p99Us } = await bare.run('drive', 1, effort.of(LATENCY_CALLS));
      return [p50Us, p99Us];
    },
  },
};

export const callLocal: Topic<Stand> = {
  subjects: [latency, throughput(256), throughput(4096)],
  async open() {
    const host = await PingHost.start(2);
    const driver = await host.driverOn(0, 0);
    return { host, driver, bare: await Pair.start(new URL('./yardsticks/map-await.js', import.meta.url), ['caller']) };
  },
  async close({ host, bare }) {
    await Promise.all([host.stop(), bare.close()]);
  },
};
