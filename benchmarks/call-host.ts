/** Calls between entities on two hosts, each with one node, through a NATS server. */
import { NatsServer } from '../engine/testing/nats-server.fixture.ts';
import { flooded } from './games/ping/load.ts';
import { type Effort, type Measure, perSecond, type Subject, type Topic } from './topic.ts';
import { Pair } from './yardsticks/pair.ts';

interface Stand {
  readonly server: NatsServer;
  readonly hosts: Pair;
  readonly bare: Pair;
  readonly single: Pair;
}

const CALLS = 300_000;
const SINGLE_CALLS = 50_000;
const MESSAGES = 1_000_000;
const LATENCY_CALLS = 5000;
const SENDERS = 16;
const WARM_UPS = 3;

type Of = (stand: Stand) => Pair;
const hosts: Of = (stand) => stand.hosts;
const bare: Of = (stand) => stand.bare;
const single: Of = (stand) => stand.single;

const latency: Subject<Stand> = {
  figures: [
    { name: 'call-host.k1.p50', unit: 'µs' },
    { name: 'call-host.k1.p99', unit: 'µs' },
  ],
  ...both((of) => async (stand, effort) => {
    const { p50Us, p99Us } = await of(stand).run('drive', stand.server.port, 1, effort.of(LATENCY_CALLS));
    return [p50Us, p99Us];
  }),
};

const throughput = (outstanding: number): Subject<Stand> => {
  const driven =
    (of: Of, most: number): Measure<Stand> =>
    async (stand, effort) => {
      const calls = effort.of(most);
      return [perSecond(calls, (await of(stand).run('drive', stand.server.port, outstanding, calls)).ms)];
    };
  return {
    figures: [{ name: `call-host.k${outstanding}`, unit: '/s' }],
    warmUps: WARM_UPS,
    thing: driven(hosts, CALLS),
    yardsticks: { nats: driven(bare, CALLS), 'nats-single': driven(single, SINGLE_CALLS) },
  };
};

const oneWay: Subject<Stand> = {
  figures: [{ name: 'call-host.oneway', unit: '/s' }],
  ...both((of) => async (stand, effort) => {
    const messages = flooded(effort.of(MESSAGES));
    return [perSecond(messages, (await of(stand).run('flood', stand.server.port, SENDERS, messages)).ms)];
  }),
};

function both(measure: (of: Of) => (stand: Stand, effort: Effort) => Promise<number[]>) {
  return { warmUps: WARM_UPS, thing: measure(hosts), yardsticks: { nats: measure(bare) } };
}

/** Needs nats-server. */
export const callHost: Topic<Stand> = {
  subjects: [latency, throughput(256), throughput(4096), oneWay],
  async open() {
    const server = await NatsServer.start({ jetStream: false });
    const program = (name: string): URL => new URL(`./${name}.js`, import.meta.url);
    return {
      server,
      hosts: await Pair.start(program('linked-sides')),
      bare: await Pair.start(program('yardsticks/bare-nats')),
      single: await Pair.start(program('yardsticks/single-nats')),
    };
  },
  async close({ server, hosts, bare, single }) {
    await Promise.all([hosts.close(), bare.close(), single.close()]);
    await server.dispose();
  },
};
