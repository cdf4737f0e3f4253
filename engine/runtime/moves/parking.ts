import { LANES, type Lane, type LinkWriter } from '../../../transport/link.ts';
import type { Operation } from '../catalogue.ts';
import {
  isForEntity,
  isFromEntity,
  KIND_CANCEL,
  KIND_ONE_WAY,
  KIND_REQUEST,
  kindOf,
  operationOf,
  requestIdOf,
  slotOf,
  sourceSlotOf,
} from '../frame.ts';
import type { PendingCalls } from '../pending-calls.ts';

/** Of one node. One largest message always fits. */
export const PARKED_MAX = 16_384;
export const PARKED_BYTES_MAX = 16 * 1024 * 1024;
/** So long a message without an answer waits for an owner of its slot; calls have their deadlines. */
export const PARKED_ONE_WAY_MS = 30_000;
/** How often what nobody waits for any more is looked for. */
const SWEEP_MS = 1000;

/** A message that waits. Its frame begins an array buffer of its own. */
interface Parked {
  readonly frame: Uint8Array;
  readonly view: DataView;
  /** Milliseconds on the node's clock; Infinity for a call, which has a deadline of its own. */
  readonly giveUpAt: number;
}

/** Those of one slot and lane. */
interface ParkedLane {
  /** Sent, and come back: in front of all that has waited here since. */
  returned: Parked[];
  since: Parked[];
}

export interface ParkingParts {
  readonly pending: PendingCalls<Operation, unknown>;
  /** Milliseconds on the node's clock. */
  readonly now: () => number;
  /** Of all links of the node. */
  readonly frameBytesMax: number;
  /** Hears of one-way messages that waited too long. */
  readonly givenUp: (operation: number, slot: number) => void;
}

/**
 * Messages of this node for slots that have no owner at the moment that could take them, by slot and lane, in the order of sending. To those who send it is a
 * link like any other, which never has room to claim: what is unreliable is dropped, all else is kept, within bounds. Nothing leaves by itself: `release`.
 */
export class Parking implements LinkWriter {
  /** It is no link to anybody: nothing here waits for a flush. */
  readonly backlog = 0;
  readonly frameBytesMax: number;
  /** Messages and bytes that wait. */
  frames = 0;
  bytes = 0;
  private readonly slots = new Map<number, readonly [ParkedLane, ParkedLane, ParkedLane]>();
  private readonly parts: ParkingParts;
  private sweepAt = Number.POSITIVE_INFINITY;

  constructor(parts: ParkingParts) {
    this.parts = parts;
    this.frameBytesMax = parts.frameBytesMax;
  }

  // ---- as a link

  claim(): undefined {
    return undefined;
  }

  commit(): void {}

  /** A new message. False when there is no room, and for what is not for an entity. */
  spill(lane: Lane, frame: Uint8Array): boolean {
    const parked = this.copyOf(frame);
    const { view } = parked;
    const kind = kindOf(view, 0);
    if (kind === KIND_CANCEL) {
      this.cancel(slotOf(view, 0), lane, requestIdOf(view, 0));
      return true;
    }
    if ((kind !== KIND_REQUEST && kind !== KIND_ONE_WAY) || !isForEntity(view, 0)) return false;
    if (!this.hasRoom(frame.length)) return false;
    this.laneOf(slotOf(view, 0), lane).since.push(parked);
    this.count(parked);
    return true;
  }

  conflate(): 'full' {
    return 'full';
  }

  flush(): void {}

  waiting(): number {
    return 0;
  }

  taken(): number {
    return 0;
  }

  // ---- as what waits

  /**
   * A message that was sent and has come back, behind others that have: in front of all that has waited here since. One without an answer waits until
   * `giveUpAt`. False when there is no room.
   */
  putBack(slot: number, lane: Lane, frame: Uint8Array, giveUpAt: number): boolean {
    if (!this.hasRoom(frame.length)) return false;
    const parked = this.copyOf(frame, giveUpAt);
    this.laneOf(slot, lane).returned.push(parked);
    this.count(parked);
    return true;
  }

  /**
   * Hands over everything of a slot, in order, as long as `take` takes it; what nobody waits for any more is left out. Whether all is gone. What stays is
   * all in line: what comes back of that which went goes in front of it.
   */
  release(slot: number, take: (lane: Lane, frame: Uint8Array, view: DataView) => boolean): boolean {
    const lanes = this.slots.get(slot);
    if (lanes === undefined) return true;
    let isEmpty = true;
    for (let lane = 0; lane < LANES; lane++) {
      const one = lanes[lane]!;
      const all = one.returned.length === 0 ? one.since : [...one.returned, ...one.since];
      one.returned = [];
      let gone = 0;
      for (; gone < all.length; gone++) {
        const parked = all[gone]!;
        if (!this.isOver(parked) && !take(lane as Lane, parked.frame, parked.view)) break;
        this.uncount(parked);
      }
      one.since = gone === 0 ? all : all.slice(gone);
      if (one.since.length > 0) isEmpty = false;
    }
    if (isEmpty) this.slots.delete(slot);
    return isEmpty;
  }

  /** Slots whose entities have sent something that waits here. */
  sourceSlots(): Set<number> {
    const found = new Set<number>();
    for (const { view } of this.all()) if (isFromEntity(view, 0)) found.add(sourceSlotOf(view, 0));
    return found;
  }

  /** When `sweep` has something to do; Infinity while nothing waits. */
  get wakeAt(): number {
    return this.frames === 0 ? Number.POSITIVE_INFINITY : this.sweepAt;
  }

  /** Forgets calls that have ended and messages that have waited for too long. */
  sweep(now: number): void {
    if (now < this.sweepAt) return;
    this.sweepAt = now + SWEEP_MS;
    for (const [slot, lanes] of this.slots) {
      for (const lane of lanes) {
        lane.returned = this.swept(lane.returned, now);
        lane.since = this.swept(lane.since, now);
      }
      if (lanes.every(({ returned, since }) => returned.length + since.length === 0)) this.slots.delete(slot);
    }
    if (this.frames === 0) this.sweepAt = Number.POSITIVE_INFINITY;
  }

  private swept(line: Parked[], now: number): Parked[] {
    if (line.length === 0) return line;
    return line.filter((parked) => {
      const isLate = parked.giveUpAt <= now;
      if (isLate) this.parts.givenUp(operationOf(parked.view, 0), slotOf(parked.view, 0));
      else if (!this.isOver(parked)) return true;
      this.uncount(parked);
      return false;
    });
  }

  private cancel(slot: number, lane: Lane, requestId: number): void {
    const lanes = this.slots.get(slot);
    if (lanes === undefined) return;
    const isOther = (parked: Parked): boolean => {
      if (kindOf(parked.view, 0) !== KIND_REQUEST || requestIdOf(parked.view, 0) !== requestId) return true;
      this.uncount(parked);
      return false;
    };
    lanes[lane].returned = lanes[lane].returned.filter(isOther);
    lanes[lane].since = lanes[lane].since.filter(isOther);
  }

  private *all(): Generator<Parked> {
    for (const lanes of this.slots.values()) for (const { returned, since } of lanes) yield* [...returned, ...since];
  }

  /** A call that has ended: its deadline has passed, or its caller has given up. */
  private isOver({ view }: Parked): boolean {
    return kindOf(view, 0) === KIND_REQUEST && this.parts.pending.operationOf(requestIdOf(view, 0)) === undefined;
  }

  private hasRoom(bytes: number): boolean {
    return this.frames < PARKED_MAX && (this.bytes + bytes <= PARKED_BYTES_MAX || this.frames === 0);
  }

  private copyOf(frame: Uint8Array, giveUpAt = this.parts.now() + PARKED_ONE_WAY_MS): Parked {
    const copy = new Uint8Array(frame);
    const view = new DataView(copy.buffer);
    const isCall = kindOf(view, 0) === KIND_REQUEST;
    return { frame: copy, view, giveUpAt: isCall ? Number.POSITIVE_INFINITY : giveUpAt };
  }

  private count({ frame }: Parked): void {
    if (this.frames++ === 0) this.sweepAt = this.parts.now() + SWEEP_MS;
    this.bytes += frame.length;
  }

  private uncount({ frame }: Parked): void {
    this.frames--;
    this.bytes -= frame.length;
  }

  private laneOf(slot: number, lane: Lane): ParkedLane {
    let lanes = this.slots.get(slot);
    if (lanes === undefined) {
      lanes = [
        { returned: [], since: [] },
        { returned: [], since: [] },
        { returned: [], since: [] },
      ];
      this.slots.set(slot, lanes);
    }
    return lanes[lane];
  }
}
