/** Hosts of one node and one gateway each, all in one thread and connected by rings: as gateways see a cluster in which nothing moves. */
import type { ExecutionContext } from 'ava';
import type { LinkReader, LinkWriter } from '../../transport/link.ts';
import { LoopbackLink } from '../../transport/loopback/loopback-link.ts';
import { RingLinkReader } from '../../transport/ring/ring-link-reader.ts';
import { RingLinkWriter } from '../../transport/ring/ring-link-writer.ts';
import { allocateRingLink } from '../../transport/ring/ring-memory.ts';
import { SystemClock } from '../base/clock.ts';
import { Prng } from '../base/prng.ts';
import type { Client } from '../client/client.ts';
import { connectWith } from '../client/connect.ts';
import { Keyspace } from '../cluster/keyspace.ts';
import { admit } from '../contract/check.ts';
import { ClientCalls } from '../host/client-calls.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import { Node } from '../runtime/node.ts';
import type { NodeView } from '../runtime/node-view.ts';
import type { Router } from '../runtime/router.ts';
import { CapturedLog } from '../testing/captured-log.ts';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { Inbox, Postman } from '../testing/games/postmen/contracts.fixture.ts';
import { LocalBell } from '../testing/local-bell.ts';
import { LocalNetwork } from '../testing/socket-pair.ts';
import { Gateway } from './gateway.ts';

const keyspace = new Keyspace([1, 2]);
/** Nodes of a host: one that owns slots, and behind it the one of its gateway. */
const NODES = 2;

function routerOf(host: number, hosts: number, gone: ReadonlySet<number>): Router {
  const gateway = host * NODES + 1;
  return {
    slotOf: (type, key) => keyspace.slotOf(type, key),
    ownerOf: (slot) => (slot % hosts) * NODES,
    epochOf: () => 1,
    slots: 4096,
    version: 0,
    gatewayOf: () => gateway,
    groupsAt: () => gateway,
    computeAt: () => gateway,
    storeAt: () => gateway,
    nodes: () => {
      const living = Array.from({ length: hosts }, (_, index) => index).filter((index) => !gone.has(index));
      return living.map((index) => index * NODES);
    },
    describe: (node) => ({ host: `h${Math.floor(node / NODES)}`, node: node % NODES }),
  };
}

/** A client, and what it was told. */
export interface Reader {
  client: Client;
  letters: string[];
  sights: string[];
}

export class SeveralHosts {
  readonly gateways: Gateway[] = [];
  readonly nodes: Node[] = [];
  private readonly networks: LocalNetwork[] = [];
  private readonly gone = new Set<number>();
  private readonly hosts: number;

  constructor(t: ExecutionContext, catalogue: Catalogue, hosts: number) {
    this.hosts = hosts;
    const clock = new SystemClock();
    const log = new CapturedLog();
    const total = hosts * NODES;
    const all = Array.from({ length: total }, (_, index) => index);
    const bells = all.map((index) => new LocalBell(() => this.nodes[index]?.start()));
    const memory = all.map(() => all.map(() => allocateRingLink()));
    const loops = all.map(() => new LoopbackLink());
    const writer = (from: number, to: number): LinkWriter =>
      from === to ? loops[from]! : new RingLinkWriter(memory[from]![to]!, { readerBell: bells[to]! });
    const reader = (from: number, to: number): LinkReader =>
      from === to ? loops[from]! : new RingLinkReader(memory[from]![to]!, { writerBell: bells[from]!, scrub: true });
    for (const index of all) {
      const host = Math.floor(index / NODES);
      const hasGateway = index % NODES === 1;
      let calls: ClientCalls | undefined;
      const gateway = new Gateway({
        entities: { call: (...call) => calls!.call(...call) },
        contracts: catalogue,
        admit,
        authenticate: catalogue.game.gateway?.authenticate,
        others: {
          links: { tell: (node, rows) => this.nodes[index]!.view.tellGateway(node, rows) },
          writer: index + 1,
        },
        clock,
        log,
      });
      this.nodes.push(
        new Node({
          index,
          incarnation: index + 1,
          catalogue,
          router: routerOf(host, hosts, this.gone),
          clock,
          prng: new Prng(1, `node ${index}`),
          log,
          writers: all.map((to) => writer(index, to)),
          readers: all.map((from) => reader(from, index)),
          bell: bells[index]!,
          waits: { spinMs: 0, napsMs: 0, napMs: 0, yieldMs: 0 },
          ...(hasGateway && { clients: gateway }),
        }),
      );
      if (!hasGateway) continue;
      calls = new ClientCalls(this.nodes[index]!.state);
      this.gateways.push(gateway);
      this.networks.push(new LocalNetwork((socket) => gateway.attach(socket)));
    }
    for (const node of this.nodes) node.start();
    t.teardown(async () => {
      await Promise.all(this.gateways.map((gateway) => gateway.close(0)));
      for (const node of this.nodes) node.stop();
    });
    for (let host = 0; host < hosts; host++) {
      for (let other = 0; other < hosts; other++) if (other !== host) this.meet(host, other);
    }
  }

  /** The gateway of one host learns of that of another. */
  private meet(host: number, other: number): void {
    this.gateways[host]!.gatewayMet(other * NODES + 1);
  }

  /** A host is gone: it does nothing any more, and all others hear of it. */
  kill(host: number): void {
    this.gone.add(host);
    for (let node = host * NODES; node < (host + 1) * NODES; node++) {
      this.nodes[node]!.die();
      for (const [index, other] of this.nodes.entries()) {
        if (!this.gone.has(Math.floor(index / NODES))) other.partPeer(node, { unsent: [], unknown: [] });
      }
    }
    for (const [index, gateway] of this.gateways.entries()) {
      if (index !== host) gateway.gatewayParted(host * NODES + 1);
    }
  }

  view(host: number): NodeView {
    return this.nodes[host * NODES]!.view;
  }

  /** Of a postman that lives on a host, the `nth` from 0 on. */
  idOn(host: number, nth = 0): number {
    const { type } = this.nodes[0]!.state.catalogue.entityContract(Postman);
    let left = nth;
    for (let id = 1; ; id++) {
      if (keyspace.slotOf(type.keyspace, id) % this.hosts === host && left-- === 0) return id;
    }
  }

  postman(host: number, nth = 0): Postman {
    return this.view(host).getProxy(Postman, this.idOn(host, nth));
  }

  async connect(host: number, name: string): Promise<Reader> {
    const client = await connectWith(this.networks[host]!.open)('ws://h', { ticket: { name } });
    const letters: string[] = [];
    const sights: string[] = [];
    client.implement(Inbox, {
      letter: (text) => void letters.push(text),
      sight: (text) => void sights.push(text),
      question: async (text) => `${name} at ${host}: ${text}`,
    });
    return { client, letters, sights };
  }

  /** A counter of all nodes together. */
  count(name: 'clientPushesPassedOn' | 'clientPushesUndelivered' | 'deadlocks'): number {
    return this.nodes.reduce((sum, node) => sum + node.counters[name], 0);
  }

  absent(): number {
    return this.gateways.reduce((sum, { counters }) => sum + counters.pushesWithoutSession, 0);
  }
}

export async function severalHosts(t: ExecutionContext, hosts: number): Promise<SeveralHosts> {
  const { catalogue } = await loadFixtureGame('postmen');
  return new SeveralHosts(t, catalogue, hosts);
}

/** Resolves once it is so: every node has had its turns by then. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const giveUpAt = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`It did not come true: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What was under way between nodes of one thread has arrived. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
