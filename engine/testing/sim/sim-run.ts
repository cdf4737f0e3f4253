import type { Prng } from '../../base/prng.ts';
import type { Assignment, Entry, HostRef, NodeRef } from '../../cluster/control-record.ts';
import { hostKey, isMember, sameHost } from '../../cluster/control-record.ts';
import { isOpen, type Lease, NO_LEASE } from '../../cluster/lease.ts';
import type { Env, StoreEvent } from '../../cluster/machine.ts';
import { Member, type MemberEffect, type MemberEvent } from '../../cluster/member.ts';
import { type Packet, ReliableSession } from '../../cluster/reliable-session.ts';
import { SessionSender } from '../../cluster/session-sender.ts';
import { type Stamped, UnreliableReceiver, UnreliableSender } from '../../cluster/unreliable-lane.ts';
import { digestOf } from './digest.ts';
import type { SimClock } from './sim-clock.ts';
import type { SimFrame, SimPulse } from './sim-frame.ts';
import { SimNode } from './sim-node.ts';
import { SimThread } from './sim-thread.ts';
import type { SimWorld } from './sim-world.ts';

const FRAME_BYTES = 100;
const CALL_TIMEOUT_MS = 1500;

interface Peer {
  readonly ref: HostRef;
  readonly session: ReliableSession<SimFrame>;
  readonly out: UnreliableSender<SimPulse>;
  readonly in: UnreliableReceiver<SimPulse>;
  /** By the network, of what `out` sent. */
  lost: number;
}

/** One run of one host: the shell around the machines, with models where the real one has NATS, shared memory and threads. */
export class SimRun {
  readonly ref: HostRef;
  readonly member: Member;
  readonly nodes: readonly SimNode[];
  readonly clock: SimClock;
  alive = true;
  private readonly world: SimWorld;
  private readonly random: Prng;
  private readonly control: SimThread;
  private readonly net: SimThread;
  private readonly peers = new Map<number, Peer>();
  /** From runs that were no members here, when they came. */
  private readonly strayPulses = new Map<number, number>();
  private readonly local: SimFrame[] = [];
  private readonly env: Env;
  private lease: Lease = NO_LEASE;
  private assignment: Assignment | undefined;
  private flushPending = false;
  private stillFrom = 0;
  private asked: () => void = () => {};

  constructor(world: SimWorld, ref: HostRef, clock: SimClock) {
    this.world = world;
    this.ref = ref;
    this.clock = clock;
    this.random = world.fork(`run ${ref.host}/${ref.inc}`);
    this.env = { now: clock.now(), random: this.random };
    this.control = new SimThread(
      world.time,
      () => {},
      () => {},
    );
    this.net = new SimThread(
      world.time,
      () => {},
      () => {},
    );
    this.member = new Member({
      self: ref,
      nodes: world.nodes,
      slots: world.slots,
      profile: world.parts.profile,
      eligible: true,
      parts: world.parts.member,
    });
    // Nodes that own slots, and behind them the gateway's.
    this.nodes = Array.from({ length: world.nodes + 1 }, (_, node) => this.newNode({ ...ref, node }));
    this.step({ kind: 'tick' });
    this.tickNodes();
    this.callLater();
  }

  get gateway(): SimNode {
    return this.nodes.at(-1)!;
  }

  /** A client of this host calls. */
  call(entity: number, next = -1, timeoutMs = CALL_TIMEOUT_MS): void {
    const source = { ...this.gateway.ref, slot: -1, epoch: 0 };
    this.gateway.call(entity, source, `client ${this.ref.host}/${this.ref.inc}`, next, timeoutMs);
  }

  /** Whether every slot of ours in the truth runs here. */
  serves(slot: number, owner: NodeRef, epoch: number): boolean {
    return isOpen(this.lease, this.clock.now()) && this.nodes[owner.node]!.gate.epochOf(slot) === epoch;
  }

  /** What a watch tells. */
  observed(entry: Entry): void {
    this.control.post(() => this.step({ kind: 'observed', entry }));
  }

  /** A call whose answer is demanded. */
  probe(entity: number): void {
    const source = { ...this.gateway.ref, slot: -1, epoch: 0 };
    this.gateway.call(entity, source, `client ${this.ref.host}/${this.ref.inc}`, -1, CALL_TIMEOUT_MS, 'probe ');
  }

  /** The counters of the unreliable lane to another run, for the history. */
  recordLane(to: SimRun): void {
    const there = to.peers.get(this.ref.inc)?.in;
    const here = this.peers.get(to.ref.inc);
    if (here === undefined) return;
    const dropped = here.out.dropped + here.lost + (there?.dropped ?? 0) + (to.strayPulses.get(this.ref.inc) ?? 0);
    const lane = `${this.ref.host}/${this.ref.inc} > ${to.ref.host}/${to.ref.inc}`;
    this.world.record({ kind: 'lane', lane, sent: here.out.sent, delivered: there?.delivered ?? 0, dropped });
  }

  isHalted(node: number | undefined): boolean {
    return this.alive && (node === undefined ? this.control : this.nodes[node]!.thread).stillSince !== undefined;
  }

  drain(): void {
    this.control.post(() => this.step({ kind: 'drain' }));
  }

  halt(node?: number): void {
    if (node === undefined && !this.isHalted(undefined)) this.stillFrom = this.world.time.now;
    for (const thread of this.threadsOf(node)) thread.halt();
  }

  goOn(node?: number): void {
    if (!this.alive) return;
    const from = node === undefined ? this.stillFrom : (this.nodes[node]!.thread.stillSince ?? 0);
    this.world.record({ kind: 'stood-still', ...this.ref, from, node });
    // In any order: the operating system decides.
    const threads = this.threadsOf(node);
    while (threads.length > 0) threads.splice(Math.floor(this.random.next() * threads.length), 1)[0]!.goOn();
  }

  /** The process is gone, with everything in its memory. */
  stop(reason: string): void {
    if (!this.alive) return;
    this.alive = false;
    this.world.record({ kind: 'stopped', ...this.ref, reason });
    for (const thread of this.threadsOf(undefined)) thread.end();
  }

  onPacket(from: HostRef, packet: Packet<SimFrame>): void {
    this.net.post(() => {
      const peer = this.peerOf(from);
      // Behind its lease a host acknowledges nothing: what is acknowledged counts as taken, and would be handled in a later view.
      if (peer === undefined || !isOpen(this.lease, this.clock.now())) return;
      for (const frame of peer.session.onPacket(packet, this.fresh())) {
        this.nodes[frame.to.node]!.onFrame(frame, () => {
          peer.session.release(1, FRAME_BYTES);
          this.flushSoon();
        });
      }
      this.flushSoon();
    });
  }

  onPulse(from: HostRef, to: HostRef, pulse: Stamped<SimPulse>): void {
    // For an earlier run of this host: of another lane.
    if (!sameHost(to, this.ref)) return;
    this.net.post(() => {
      const peer = this.peerOf(from);
      if (peer === undefined) {
        this.strayPulses.set(from.inc, (this.strayPulses.get(from.inc) ?? 0) + 1);
        return;
      }
      const got = peer.in.receive(pulse);
      if (got !== undefined) this.gateway.onPulse(got);
      else this.world.reach('overtaken pulse dropped');
    });
  }

  private newNode(ref: NodeRef): SimNode {
    return new SimNode(ref, this.world, this.world.fork(`node ${ref.host}/${ref.inc}/${ref.node}`), {
      now: () => this.clock.now(),
      isOpen: () => isOpen(this.lease, this.clock.now()),
      send: (frame, owed) => this.send(frame, owed),
      pulse: (pulse) => this.pulse(pulse),
      isSettled: (slot) => this.isSettled(slot),
      frozen: (slot, move) => this.control.post(() => this.step({ kind: 'frozen', slots: [{ slot, move }] })),
      busy: () => {
        if (this.member?.owner.phase === 'fenced') this.control.post(() => this.tellQuiet());
      },
    });
  }

  private step(event: MemberEvent): void {
    if (!this.alive) return;
    const env = this.fresh();
    for (const effect of this.member.step(event, env)) this.carryOut(effect);
    if (!this.alive) return;
    const wakeInMs = this.member.wakeAt(env.now.mono) - env.now.mono;
    // Only the last wake-up counts: earlier ones ask, and find that they are not meant any more.
    const asked = (): void => {
      if (this.asked === asked) this.control.post(() => this.step({ kind: 'tick' }));
    };
    this.asked = asked;
    if (wakeInMs < 1e9) this.world.time.after(Math.max(0.01, this.clock.real(wakeInMs)), asked);
  }

  private carryOut(effect: MemberEffect): void {
    if (!this.alive) return;
    const { world, ref } = this;
    switch (effect.kind) {
      case 'read':
      case 'cas':
      case 'poll':
        this.askStore(effect);
        return;
      case 'lease':
        this.lease = effect.lease;
        for (const node of this.nodes) node.thread.post(() => node.drain());
        return;
      case 'fence':
        world.reach('fenced');
        this.control.post(() => this.tellQuiet());
        return;
      case 'resume':
        world.reach('resumed with memory intact');
        return;
      case 'end-threads':
        world.reach('thread ended');
        this.exit('threads-ended');
        return;
      case 'exit':
        this.exit(effect.reason);
        return;
      case 'install':
        this.install(effect.assignment);
        return;
      case 'open':
        this.ownerOf(effect.slot)?.open(effect.slot, effect.epoch);
        return;
      case 'freeze': {
        const node = this.ownerOf(effect.slot);
        node?.thread.post(() => node.freeze(effect.slot, effect.move));
        return;
      }
      case 'unfreeze':
        world.reach('unfrozen');
        this.ownerOf(effect.slot)?.gate.unfreeze(effect.slot);
        return;
      case 'emptied':
        world.reach('drained');
        this.control.post(() => this.step({ kind: 'retired' }));
        return;
      case 'hold':
        world.record({ kind: 'hold', ...ref, reason: effect.reason });
    }
  }

  private ownerOf(slot: number): SimNode | undefined {
    const owner = this.assignment?.slots[slot]?.owner;
    return sameHost(owner, this.ref) ? this.nodes[owner!.node] : undefined;
  }

  private exit(reason: string): void {
    this.world.reach(`exit: ${reason}`);
    this.stop(reason);
    this.world.onExit(this.ref.host, reason);
  }

  /** Every request is answered once: by the store, or by the time-out. */
  private askStore(effect: Extract<MemberEffect, { kind: 'read' | 'cas' | 'poll' }>): void {
    const { world, ref } = this;
    let answered = false;
    const answer = (event: StoreEvent): void => {
      if (answered) return;
      answered = true;
      this.control.post(() => this.step(event));
    };
    const reply = (event: StoreEvent): void => {
      world.network.send('store', ref.host, () => answer(event));
    };
    if (effect.kind === 'poll') {
      const ask = (): void => world.store.readAll((entries) => reply({ kind: 'polled', entries }));
      world.network.send(ref.host, 'store', ask);
      return;
    }
    const { request, key } = effect;
    const timeoutMs = this.clock.real(world.parts.profile.storeTimeoutMs);
    if (effect.kind === 'read') {
      const ask = (): void => world.store.read(key, (entry) => reply({ kind: 'read-done', request, entry }));
      world.network.send(ref.host, 'store', ask);
      world.time.after(timeoutMs, () => answer({ kind: 'read-failed', request }));
      return;
    }
    const { value, expected } = effect;
    if (key === hostKey(ref.host)) world.record({ kind: 'lease-sent', ...ref, nonce: value.nonce, ...this.env.now });
    world.network.send(ref.host, 'store', () => {
      world.store.cas(key, expected, value, (revision) => {
        reply(revision === undefined ? { kind: 'cas-conflict', request } : { kind: 'cas-done', request, revision });
      });
    });
    world.time.after(timeoutMs, () => answer({ kind: 'cas-unknown', request }));
  }

  private install(assignment: Assignment): void {
    const { epoch, term } = assignment;
    this.world.record({ kind: 'view', ...this.ref, epoch, term, digest: digestOf(assignment) });
    this.assignment = assignment;
    for (const { ref, session } of this.peers.values()) {
      if (isMember(assignment, ref)) continue;
      this.peers.delete(ref.inc);
      for (const frame of session.close().unsent) {
        if (frame.kind !== 'request') continue;
        this.world.reach('request that never left is sent elsewhere');
        const node = this.nodes[frame.from.node]!;
        node.thread.post(() => node.router.unsent(frame.call.id));
      }
      for (const node of this.nodes) node.gate.forget(ref);
    }
    for (const node of this.nodes) node.install(assignment);
  }

  private peerOf(ref: HostRef): Peer | undefined {
    if (this.assignment === undefined || !isMember(this.assignment, ref)) return undefined;
    let peer = this.peers.get(ref.inc);
    if (peer === undefined) {
      // Small windows, so that they fill.
      const sender = new SessionSender<SimFrame>(32, 32 * FRAME_BYTES);
      const receiver = this.world.parts.receiver();
      const session = new ReliableSession<SimFrame>(this.ref.inc, ref.inc, sender, receiver);
      peer = { ref, session, out: new UnreliableSender(), in: new UnreliableReceiver(), lost: 0 };
      this.peers.set(ref.inc, peer);
    }
    return peer;
  }

  private send(frame: SimFrame, owed: boolean): boolean {
    if (sameHost(frame.to, this.ref)) {
      // Rings within a host keep the order and lose nothing.
      this.local.push(frame);
      this.world.time.after(0.01, () => {
        const next = this.local.shift()!;
        this.nodes[next.to.node]!.onFrame(next, () => {});
      });
      return true;
    }
    const peer = this.peerOf(frame.to);
    if (peer === undefined) return owed;
    this.flushSoon();
    return peer.session.send(frame, FRAME_BYTES, owed);
  }

  private pulse(pulse: SimPulse): void {
    const others = this.assignment?.members.filter((member) => !sameHost(member, this.ref)) ?? [];
    const to = others[Math.floor(this.random.next() * others.length)];
    const peer = to === undefined ? undefined : this.peerOf(to);
    if (peer === undefined) return;
    peer.out.send(pulse, '', `slot ${pulse.source.slot}`);
    for (const stamped of peer.out.flush()) {
      const arrive = (): void => this.world.runOf(peer.ref.host)?.onPulse(this.ref, peer.ref, stamped);
      if (!this.world.network.send(this.ref.host, peer.ref.host, arrive, true)) peer.lost++;
    }
  }

  private flushSoon(): void {
    if (this.flushPending) return;
    this.flushPending = true;
    this.world.time.after(0.05, () =>
      this.net.post(() => {
        this.flushPending = false;
        this.flush();
      }),
    );
  }

  private flush(): void {
    let wakeAt = Number.POSITIVE_INFINITY;
    const env = this.fresh();
    for (const { ref, session } of this.peers.values()) {
      for (const packet of session.flush(env)) {
        this.world.network.send(this.ref.host, ref.host, () => this.world.runOf(ref.host)?.onPacket(this.ref, packet));
      }
      wakeAt = Math.min(wakeAt, session.wakeAt);
    }
    const inMs = wakeAt - env.now.mono;
    if (inMs < 1e9) this.world.time.after(this.clock.real(Math.max(1, inMs)), () => this.flushSoon());
  }

  private isSettled(slot: number): boolean {
    const ofSlot = (frame: SimFrame): boolean =>
      frame.kind === 'reply' ? frame.source.slot === slot : frame.kind === 'request' && frame.call.source.slot === slot;
    for (const { session } of this.peers.values()) if (session.sender.some(ofSlot)) return false;
    // What waits for its target's owner, or may still be bounced, would leave after the slot has gone, and be refused.
    if (this.nodes.some(({ router }) => router.some((call) => call.source.slot === slot))) return false;
    return !this.local.some(ofSlot);
  }

  private tickNodes(): void {
    this.world.time.after(20, () => {
      if (!this.alive) return;
      for (const node of this.nodes) node.tick();
      this.tickNodes();
    });
  }

  /** Clients of this host call entities: singly, in bursts, and such that call others. */
  private callLater(): void {
    this.world.time.after(5 + this.random.next() * 60, () => {
      if (!this.alive) return;
      const entity = Math.floor(this.random.next() * this.world.entities);
      const burst = this.random.next() < 0.2 ? 8 : 1;
      const next = this.random.next() < 0.3 ? Math.floor(this.random.next() * this.world.entities) : -1;
      if (this.net.stillSince === undefined) for (let i = 0; i < burst; i++) this.call(entity, next);
      this.callLater();
    });
  }

  private tellQuiet(): void {
    this.step({ kind: 'quiet', quiet: !this.nodes.some((node) => node.thread.isBusy) });
  }

  private threadsOf(node: number | undefined): SimThread[] {
    if (node !== undefined) return [this.nodes[node]!.thread];
    return [this.control, this.net, ...this.nodes.map(({ thread }) => thread)];
  }

  private fresh(): Env {
    return Object.assign(this.env, { now: this.clock.now() });
  }
}
