import {
  type Assignment,
  type Entry,
  type HostRecord,
  type HostRef,
  hostKey,
  isGone,
  type MasterRecord,
  sameHost,
} from './control-record.ts';
import { ControlView } from './control-view.ts';
import { KeyWriter } from './key-writer.ts';
import { LeaseObserver } from './lease-observer.ts';
import { type LeaseEffect, LeaseOwner } from './lease-owner.ts';
import type { LeaseProfile } from './lease-profile.ts';
import type { Env, Out, StoreEffect, StoreEvent } from './machine.ts';
import { Master } from './master.ts';
import { MasterSeat } from './master-seat.ts';
import { SlotDuty, type SlotEffect } from './slot-duty.ts';
import { ViewBarrier } from './view-barrier.ts';

export type MemberEvent =
  | StoreEvent
  /** Time has passed: at `wakeAt`, or whenever. */
  | { readonly kind: 'tick' }
  /** Whether a slice runs on any thread of this host. */
  | { readonly kind: 'quiet'; readonly quiet: boolean }
  /** Slots stopped as asked: no entity, no open turn, everything sent from them acknowledged. */
  | { readonly kind: 'frozen'; readonly slots: readonly { readonly slot: number; readonly move: number }[] }
  | { readonly kind: 'occupied'; readonly slots: readonly number[]; readonly holds: readonly number[] }
  /** The thread of a node was replaced, for the `life`th time: what it sends from now on is another node's. */
  | { readonly kind: 'life'; readonly node: number; readonly life: number }
  /** This host is to leave: give the seat back and let others have the slots. */
  | { readonly kind: 'drain' }
  /** Nothing runs here any more, whether all slots are gone or not. */
  | { readonly kind: 'retired' };

export type MemberEffect =
  | StoreEffect
  | LeaseEffect
  | SlotEffect
  /** A draining host owns no slot any more. */
  | { readonly kind: 'emptied' }
  /** For the log, and an alarm: an operator is needed. */
  | { readonly kind: 'hold'; readonly reason: string };

/** How the machines of a member are made. The simulator puts machines with planted bugs in their place. */
export interface MemberParts {
  readonly view: (patienceMs: number) => ControlView;
  readonly writer: (...args: ConstructorParameters<typeof KeyWriter>) => KeyWriter;
  readonly owner: (...args: ConstructorParameters<typeof LeaseOwner>) => LeaseOwner;
  readonly observer: (...args: ConstructorParameters<typeof LeaseObserver>) => LeaseObserver;
  readonly master: (...args: ConstructorParameters<typeof Master>) => Master;
  readonly barrier: (self: HostRef) => ViewBarrier;
}

export const MEMBER_PARTS: MemberParts = {
  view: (patienceMs) => new ControlView(patienceMs),
  writer: (...args) => new KeyWriter(...args),
  owner: (...args) => new LeaseOwner(...args),
  observer: (...args) => new LeaseObserver(...args),
  master: (...args) => new Master(...args),
  barrier: (self) => new ViewBarrier(self),
};

export interface MemberOptions {
  /** `inc` is new for every start. */
  readonly self: HostRef;
  readonly nodes: number;
  readonly slots: number;
  readonly profile: LeaseProfile;
  /** Whether this host may be master. */
  readonly eligible: boolean;
  /** Epochs that were used before, as far as the store of entities knows: those of this cluster are above. Default 0. */
  readonly epochFloor?: number;
  readonly parts?: MemberParts;
}

/**
 * The control plane of one host: its lease, what it observes of others, the seat of the master, and the view of the assignment. Pure: one
 * event in, effects out, in the order in which they are to be carried out. A shell turns effects into requests, shared
 * memory and signals, and their results into events; the simulator does the same with models.
 */
export class Member {
  readonly self: HostRef;
  readonly view: ControlView;
  readonly owner: LeaseOwner;
  readonly observer: LeaseObserver;
  readonly seat: MasterSeat;
  readonly master: Master;
  readonly duty: SlotDuty;
  readonly writers: KeyWriter[] = [];
  private readonly profile: LeaseProfile;
  private readonly eligible: boolean;
  private readonly lives: number[];
  private pollAt = 0;
  private requests = 0;
  private nonces = 0;
  private draining = false;
  private emptied = false;
  private holdTold = false;

  constructor({ self, nodes, slots, profile, eligible, epochFloor, parts = MEMBER_PARTS }: MemberOptions) {
    this.self = self;
    this.profile = profile;
    this.eligible = eligible;
    this.lives = new Array<number>(nodes).fill(0);
    const nextRequest = (): number => ++this.requests;
    const nextNonce = (): string => `${self.inc}:${++this.nonces}`;
    const writer = (key: Entry['key']): KeyWriter => {
      const made = parts.writer(key, nextRequest);
      this.writers.push(made);
      return made;
    };
    this.view = parts.view(profile.deadMs);
    this.owner = parts.owner(self, nodes, profile, this.view, writer(hostKey(self.host)), nextNonce);
    this.observer = parts.observer(profile, this.view, (key) => parts.writer(key, nextRequest), nextNonce);
    this.seat = new MasterSeat(self, profile, this.view, writer('master'), nextNonce);
    const assign = writer('assign');
    this.master = parts.master(this.seat, this.observer, profile, this.view, assign, nextNonce, slots, epochFloor);
    this.duty = new SlotDuty(self, parts.barrier(self));
  }

  /** When the next `tick` is due, on the monotonic clock. It may come earlier, and more often. */
  wakeAt(now: number): number {
    if (this.owner.phase === 'ended') return Number.POSITIVE_INFINITY;
    const joins = this.owner.phase === 'joining' ? this.observer.overdueAt(this.self.host) : Number.POSITIVE_INFINITY;
    const stands = this.mayStand() || this.seat.held ? this.seat.wakeAt(this.rank()) : Number.POSITIVE_INFINITY;
    return Math.min(this.pollAt, this.owner.wakeAt, stands, this.master.wakeAt(now), joins > now ? joins : this.pollAt);
  }

  step(event: MemberEvent, env: Env): MemberEffect[] {
    const out: MemberEffect[] = [];
    if (this.owner.phase === 'ended') return out;
    this.onEvent(event, env, out);
    this.owner.tick(env, out);
    // Nobody else may be there to say that the run of this host before is dead.
    if (this.owner.phase === 'joining') this.observer.challenge(this.self.host, env, out);
    this.seat.tick(this.mayStand(), this.rank(), env, out);
    this.master.tick(env, out);
    if (env.now.mono >= this.pollAt) {
      this.pollAt = env.now.mono + this.profile.pollMs;
      out.push({ kind: 'poll' });
    }
    if (this.duty.advance(this.view, out)) this.owner.tell(this.duty.report());
    if (this.draining && !this.emptied && this.duty.owned === 0) {
      this.emptied = true;
      out.push({ kind: 'emptied' });
    }
    if (this.view.hold !== undefined && !this.holdTold) {
      this.holdTold = true;
      out.push({ kind: 'hold', reason: this.view.hold });
    }
    // What was told just now leaves with this step.
    this.owner.tick(env, out);
    return out;
  }

  private onEvent(event: MemberEvent, env: Env, out: Out<MemberEffect>): void {
    switch (event.kind) {
      case 'tick':
        return;
      case 'quiet':
        this.owner.quiet = event.quiet;
        return;
      case 'frozen':
        if (this.duty.noteFrozen(event.slots)) this.owner.tell(this.duty.report());
        return;
      case 'occupied':
        this.owner.tell({ occupied: event.slots, holds: event.holds });
        return;
      case 'life':
        this.lives[event.node] = event.life;
        this.owner.tell({ lives: [...this.lives] });
        return;
      case 'drain':
        this.draining = true;
        this.seat.resign();
        this.owner.tell({ state: 'draining' });
        return;
      case 'retired':
        this.seat.resign();
        this.owner.leave(env, out);
        return;
      case 'polled':
        this.view.complete = true;
        for (const entry of event.entries) this.observe(entry, env, out);
        return;
      case 'observed':
        this.observe(event.entry, env, out);
        return;
      default:
        this.onAnswer(event, env, out);
    }
  }

  private onAnswer(event: StoreEvent, env: Env, out: Out<MemberEffect>): void {
    const before = this.view.host(this.self.host);
    this.owner.onStore(event, env, out);
    this.seat.onStore(event, env, out);
    const record = this.observer.onStore(event, out);
    if (record !== undefined) this.observe(record, env, out);
    const assignment = this.master.onStore(event, env, out);
    if (assignment !== undefined) this.observe(assignment, env, out);
    const own = this.view.host(this.self.host);
    if (own !== undefined && own !== before) this.observer.observe(own, env.now);
  }

  private observe(entry: Entry, env: Env, out: Out<MemberEffect>): void {
    if (this.view.accept(entry, env.now) !== 'fresh') return;
    if (entry.key === 'assign') {
      this.duty.install(entry.value as Assignment, out);
      return;
    }
    if (entry.key === 'master') {
      this.seat.observe(entry.revision, entry.value as MasterRecord, env);
      return;
    }
    const record = entry.value as HostRecord;
    this.observer.observe(entry, env.now);
    this.master.observe(record, env);
    if (record.host === this.self.host) this.owner.onRecord(record, out);
  }

  private mayStand(): boolean {
    return this.eligible && this.owner.phase === 'up' && !this.draining && this.view.hold === undefined;
  }

  /** How many hosts may take the seat before this one. */
  private rank(): number {
    const holder = this.view.master?.value;
    let rank = 0;
    for (const { value } of this.view.hosts()) {
      if (value.host === this.self.host) break;
      if (!isGone(value) && !sameHost(value, holder)) rank++;
    }
    return rank;
  }
}
