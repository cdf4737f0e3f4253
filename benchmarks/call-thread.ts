/** Calls between entities on two nodes of one host, each on a thread of its own. */
import { besideBusyProcess } from './busy-process.ts';
import type { Driver } from './games/ping/contracts.ts';
import { flooded } from './games/ping/load.ts';
import { PingHost } from './ping-host.ts';
import { type Measure, perSecond, type Subject, type Topic } from './topic.ts';
import { Pair } from './yardsticks/pair.ts';

interface Stand {
  readonly host: PingHost;
  /** On node 0; its targets are on node 1. */
  readonly driver: Driver;
  readonly bare: Pair;
  readonly post: Pair;
  readonly postBatched: Pair;
}

const ENGINE_CALLS = 1_500_000;
const WARM_UPS = 4;
const BARE_CALLS = 3_000_000;
const BARE_MESSAGES = 10_000_000;
const POST_CALLS = 200_000;
const LATENCY_CALLS = 50_000;
const POST_LATENCY_CALLS = 5_000;
const SENDERS = 16;

const driven =
  (outstanding: number, calls: number): Measure<Stand> =>
  async ({ driver }, effort) => [perSecond(effort.of(calls), (await driver.drive(outstanding, effort.of(calls))).ms)];

const run =
  (which: 'bare' | 'post' | 'postBatched', outstanding: number, calls: number): Measure<Stand> =>
  async (stand, effort) => [
    perSecond(effort.of(calls), (await stand[which].run('drive', outstanding, effort.of(calls))).ms),
  ];

function throughput(outstanding: number): Subject<Stand> {
  return {
    figures: [{ name: `call-thread.k${outstanding}`, unit: '/s' }],
    warmUps: WARM_UPS,
    thing: driven(outstanding, ENGINE_CALLS),
    yardsticks: {
      bare: run('bare', outstanding, BARE_CALLS),
      post: run('post', outstanding, POST_CALLS),
      'post-batched': run('postBatched', outstanding, ENGINE_CALLS),
    },
  };
}

const latencies = ({ p50Us, p99Us }: { p50Us: number; p99Us: number }): number[] => [p50Us, p99Us];

const latency: Subject<Stand> = {
  figures: [
    { name: 'call-thread.k1.p50', unit: 'µs' },
    { name: 'call-thread.k1.p99', unit: 'µs' },
  ],
  thing: async ({ driver }, effort) => latencies(await driver.drive(1, effort.of(LATENCY_CALLS))),
  yardsticks: {
    bare: async ({ bare }, effort) => latencies(await bare.run('drive', 1, effort.of(LATENCY_CALLS))),
    post: async ({ post }, effort) => latencies(await post.run('drive', 1, effort.of(POST_LATENCY_CALLS))),
  },
};

const flooding =
  (which: 'bare' | 'post', most: number): Measure<Stand> =>
  async (stand, effort) => {
    const messages = flooded(effort.of(most));
    return [perSecond(messages, (await stand[which].run('flood', SENDERS, messages)).ms)];
  };

const oneWay: Subject<Stand> = {
  figures: [{ name: 'call-thread.oneway', unit: '/s' }],
  thing: async ({ driver }, effort) => {
    const messages = flooded(effort.of(ENGINE_CALLS));
    return [perSecond(messages, (await driver.flood(SENDERS, messages)).ms)];
  },
  yardsticks: { bare: flooding('bare', BARE_MESSAGES), post: flooding('post', POST_CALLS) },
};

/** One more busy process: whoever waits by spinning alone loses its core. */
const contended: Subject<Stand> = {
  figures: [{ name: 'call-thread.contended', unit: '/s' }],
  thing: (stand, effort) => besideBusyProcess(() => driven(256, ENGINE_CALLS)(stand, effort)),
  yardsticks: {
    'post-batched': (stand, effort) => besideBusyProcess(() => run('postBatched', 256, ENGINE_CALLS)(stand, effort)),
  },
};

export const callThread: Topic<Stand> = {
  subjects: [latency, throughput(256), throughput(4096), oneWay, contended],
  async open() {
    const host = await PingHost.start(2);
    const program = (name: string): URL => new URL(`./yardsticks/${name}.js`, import.meta.url);
    return {
      host,
      driver: await host.driverOn(0, 1),
      bare: await Pair.start(program('bare-ring')),
      post: await Pair.start(program('post')),
      postBatched: await Pair.start(program('post-batched')),
    };
  },
  async close({ host, bare, post, postBatched }) {
    await Promise.all([host.stop(), bare.close(), post.close(), postBatched.close()]);
  },
};
