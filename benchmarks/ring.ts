/** The links under the calls, without an engine: two threads that spin, 32-byte frames, against a ring of bare records. */
import { flooded } from './games/ping/load.ts';
import { type Effort, type Measure, perSecond, type Subject, type Topic } from './topic.ts';
import { Pair } from './yardsticks/pair.ts';

interface Stand {
  readonly link: Pair;
  readonly bare: Pair;
}

const CALLS = 1_000_000;
const MESSAGES = 4_000_000;
const LATENCY_CALLS = 50_000;
const SENDERS = 16;

/** The same measurement of the link and of the bare ring. */
const both = (measure: (pair: Pair, effort: Effort) => Promise<number[]>) => ({
  thing: (({ link }, effort) => measure(link, effort)) satisfies Measure<Stand>,
  yardsticks: { bare: (({ bare }, effort) => measure(bare, effort)) satisfies Measure<Stand> },
});

const oneWay: Subject<Stand> = {
  figures: [{ name: 'ring.oneway', unit: '/s' }],
  ...both(async (pair, effort) => {
    const messages = flooded(effort.of(MESSAGES));
    return [perSecond(messages, (await pair.run('flood', SENDERS, messages)).ms)];
  }),
};

const latency: Subject<Stand> = {
  figures: [
    { name: 'ring.rpc.k1.p50', unit: 'µs' },
    { name: 'ring.rpc.k1.p99', unit: 'µs' },
  ],
  ...both(async (pair, effort) => {
    const { p50Us, p99Us } = await pair.run('drive', 1, effort.of(LATENCY_CALLS));
    return [p50Us, p99Us];
  }),
};

const throughput: Subject<Stand> = {
  figures: [{ name: 'ring.rpc.k256', unit: '/s' }],
  ...both(async (pair, effort) => [perSecond(effort.of(CALLS), (await pair.run('drive', 256, effort.of(CALLS))).ms)]),
};

export const ring: Topic<Stand> = {
  subjects: [oneWay, latency, throughput],
  async open() {
    const link = await Pair.start(new URL('./ring-link.js', import.meta.url));
    return { link, bare: await Pair.start(new URL('./yardsticks/bare-ring.js', import.meta.url)) };
  },
  async close({ link, bare }) {
    await Promise.all([link.close(), bare.close()]);
  },
};
