/** Clients over WebSockets, against a server that is `ws` and nothing else. Servers run in processes of their own, clients in this one. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { type Client, connect } from '../engine/client/index.ts';
import { HELLO, PROTOCOL_VERSION } from '../transport/client/frames.ts';
import { MessagePack } from '../transport/client/msgpack.ts';
import { ChildHost } from './child-host.ts';
import { Crowd, type Dialect } from './crowd.ts';
import { type PingContracts, pingContracts } from './ping-host.ts';
import { type Effort, perSecond, type Subject, type Topic } from './topic.ts';

interface Stand {
  readonly contracts: PingContracts;
  readonly host: ChildHost;
  readonly bare: ChildHost;
  /** The first one makes one connection do the work of many. */
  readonly clients: readonly Client[];
  readonly bareClients: readonly EchoSocket[];
}

const CONNECTIONS = 256;
const CALLS = 40_000;
const CROWD = 1000;
const JOINS = 2000;
const SHOWN_PER_TICK = 8;
const TICKS = 100;
/** Principals of the crowd; those of callers are smaller. */
const CROWD_FIRST = 100_000;
const BYTES = new Uint8Array(32);

type Echo = (bytes: Uint8Array) => Promise<Uint8Array>;

/** `outstanding` callers on each connection, each waiting for its echo before it sends again. */
async function echoed(echoes: readonly Echo[], outstanding: number, calls: number): Promise<number[]> {
  let left = calls;
  const caller = async (echo: Echo): Promise<void> => {
    while (left > 0) {
      left--;
      if ((await echo(BYTES)).length !== BYTES.length) throw new Error('A wrong echo.');
    }
  };
  const from = performance.now();
  await Promise.all(echoes.flatMap((echo) => Array.from({ length: outstanding }, () => caller(echo))));
  return [perSecond(calls, performance.now() - from)];
}

function calls(name: string, connections: number, outstanding: number): Subject<Stand> {
  return {
    figures: [{ name, unit: '/s' }],
    thing: ({ clients, contracts }, effort) => {
      const used = clients.slice(0, connections);
      const echoes = used.map((client, i): Echo => {
        const target = client.getProxy(contracts.Target, i);
        return (bytes) => target.echo(bytes);
      });
      return echoed(echoes, outstanding, effort.of(CALLS, 300));
    },
    yardsticks: {
      bare: ({ bareClients }, effort) => {
        const echoes = bareClients.slice(0, connections).map(
          (socket): Echo =>
            (bytes) =>
              socket.echo(bytes),
        );
        return echoed(echoes, outstanding, effort.of(CALLS, 300));
      },
    },
  };
}

/**
 * Messages to a crowd, 8 a tick. One tick at a time: the next is asked for when everybody has the last. Several under way would
 * melt into one for whoever gathers what leaves.
 */
async function broadcast(crowd: Crowd, show: (times: number) => void, ticks: number): Promise<number[]> {
  const from = performance.now();
  for (let tick = 0; tick < ticks; tick++) {
    show(SHOWN_PER_TICK);
    await crowd.receive(SHOWN_PER_TICK * crowd.size);
  }
  return [perSecond(ticks * SHOWN_PER_TICK * crowd.size, performance.now() - from)];
}

const broadcasts: Subject<Stand> = {
  figures: [{ name: 'gateway.broadcast', unit: '/s' }],
  thing: async ({ host, clients, contracts }, effort) => {
    const size = effort.of(CROWD, 10);
    const crowd = await Crowd.join(host.port, engineDialect(), CROWD_FIRST, size);
    const driver = clients[0]!.getProxy(contracts.Driver, 1);
    await driver.invite(CROWD_FIRST, size);
    const rates = await broadcast(crowd, (times) => driver.show(times), effort.of(TICKS, 2));
    await crowd.leave();
    return rates;
  },
  yardsticks: {
    bare: async ({ bare, bareClients }, effort) => {
      const crowd = await Crowd.join(bare.port, BARE_DIALECT, CROWD_FIRST, effort.of(CROWD, 10));
      const rates = await broadcast(crowd, (times) => bareClients[0]!.order(times), effort.of(TICKS, 2));
      await crowd.leave();
      return rates;
    },
  },
};

async function joined(start: () => Promise<ChildHost>, dialect: Dialect, effort: Effort): Promise<number[]> {
  await using server = await start();
  const size = effort.of(JOINS, 10);
  // What the first ones bring into memory, code above all, is no cost of a connection.
  const warm = await Crowd.join(server.port, dialect, CROWD_FIRST, Math.ceil(size / 4));
  await warm.leave();
  const before = await server.resident();
  const from = performance.now();
  const crowd = await Crowd.join(server.port, dialect, CROWD_FIRST, size);
  const ms = performance.now() - from;
  const bytes = ((await server.resident()) - before) / size;
  await crowd.leave();
  return [perSecond(size, ms), Math.max(0, bytes)];
}

const joins: Subject<Stand> = {
  figures: [
    { name: 'gateway.join', unit: '/s' },
    { name: 'gateway.idle-bytes', unit: 'bytes' },
  ],
  thing: (_, effort) => joined(() => ChildHost.start(1), engineDialect(), effort),
  yardsticks: { bare: (_, effort) => joined(() => ChildHost.startBare(), BARE_DIALECT, effort) },
  roundsMax: 3,
  warmUps: 0,
};

const BARE_DIALECT: Dialect = { hello: () => undefined, countOf: () => 1 };

function engineDialect(): Dialect {
  const messagePack = new MessagePack({ addressOf: () => undefined, reference: () => undefined });
  return {
    hello: (client) => messagePack.encodeCopy([[HELLO, { protocol: PROTOCOL_VERSION, ticket: client }]]),
    // A message is a MessagePack array of frames.
    countOf: (bytes, at) => (bytes[at] === 0xdc ? bytes[at + 1]! * 256 + bytes[at + 2]! : bytes[at]! & 0x0f),
  };
}

/** A connection to the bare server; echoes come in the order in which they were asked for. */
class EchoSocket {
  private readonly socket: WebSocket;
  private readonly waiting: ((bytes: Uint8Array) => void)[] = [];
  private next = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (bytes: Buffer) => {
      this.waiting[this.next++]!(bytes);
      if (this.next === this.waiting.length) {
        this.waiting.length = 0;
        this.next = 0;
      }
    });
  }

  static async open(port: number): Promise<EchoSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    await once(socket, 'open');
    const echoes = new EchoSocket(socket);
    // Whoever has said something is not shown anything.
    await echoes.echo(BYTES);
    return echoes;
  }

  echo(bytes: Uint8Array): Promise<Uint8Array> {
    this.socket.send(bytes);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  order(times: number): void {
    this.socket.send(Uint8Array.of(1, times));
  }

  close(): void {
    this.socket.terminate();
  }
}

export const gateway: Topic<Stand> = {
  subjects: [calls('gateway.call.c1', 1, 256), calls('gateway.call.c256', CONNECTIONS, 1), broadcasts, joins],
  async open(effort) {
    const [contracts, host, bare] = await Promise.all([pingContracts(), ChildHost.start(1), ChildHost.startBare()]);
    const numbers = Array.from({ length: effort.of(CONNECTIONS, 4) }, (_, i) => i);
    return {
      contracts,
      host,
      bare,
      clients: await Promise.all(numbers.map((i) => connect(`ws://127.0.0.1:${host.port}`, { ticket: i }))),
      bareClients: await Promise.all(numbers.map(() => EchoSocket.open(bare.port))),
    };
  },
  async close({ host, bare, clients, bareClients }) {
    for (const socket of bareClients) socket.close();
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all([host[Symbol.asyncDispose](), bare[Symbol.asyncDispose]()]);
  },
};
