import { LoopbackLink } from '../../transport/loopback/loopback-link.ts';
import type { EntityId } from '../base/entity-id.ts';
import { Prng } from '../base/prng.ts';
import { HostRouter } from '../cluster/host-router.ts';
import { Keyspace, SLOTS } from '../cluster/keyspace.ts';
import { PeerTable } from '../cluster/peer-table.ts';
import { NOBODY, SLOT_OPEN, SLOT_SHUT, SlotTable } from '../cluster/slot-table.ts';
import type { Contract } from '../contract/contract.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import type { AskedSlot } from '../runtime/moves/cluster-ports.ts';
import { Node } from '../runtime/node.ts';
import { CapturedLog } from './captured-log.ts';
import { LocalBell } from './local-bell.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryLink } from './memory-link.fixture.ts';

const NEVER_BLOCK = { spinMs: 0, napsMs: 0, napMs: 0, yieldMs: 0 };
const QUIET_TURNS = 3;

interface Row {
  readonly owner: number;
  readonly epoch: number;
  /** The slot changed hands by agreement: nobody before it can still be running it. */
  readonly isPlanned: boolean;
}

/** A host of one node, with tables of its own. */
interface MovingHost {
  readonly node: Node;
  readonly slots: SlotTable;
  readonly peers: PeerTable;
  readonly lease: { isOpen: boolean };
  readonly frozen: AskedSlot[];
  readonly occupied: number[][];
  /** By host: its peer index here. This host is 0. */
  readonly indexes: number[];
  /** What it goes by. */
  rows: readonly Row[];
  isDead: boolean;
}

/**
 * Hosts of one node each in one thread, with links between them that take time, and a clock that the test moves. What the master and the control threads decide in
 * a real cluster the test writes by hand: who owns a slot, and which host knows it already.
 */
export class MovingHosts {
  readonly clock = new ManualClock();
  readonly log = new CapturedLog();
  readonly hosts: MovingHost[] = [];
  /** `links[from][to]`. */
  readonly links: MemoryLink[][];
  /** What the master has decided. */
  rows: readonly Row[];
  private readonly catalogue: Catalogue;
  private readonly keyspace = new Keyspace([5, 9]);

  /** Slot n begins at host n modulo `count`, open. */
  constructor(catalogue: Catalogue, count: number) {
    this.catalogue = catalogue;
    const all = Array.from({ length: count }, (_, index) => index);
    this.rows = Array.from({ length: SLOTS }, (_, slot) => ({ owner: slot % count, epoch: 1, isPlanned: true }));
    this.links = all.map(() => all.map((to) => new MemoryLink(this.clock, () => this.hosts[to]?.node.start())));
    for (const index of all) this.hosts.push(this.newHost(index, count));
    for (const from of all) for (const to of all) if (from !== to) this.meet(from, to);
    for (const index of all) this.install(index);
  }

  private newHost(index: number, count: number): MovingHost {
    const slots = new SlotTable();
    slots.clear();
    const peers = new PeerTable();
    peers.meet(0);
    const lease = { isOpen: true };
    const frozen: AskedSlot[] = [];
    const occupied: number[][] = [];
    const loopback = new LoopbackLink();
    const bell = new LocalBell(() => node.start());
    const node: Node = new Node({
      index: 0,
      incarnation: index + 1,
      catalogue: this.catalogue,
      router: new HostRouter(this.keyspace, slots, `host ${index}`, 1),
      clock: this.clock,
      prng: new Prng(1, `host ${index}`),
      log: this.log.child({ host: index }),
      writers: [loopback],
      readers: [loopback],
      bell,
      waits: NEVER_BLOCK,
      cluster: {
        lease: { isOpen: () => lease.isOpen },
        peers,
        slots,
        told: { frozen: (some) => frozen.push(...some), occupied: (some) => occupied.push([...some]) },
      },
    });
    // Other numbers on each host: the nearest neighbour behind is 1.
    const indexes = Array.from({ length: count }, (_, other) => (other - index + count) % count);
    return { node, slots, peers, lease, frozen, occupied, indexes, rows: [], isDead: false };
  }

  /** `from` can write to `to` and read from it. */
  private meet(from: number, to: number): void {
    const { node, peers, indexes } = this.hosts[from]!;
    peers.meet(indexes[to]!);
    node.meetPeer(indexes[to]!, this.links[from]![to]!, this.links[to]![from]!);
  }

  // ---- what the master decides

  /** A new owner, or none. */
  assign(slot: number, owner: number, isPlanned = false): void {
    this.rows = this.rows.map((row, index) => (index === slot ? { owner, epoch: row.epoch + 1, isPlanned } : row));
  }

  /** A host gets every slot that has no owner. */
  adopt(host: number): void {
    this.rows = this.rows.map((row) =>
      row.owner === NOBODY ? { owner: host, epoch: row.epoch + 1, isPlanned: false } : row,
    );
  }

  /** A host goes by what was decided. What it gets by a death stays shut until `openAll`. */
  install(host: number): void {
    const one = this.hosts[host]!;
    const { slots, indexes, rows: before } = one;
    for (const [slot, row] of this.rows.entries()) {
      if (before[slot] === row) continue;
      const state = row.owner === host && row.isPlanned ? SLOT_OPEN : SLOT_SHUT;
      slots.put(slot, row.owner === NOBODY ? NOBODY : indexes[row.owner]!, row.epoch, state);
    }
    one.rows = this.rows;
    slots.publish();
    one.node.installed();
  }

  /** Every host that lives goes by what was decided, and all slots are open. */
  installAll(): void {
    for (const [index, { isDead }] of this.hosts.entries()) if (!isDead) this.install(index);
    this.openAll();
  }

  openAll(): void {
    for (const { slots, node, isDead } of this.hosts) {
      if (isDead) continue;
      for (let slot = 0; slot < SLOTS; slot++) if (slots.ownerOf(slot) === 0) slots.open(slot);
      slots.publish();
      node.installed();
    }
  }

  /** Asks the owner of a slot to give it up; what it says is in `frozen`. */
  freeze(slot: number, move: number): void {
    this.hosts[this.rows[slot]!.owner]!.node.freeze([{ slot, move }]);
  }

  /** A host is no more, and all others know: its slots have no owner. */
  crash(host: number): void {
    const one = this.hosts[host]!;
    one.isDead = true;
    one.node.die();
    this.rows = this.rows.map((row) =>
      row.owner === host ? { owner: NOBODY, epoch: row.epoch + 1, isPlanned: false } : row,
    );
    for (const [index, other] of this.hosts.entries()) {
      if (other.isDead) continue;
      other.peers.part(other.indexes[host]!);
      this.install(index);
      this.links[host]![index]!.close();
      other.node.partPeer(other.indexes[host]!, this.links[index]![host]!.close());
    }
  }

  living(): number[] {
    return [...this.hosts.keys()].filter((host) => !this.hosts[host]!.isDead);
  }

  // ---- for tests

  slotOf(contract: Contract<any>, id: EntityId): number {
    return this.keyspace.slotOf(this.catalogue.entityContract(contract).type.keyspace, id);
  }

  /** The first whole number from `from` on whose entity `host` owns. */
  idOn(host: number, contract: Contract<any>, from = 1): number {
    for (let id = from; ; id++) if (this.rows[this.slotOf(contract, id)]!.owner === host) return id;
  }

  /** Turns of the event loop in which nothing goes on that needs no time. */
  async settled(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.hosts.some(({ node, isDead }) => !isDead && node.pending())) quiet = 0;
    }
  }

  /** Moves the clock, in steps in which every node has its rounds. */
  async advance(ms: number, stepMs = ms): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.move(stepMs);
      for (const { node, isDead } of this.hosts) if (!isDead) node.start();
      await this.settled();
    }
  }

  count(name: keyof Node['counters']): number {
    return this.hosts.reduce((sum, { node }) => sum + node.counters[name], 0);
  }

  stop(): void {
    for (const { node, isDead } of this.hosts) if (!isDead) node.stop();
  }
}
