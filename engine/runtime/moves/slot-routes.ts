import type { Lane } from '../../../transport/link.ts';
import { LANES } from '../../../transport/link.ts';
import type { Operation } from '../catalogue.ts';
import type { Counters } from '../counters.ts';
import {
  BOUNCED,
  epochOf,
  isForEntity,
  KIND_ONE_WAY,
  KIND_REQUEST,
  KIND_SYNC,
  kindOf,
  readdress,
  requestIdOf,
  setKind,
  slotOf,
} from '../frame.ts';
import type { Outbox } from '../outbox.ts';
import type { PendingCalls } from '../pending-calls.ts';
import type { Router, Routes } from '../router.ts';
import type { PeerSight } from './cluster-ports.ts';
import { Hold, NONE, TROUBLE_MS } from './hold.ts';
import { PARKED_ONE_WAY_MS, type Parking } from './parking.ts';

/** Instead of a peer, in `going`: nobody was sent to yet, and messages wait. */
const NEVER = -2;
const HELD = -3;
/** Instead of a peer, in the slot table. */
const NOBODY = -1;

export interface RouteParts {
  readonly router: Router;
  readonly peers: PeerSight;
  readonly slots: number;
  readonly outbox: Outbox;
  readonly pending: PendingCalls<Operation, unknown>;
  readonly parking: Parking;
  readonly counters: Counters;
  /** A message that has come back and finds no room; a call has its error already. */
  readonly lost: (view: DataView) => void;
  readonly wake: () => void;
  /** Milliseconds on the node's clock. */
  readonly now: () => number;
}

/**
 * Where messages of this thread go, while slots change hands under it. As long as a slot stays where it is, this is the slot table. Otherwise the slot is held:
 * what is new waits in the parking lot until it is certain that nothing can come back of what was sent before.
 *
 *  - The slot has no owner, or one that this thread has no link to yet: wait for both.
 *  - The owner has changed: ask the one before with a `sync` on each lane, and go on when it has answered. It sends back what it does not take, in order and in
 *    front of its answer. If it is gone, wait for what its link knows not to have left (`parted`).
 *  - Something came back: from then on the owner sends back all of this slot and lane, until our sync. Ask for it, put what comes in front of what has waited
 *    since, and try again when it has answered; not at once if it is the owner of this very epoch, which has not opened the slot yet, or has closed it.
 *
 * So at every moment all that may still come back is at one peer, and was sent before all that waits here.
 */
export class SlotRoutes implements Routes {
  private readonly parts: RouteParts;
  private readonly router: Router;
  /** By slot: the peer that its messages go to, as this thread knows it. */
  private readonly going: Int32Array;
  /** The parking lot's, among the links. */
  private readonly parkedAt: number;
  private readonly holds = new Map<number, Hold>();
  private changes = 0;
  private syncs = 0;
  /** The tables or the links may say something new. */
  private isDue = false;
  wakeAt = Number.POSITIVE_INFINITY;

  constructor(parts: RouteParts) {
    this.parts = parts;
    this.router = parts.router;
    this.going = new Int32Array(parts.slots).fill(NEVER);
    this.parkedAt = parts.peers.max;
    parts.outbox.addLink(this.parkedAt, parts.parking);
  }

  // ---- for callers

  /** The peer that a message for the slot goes to; the parking lot when none may have it now. */
  ownerOf(slot: number): number {
    const owner = this.router.ownerOf(slot);
    return this.going[slot] === owner ? owner : this.turn(slot, owner);
  }

  epochOf(slot: number): number {
    return this.router.epochOf(slot);
  }

  /** Both only grow, so the sum is another one after any change. */
  get version(): number {
    return this.router.version + this.changes;
  }

  private turn(slot: number, owner: number): number {
    const { going } = this;
    if (going[slot] === NEVER && owner !== NOBODY && this.parts.outbox.hasLink(owner)) {
      going[slot] = owner;
      return owner;
    }
    if (going[slot] !== HELD) this.hold(slot);
    return this.parkedAt;
  }

  // ---- for the round

  get isPending(): boolean {
    return this.isDue;
  }

  /** The tables have changed, or a link has come. */
  look(): void {
    if (this.holds.size > 0) this.isDue = true;
  }

  /** Sends syncs and lets go of what may go. Between frames, never while one is open. */
  advance(now: number): void {
    if (!this.isDue && now < this.wakeAt) return;
    this.isDue = false;
    this.wakeAt = this.parts.parking.wakeAt;
    if (now >= this.wakeAt) this.parts.parking.sweep(now);
    for (const hold of this.holds.values()) {
      if (hold.isHeld) this.proceed(hold, now);
      else if (hold.isOver(now)) this.holds.delete(hold.slot);
      else this.wakeAt = Math.min(this.wakeAt, hold.bouncedAt + TROUBLE_MS + 1);
    }
    this.wakeAt = Math.min(this.wakeAt, this.parts.parking.wakeAt);
  }

  private proceed(hold: Hold, now: number): void {
    if (hold.wanted !== 0) this.sync(hold, now);
    if (hold.wanted !== 0 || hold.syncing !== 0) return;
    const { outbox, peers } = this.parts;
    const { slot } = hold;
    const owner = this.router.ownerOf(slot);
    const epoch = this.router.epochOf(slot);
    if (hold.last !== NONE && hold.last !== owner) {
      // Of one that is gone we wait for what had not left.
      if (!peers.isMember(hold.last)) return;
      hold.syncAll();
      this.sync(hold, now);
      return;
    }
    if (owner === NOBODY || !outbox.hasLink(owner)) return;
    if (hold.bouncedIn === epoch && now < hold.retryAt) {
      this.wakeAt = Math.min(this.wakeAt, hold.retryAt);
      return;
    }
    this.release(hold, owner, epoch, now);
  }

  private release(hold: Hold, owner: number, epoch: number, now: number): void {
    const { outbox, parking, pending } = this.parts;
    const { slot } = hold;
    hold.bouncedIn = 0;
    hold.synced = 0;
    hold.last = owner;
    const isEmpty = parking.release(slot, (lane, frame, view) => {
      readdress(view, 0, epoch);
      if (!outbox.pass(owner, lane, frame)) return false;
      if (kindOf(view, 0) === KIND_REQUEST) pending.retarget(requestIdOf(view, 0), owner);
      return true;
    });
    if (!isEmpty) {
      // The link is full; what waits keeps its place.
      this.wakeAt = now;
      return;
    }
    hold.isHeld = false;
    this.going[slot] = owner;
    this.changes++;
    this.wakeAt = Math.min(this.wakeAt, now + TROUBLE_MS + 1);
  }

  private sync(hold: Hold, now: number): void {
    for (let lane = 0 as Lane; lane < LANES; lane++) {
      const bit = 1 << lane;
      if ((hold.wanted & bit) === 0) continue;
      const number = ++this.syncs | 0;
      if (!this.parts.outbox.sync(hold.last, lane, KIND_SYNC, hold.slot, number)) {
        this.wakeAt = now;
        continue;
      }
      hold.numbers[lane] = number;
      hold.wanted &= ~bit;
      hold.syncing |= bit;
    }
  }

  private hold(slot: number): Hold {
    let hold = this.holds.get(slot);
    if (hold === undefined) {
      hold = new Hold(slot);
      this.holds.set(slot, hold);
    }
    if (hold.isHeld) return hold;
    const going = this.going[slot]!;
    hold.isHeld = true;
    hold.settle();
    hold.begin(this.parts.now());
    hold.last = going === NEVER ? NONE : going;
    this.going[slot] = HELD;
    this.changes++;
    this.isDue = true;
    this.parts.wake();
    return hold;
  }

  // ---- what comes back

  /** A message that `from` did not take; `frame` is a copy, its mark still on. */
  bounced(frame: Uint8Array, lane: Lane, from: number, now: number): void {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    const slot = slotOf(view, 0);
    setKind(view, 0, kindOf(view, 0) & ~BOUNCED);
    this.parts.counters.messagesReturned++;
    const hold = this.hold(slot);
    const bit = 1 << lane;
    if (hold.last === from && ((hold.wanted | hold.syncing) & bit) === 0) {
      hold.wanted |= bit;
      hold.synced &= ~bit;
      hold.backOff(now);
    }
    hold.bouncedIn = epochOf(view, 0);
    this.isDue = true;
    this.takeBack(hold, frame, view, lane);
  }

  synced(slot: number, lane: Lane, number: number): void {
    const hold = this.holds.get(slot);
    if (hold === undefined || (hold.syncing & (1 << lane)) === 0 || hold.numbers[lane] !== number) return;
    hold.answered(1 << lane);
    this.isDue = true;
  }

  /** Something that the next life of a node would get, although others that were sent before it are on their way back here: it waits behind those. */
  keepsBack(frame: Uint8Array, view: DataView, at: number, lane: Lane): boolean {
    const kind = kindOf(view, at);
    if ((kind !== KIND_REQUEST && kind !== KIND_ONE_WAY) || !isForEntity(view, at)) return false;
    const hold = this.holds.get(slotOf(view, at));
    if (hold === undefined || ((hold.syncing | hold.wanted) & (1 << lane)) === 0) return false;
    const copy = new Uint8Array(frame);
    this.takeBack(hold, copy, new DataView(copy.buffer), lane);
    return true;
  }

  /** A node of this host lives its next life; what the one before had not taken it has, but for what was kept back. */
  replaced(node: number): void {
    for (const hold of this.holds.values()) {
      if (hold.last !== node) continue;
      const bits = hold.syncing | hold.wanted;
      hold.wanted = 0;
      hold.answered(bits);
    }
    this.look();
  }

  /** A peer is gone. Of what had not left for it, whatever is for an entity waits for the next owner. */
  parted(node: number, unsent: readonly { readonly lane: Lane; readonly frame: Uint8Array }[]): void {
    for (const { lane, frame } of unsent) {
      const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
      const kind = kindOf(view, 0);
      if ((kind !== KIND_REQUEST && kind !== KIND_ONE_WAY) || !isForEntity(view, 0)) continue;
      this.takeBack(this.hold(slotOf(view, 0)), frame, view, lane);
    }
    for (const hold of this.holds.values()) if (hold.last === node) hold.settle();
    for (let slot = 0; slot < this.going.length; slot++) if (this.going[slot] === node) this.going[slot] = NEVER;
    this.changes++;
    this.look();
  }

  /** Behind what has come back before. */
  private takeBack(hold: Hold, frame: Uint8Array, view: DataView, lane: Lane): void {
    const { parking, pending, lost } = this.parts;
    const isCall = kindOf(view, 0) === KIND_REQUEST;
    // Its caller does not wait any more.
    if (isCall && pending.operationOf(requestIdOf(view, 0)) === undefined) return;
    if (!parking.putBack(hold.slot, lane, frame, hold.troubledSince + PARKED_ONE_WAY_MS)) lost(view);
    else if (isCall) pending.retarget(requestIdOf(view, 0), this.parkedAt);
  }
}
