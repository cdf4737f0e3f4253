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
  readonly post: Pair;
  readonly postBatched: Pair;
}

const ENGINE_CALLS = 1_000_000;
const POST_CALLS = 200_000;
const LATENCY_CALLS = 50_000;
const POST_LATENCY_CALLS = 5_000;
const SENDERS = 16;

const driven =
  (outstanding: number, calls: number): Measure<Stand> =>
  async ({ driver }, effort) => [perSecond(effort.of(calls), (await driver.drive(outstanding, effort.of(calls))).ms)];

const posted =
  (which: 'post' | 'postBatched', outstanding: number, calls: number): Measure<Stand> =>
  async (stand, effort) => [
    perSecond(effort.of(calls), (await stand[which].run('drive', outstanding, effort.of(calls))).ms),
  ];

function throughput(outstanding: number): Subject<Stand> {
  return {
    figures: [{ name: `call-thread.k${outstanding}`, unit: '/s' }],
    thing: driven(outstanding, ENGINE_CALLS),
    yardsticks: {
      post: posted('post', outstanding, POST_CALLS),
      'post-batched': posted('postBatched', outstanding, ENGINE_CALLS),
    },
  };
}

const latency: Subject<Stand> = {
  figures: [
    { name: 'call-thread.k1.p50', unit: 'µs' },
    { name: 'call-thread.k1.p99', unit: 'µs' },
  ],
  thing: async ({ driver }, effort) => {
    const { p50Us, p99Us } = await driver.drive(1, effort.of(LATENCY_CALLS));
    return [p50Us, p99Us];
  },
  yardsticks: {
    post: async ({ post }, effort) => {
      const { p50Us, p99Us } = await post.run('drive', 1, effort.of(POST_LATENCY_CALLS));
      return [p50Us, p99Us];
    },
  },
};

const oneWay: Subject<Stand> = {
  figures: [{ name: 'call-thread.oneway', unit: '/s' }],
  thing: async ({ driver }, effort) => {
    const messages = flooded(effort.of(ENGINE_CALLS));
    return [perSecond(messages, (await driver.flood(SENDERS, messages)).ms)];
  },
  yardsticks: {
    post: async ({ post }, effort) => {
      const messages = flooded(effort.of(POST_CALLS));
      return [perSecond(messages, (await post.run('flood', SENDERS, messages)).ms)];
    },
  },
};

/** One more busy process: whoever waits by spinning alone loses its core. */
const contended: Subject<Stand> = {
  figures: [{ name: 'call-thread.contended', unit: '/s' }],
  thing: (stand, effort) => besideBusyProcess(() => driven(256, ENGINE_CALLS)(stand, effort)),
  yardsticks: {
    'post-batched': (stand, effort) => besideBusyProcess(() => posted('postBatched', 256, ENGINE_CALLS)(stand, effort)),
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
      post: await Pair.start(program('post')),
      postBatched: await Pair.start(program('post-batched')),
    };
  },
  async close({ host, post, postBatched }) {
    await Promise.all([host.stop(), post.close(), postBatched.close()]);
  },
};
