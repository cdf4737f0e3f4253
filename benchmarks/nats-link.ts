/** The links between hosts, without an engine: two threads and a NATS server, 32-byte frames, against hand-written publishes of bare records. */
import { NatsServer } from '../engine/testing/nats-server.fixture.ts';
import { flooded } from './games/ping/load.ts';
import { type Effort, type Measure, perSecond, type Subject, type Topic } from './topic.ts';
import { Pair } from './yardsticks/pair.ts';

interface Stand {
  readonly server: NatsServer;
  readonly link: Pair;
  readonly bare: Pair;
}

const CALLS = 300_000;
const MESSAGES = 1_000_000;
const LATENCY_CALLS = 5000;
const SENDERS = 16;

/** The same measurement of the link and of bare publishes. */
const both = (measure: (pair: Pair, port: number, effort: Effort) => Promise<number[]>) => ({
  thing: (({ link, server }, effort) => measure(link, server.port, effort)) satisfies Measure<Stand>,
  yardsticks: { nats: (({ bare, server }, effort) => measure(bare, server.port, effort)) satisfies Measure<Stand> },
});

const oneWay: Subject<Stand> = {
  figures: [{ name: 'nats-link.oneway', unit: '/s' }],
  ...both(async (pair, port, effort) => {
    const messages = flooded(effort.of(MESSAGES));
    return [perSecond(messages, (await pair.run('flood', port, SENDERS, messages)).ms)];
  }),
};

const latency: Subject<Stand> = {
  figures: [
    { name: 'nats-link.rpc.k1.p50', unit: 'µs' },
    { name: 'nats-link.rpc.k1.p99', unit: 'µs' },
  ],
  ...both(async (pair, port, effort) => {
    const { p50Us, p99Us } = await pair.run('drive', port, 1, effort.of(LATENCY_CALLS));
    return [p50Us, p99Us];
  }),
};

const throughput = (outstanding: number): Subject<Stand> => ({
  figures: [{ name: `nats-link.rpc.k${outstanding}`, unit: '/s' }],
  ...both(async (pair, port, effort) => {
    const calls = effort.of(CALLS);
    return [perSecond(calls, (await pair.run('drive', port, outstanding, calls)).ms)];
  }),
});

/** Needs nats-server. */
export const natsLink: Topic<Stand> = {
  subjects: [oneWay, latency, throughput(256), throughput(4096)],
  async open() {
    const server = await NatsServer.start({ jetStream: false });
    const link = await Pair.start(new URL('./nats-link-sides.js', import.meta.url));
    return { server, link, bare: await Pair.start(new URL('./yardsticks/bare-nats.js', import.meta.url)) };
  },
  async close({ server, link, bare }) {
    await Promise.all([link.close(), bare.close()]);
    await server.dispose();
  },
};
