import { LoopbackLink } from '../../transport/loopback/loopback-link.ts';
import { Doorbell } from '../../transport/ring/doorbell.ts';
import { SystemClock } from '../base/clock.ts';
import type { EntityId } from '../base/entity-id.ts';
import { Prng } from '../base/prng.ts';
import { HostRouter } from '../cluster/host-router.ts';
import { Keyspace } from '../cluster/keyspace.ts';
import type { MetPeer } from '../cluster/peer-directory.ts';
import { SLOT_OPEN, SlotTable } from '../cluster/slot-table.ts';
import type { Contract } from '../contract/contract.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import type { WaitPolicy } from '../runtime/duty-cycle.ts';
import { Node } from '../runtime/node.ts';
import { CapturedLog } from '../testing/captured-log.ts';
import { LocalBell } from '../testing/local-bell.ts';
import { PeerConnections } from './peer-connections.ts';

/** What the other node is to this one. */
export const PEER = 5;

/** The one node of a host in a cluster of two, on this thread: it has the even slots, the other one the odd ones, or the other way round. */
export class LinkedNode {
  readonly log = new CapturedLog();
  readonly node: Node;
  readonly peers: PeerConnections;
  isOpen = true;
  private readonly router: HostRouter;
  private readonly catalogue: Catalogue;
  private readonly name: string;
  private readonly inc: number;

  /** On a thread of its own it waits as nodes do; else it leaves the thread to others. */
  constructor(url: string, name: string, parity: 0 | 1, catalogue: Catalogue, inc = 1, ownWaits?: WaitPolicy) {
    this.name = name;
    this.inc = inc;
    this.catalogue = catalogue;
    const slots = new SlotTable();
    for (let slot = 0; slot < slots.count; slot++) slots.put(slot, slot % 2 === parity ? 0 : PEER, 1, SLOT_OPEN);
    slots.publish();
    this.router = new HostRouter(new Keyspace([1, 2]), slots, name, 1);
    const clock = new SystemClock();
    const loopback = new LoopbackLink();
    const bell: Doorbell = ownWaits === undefined ? new LocalBell(() => this.node.start()) : new Doorbell();
    this.node = new Node({
      index: 0,
      incarnation: inc * 2 + parity,
      catalogue,
      router: this.router,
      clock,
      prng: new Prng(1, name),
      log: this.log,
      writers: [loopback],
      readers: [loopback],
      bell,
      waits: ownWaits ?? { spinMs: 0, napsMs: 0, napMs: 0, yieldMs: 0 },
      cluster: {
        lease: { isOpen: () => this.isOpen },
        peers: { max: 64, isMember: () => true },
        slots,
        told: { frozen: () => {}, occupied: () => {} },
      },
    });
    this.node.start();
    const random = new Prng(2, name);
    const self = { name: `${name}-0`, inc };
    const about = { url, cluster: 'test', self, host: name, catalogue, clock, random, log: this.log };
    this.peers = new PeerConnections({ ...about, isOpen: () => this.isOpen }, this.node);
  }

  get met(): MetPeer {
    return { index: PEER, name: `${this.name}-0`, inc: this.inc, host: this.name, node: 0, isGateway: false };
  }

  /** An id whose entity lives here. */
  idHere(contract: Contract<any>, from = 1): number {
    const { type } = this.catalogue.entityContract(contract);
    const isHere = (id: EntityId): boolean => this.router.ownerOf(this.router.slotOf(type.keyspace, id)) === 0;
    for (let id = from; ; id++) if (isHere(id)) return id;
  }

  counter(name: string): number {
    return this.peers.beside({ counters: {}, gauges: {} }).counters[name]!;
  }

  async stop(): Promise<void> {
    this.node.stop();
    await this.peers.close();
  }
}
