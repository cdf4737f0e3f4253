import type { LinkCounters, LinkReader, LinkWriter } from '../../transport/link.ts';
import { LoopbackLink, type LoopbackLinkOptions } from '../../transport/loopback/loopback-link.ts';
import { takeRemaining } from '../../transport/ring/remaining-frames.ts';
import { RingLinkReader } from '../../transport/ring/ring-link-reader.ts';
import { RingLinkWriter, type RingLinkWriterOptions } from '../../transport/ring/ring-link-writer.ts';
import { allocateRingLink, type RingLinkMemoryOptions } from '../../transport/ring/ring-memory.ts';
import { type Clock, SystemClock } from '../base/clock.ts';
import type { EntityId } from '../base/entity-id.ts';
import { Prng } from '../base/prng.ts';
import { HostRouter } from '../cluster/host-router.ts';
import { Keyspace } from '../cluster/keyspace.ts';
import { SLOT_OPEN, SlotTable } from '../cluster/slot-table.ts';
import type { Contract } from '../contract/contract.ts';
import { type Activation, DEACTIVATING } from '../runtime/activation.ts';
import { allocateBlackBox, BlackBox, BlackBoxReader } from '../runtime/black-box.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import type { ClientSink } from '../runtime/client-sink.ts';
import type { Compute } from '../runtime/compute.ts';
import type { WaitPolicy } from '../runtime/duty-cycle.ts';
import type { EntityStore } from '../runtime/entity-store.ts';
import { Node } from '../runtime/node.ts';
import type { NodeView } from '../runtime/node-view.ts';
import type { Heap } from '../runtime/relief.ts';
import { CapturedLog } from './captured-log.ts';
import { LocalBell } from './local-bell.ts';
import { ManualClock } from './manual-clock.ts';

export interface LocalHostOptions {
  /** Nodes that own slots. Default 1. */
  nodes?: number;
  /** Given, there is one more node, the last: it owns no slots, and clients are behind it. */
  clients?: ClientSink;
  /** Given, there is that node too, and compute functions run behind it. */
  compute?: Compute;
  /** Given, there is one more node behind that one: it holds the store of persistent entities. A game that has some needs it. */
  store?: EntityStore;
  /** The system's when left out. */
  clock?: Clock;
  log?: CapturedLog;
  seed?: number;
  /** Of all slots: a host that comes after another on one store has a higher one. Default 1. */
  epoch?: number;
  /** Of every node. Entities live as long as they are used when it is left out. */
  heap?: Heap;
  /** Pending calls that a node may have. */
  pendingMax?: number;
  /** Hears of links that are found corrupt: by which node, and which one wrote it. */
  onCorrupt?: (reader: number, writer: number) => void;
  /** Of the links between nodes. */
  ring?: RingLinkMemoryOptions & RingLinkWriterOptions;
  /** Of the link of each node to itself. */
  loopback?: LoopbackLinkOptions;
}

/** One thread is shared by all nodes: whoever waits must not block the others, and whoever works must not keep the event loop from tests. */
const NEVER_BLOCK: WaitPolicy = { spinMs: 0, napsMs: 0, napMs: 0, yieldMs: 0 };
/** Turns of the event loop in which nothing is under way, until it is believed. */
const QUIET_TURNS = 3;

/** A whole host in one thread: nodes as their threads run them, with real rings in between and a log that can be read. */
export class LocalHost {
  readonly nodes: Node[];
  readonly clock: Clock;
  readonly log: CapturedLog;
  /** What every node writes to every other one, and to itself. */
  readonly links: (LinkWriter & LinkCounters)[][];
  /** What each node is doing. */
  readonly boxes: BlackBoxReader[];
  private readonly options: LocalHostOptions;
  private readonly bells: LocalBell[];
  /** Of the rings, `memory[from][to]`. */
  private readonly memory: (SharedArrayBuffer | undefined)[][];
  private readonly slots = new SlotTable();
  private readonly router: HostRouter;
  private readonly catalogue: Catalogue;
  private incarnations = 0;
  /** By node, how many had its index. */
  private readonly lives: number[];
  private readonly killed = new Set<number>();

  constructor(catalogue: Catalogue, options: LocalHostOptions = {}) {
    const { nodes: count = 1, clock = new SystemClock(), seed = 1, ring = {}, clients, compute } = options;
    this.catalogue = catalogue;
    this.clock = clock;
    this.log = options.log ?? new CapturedLog();
    const { slots } = this;
    slots.spread(count, options.epoch);
    this.router = new HostRouter(new Keyspace([seed, ~seed]), slots, 'local', count);
    this.options = options;
    const behind = options.store !== undefined ? 2 : clients === undefined && compute === undefined ? 0 : 1;
    const total = count + behind;
    const indexes = Array.from({ length: total }, (_, index) => index);
    this.lives = indexes.map(() => 0);
    this.bells = indexes.map((index) => this.newBell(index));
    this.memory = indexes.map((from) => indexes.map((to) => (from === to ? undefined : allocateRingLink(ring))));
    this.links = indexes.map((from) => indexes.map((to) => this.writerOf(from, to)));
    this.boxes = [];
    this.nodes = [];
    for (const index of indexes) this.nodes.push(this.newNode(index));
    for (const node of this.nodes) node.start();
  }

  /** Ends a node as the end of its thread does: between two slices, with everything that it knew. Nobody is told until `replace`. */
  kill(index: number): void {
    this.nodes[index]!.die();
    this.killed.add(index);
  }

  /** Killed, and not replaced since. */
  isKilled(index: number): boolean {
    return this.killed.has(index);
  }

  /** Nodes that were not killed, or were replaced since. */
  living(): Node[] {
    return this.nodes.filter((_, index) => !this.killed.has(index));
  }

  /** A fresh node takes the place of one that was killed, as the host has it when a thread has ended: new links, and every other node is told. */
  replace(index: number): void {
    this.killed.delete(index);
    const lost = this.links.map((row) => row[index]!);
    const lostMemory = this.memory.map((row) => row[index]);
    this.bells[index] = this.newBell(index);
    for (const other of this.nodes.keys()) {
      if (other === index) continue;
      this.memory[index]![other] = allocateRingLink(this.options.ring);
      this.memory[other]![index] = allocateRingLink(this.options.ring);
    }
    for (const other of this.nodes.keys()) {
      this.links[index]![other] = this.writerOf(index, other);
      if (other !== index) this.links[other]![index] = this.writerOf(other, index);
    }
    this.nodes[index] = this.newNode(index);
    for (const [other, node] of this.nodes.entries()) {
      if (other === index) continue;
      node.replacePeer({
        node: index,
        writer: this.links[other]![index]!,
        reader: this.readerOf(index, other),
        unread: (handler) => takeRemaining(lostMemory[other]!, handler, lost[other] as RingLinkWriter),
      });
    }
    this.nodes[index].start();
  }

  /** A slot without live entities goes to another node, under its next epoch. */
  give(slot: number, node: number): void {
    this.slots.put(slot, node, this.slots.epochOf(slot) + 1, SLOT_OPEN);
    this.slots.publish();
    for (const one of this.living()) one.installed();
  }

  /** The shared memory of the ring from one node to another. */
  memoryOf(from: number, to: number): SharedArrayBuffer {
    return this.memory[from]![to]!;
  }

  private newBell(index: number): LocalBell {
    const bell: LocalBell = new LocalBell(() => {
      if (this.bells[index] === bell) this.nodes[index]?.start();
    });
    return bell;
  }

  private writerOf(from: number, to: number): LinkWriter & LinkCounters {
    const { ring = {}, loopback = {} } = this.options;
    if (from === to) return new LoopbackLink(loopback);
    return new RingLinkWriter(this.memory[from]![to]!, { ...ring, readerBell: this.bells[to]! });
  }

  private readerOf(from: number, to: number): LinkReader {
    if (from === to) return this.links[to]![to] as LoopbackLink;
    return new RingLinkReader(this.memory[from]![to]!, { writerBell: this.bells[from]!, scrub: true });
  }

  private newNode(index: number): Node {
    const { seed = 1, clients, compute, store, heap, pendingMax, onCorrupt } = this.options;
    const box = allocateBlackBox();
    this.boxes[index] = new BlackBoxReader(box);
    return new Node({
      index,
      incarnation: ++this.incarnations,
      catalogue: this.catalogue,
      router: this.router,
      clock: this.clock,
      prng: new Prng(seed, `node ${index}`),
      log: this.log.child({ node: index }),
      writers: this.links[index]!,
      readers: this.bells.map((_, from) => this.readerOf(from, index)),
      bell: this.bells[index]!,
      waits: NEVER_BLOCK,
      box: new BlackBox(box),
      onCorrupt: (writer) => onCorrupt?.(index, writer),
      access: { life: this.lives[index]!++, isClaimed: false },
      ...(clients !== undefined && index === this.router.gatewayOf() && { clients }),
      ...(compute !== undefined && index === this.router.computeAt() && { compute }),
      ...(store !== undefined && index === this.router.storeAt() && { store }),
      ...(heap !== undefined && { heap }),
      ...(pendingMax !== undefined && { pendingMax }),
    });
  }

  /** A node as code outside of entities sees it. */
  view(node = 0): NodeView {
    return this.nodes[node]!.view;
  }

  /** Index of the node that owns an entity. */
  ownerOf(contract: Contract<any>, id: EntityId): number {
    const { type } = this.catalogue.entityContract(contract);
    const key = type.affinity === undefined ? id : type.affinity(id);
    return this.router.ownerOf(this.router.slotOf(type.affinity === undefined ? type.keyspace : 0xffff, key));
  }

  /** The entity as it lives in memory; undefined when it does not. */
  find(contract: Contract<any>, id: EntityId): Activation | undefined {
    const owner = this.ownerOf(contract, id);
    if (this.killed.has(owner)) return undefined;
    return this.nodes[owner]!.find(this.catalogue.entityContract(contract).type, id);
  }

  /** The first whole number from `from` on whose entity lives on `node`. */
  idOn(node: number, contract: Contract<any>, from = 1): number {
    for (let id = from; ; id++) if (this.ownerOf(contract, id) === node) return id;
  }

  /** Moves a `ManualClock`, and resolves once every node has done what is due then. */
  async advance(ms: number): Promise<void> {
    if (!(this.clock instanceof ManualClock)) throw new TypeError('Only a ManualClock can be moved.');
    this.clock.move(ms);
    this.tick();
    await this.settled();
  }

  /** Every node looks at the clock. */
  tick(): void {
    for (const node of this.living()) node.start();
  }

  /** Calls of all nodes that wait for a reply. */
  callsPending(): number {
    return this.living().reduce((sum, node) => sum + node.state.pending.size, 0);
  }

  /** Who has the most messages waiting, by name; undefined when nobody has any. */
  busiest(): string | undefined {
    let busiest: Activation | undefined;
    for (const node of this.living()) {
      for (const one of node.live()) if (one.waiting > (busiest?.waiting ?? 0)) busiest = one;
    }
    return busiest && `${busiest.type.name}/${busiest.id}`;
  }

  /** When a timer or a deadline of any node is due next, at the earliest; Infinity when none is. */
  nextDue(): number {
    return Math.min(...this.living().map((node) => node.nextDue()));
  }

  /** Does anything go on without time or the outside world? */
  isBusy(): boolean {
    // What is for a node that was killed waits until it is replaced.
    const isWhole = this.killed.size === 0;
    return this.living().some((node) => node.pending() || (isWhole && node.state.outbox.needsFlush));
  }

  /** Resolves once nothing is under way that goes on without time or the outside world. */
  async settled(): Promise<void> {
    // Every turn of the event loop ends with all microtasks done, and a node that has work left has a round coming.
    for (let quietTurns = 0; quietTurns < QUIET_TURNS; quietTurns++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.isBusy()) quietTurns = 0;
    }
  }

  /** A counter of all nodes together. */
  count(name: keyof Node['counters']): number {
    return this.nodes.reduce((sum, node) => sum + node.counters[name], 0);
  }

  stop(): void {
    for (const node of this.nodes) node.stop();
  }

  /** Is there an entity whose `onDeactivate` is under way? */
  isAnyLeaving(): boolean {
    for (const node of this.living()) for (const { phase } of node.live()) if (phase === DEACTIVATING) return true;
    return false;
  }

  /** Like `stop`, but entities never hear of it. */
  abandon(): void {
    for (const [index, node] of this.nodes.entries()) {
      if (this.router.nodes().includes(index)) node.abandon();
      else node.stop();
    }
  }
}
