import { LANES, type Lane } from '../../transport/link.ts';
import type { Waiting } from './waiting.ts';

/** So many turns of higher priorities may pass what is first in its lane; then it is next. */
export const OVERTAKES_MAX = 64;

const NONE: readonly Waiting[] = [];

/**
 * What waits for one activation: first in, first out per priority, the highest first, bounded in all. Most activations never have one:
 * a frame that finds its entity free runs at once.
 */
export class Mailbox {
  private readonly lanes: (Line | undefined)[] = new Array(LANES).fill(undefined);
  /** Turns of higher lanes that have passed the first of this one. */
  private readonly overtaken: number[] = new Array(LANES).fill(0);
  /** Those that come back to the entity, in order of arrival. */
  private back: Waiting[] | undefined = undefined;
  size = 0;
  /** Its activation is in the scheduler's queue of those with something to run. */
  queued = false;

  push(waiting: Waiting): void {
    const { lane } = waiting;
    let line = this.lanes[lane];
    if (line === undefined) {
      line = new Line();
      this.lanes[lane] = line;
    }
    line.push(waiting);
    this.size++;
    if (waiting.comesBack) {
      this.back ??= [];
      this.back.push(waiting);
    }
  }

  /** The first of a lane. */
  first(lane: Lane): Waiting | undefined {
    return this.lanes[lane]?.first();
  }

  /** Out of it, from whatever place. */
  take(waiting: Waiting): void {
    if (waiting.taken) return;
    waiting.taken = true;
    this.size--;
    this.lanes[waiting.lane]!.taken(waiting);
    if (waiting.comesBack) this.back!.splice(this.back!.indexOf(waiting), 1);
  }

  /** Whether a message of this caller and priority waits. */
  hasOf(caller: number, lane: Lane): boolean {
    for (const waiting of this.in(lane)) if (waiting.caller === caller) return true;
    return false;
  }

  get comingBack(): readonly Waiting[] {
    return this.back ?? NONE;
  }

  /** What waits in one lane, first to last; may be taken out on the way. */
  *in(lane: Lane): Generator<Waiting> {
    const line = this.lanes[lane];
    if (line !== undefined) yield* line;
  }

  /** Its turn begins, before what waits in lower lanes. */
  begin(waiting: Waiting): void {
    const { lane } = waiting;
    if (this.first(lane) === waiting) this.overtaken[lane] = 0;
    this.take(waiting);
    for (let lower = lane + 1; lower < LANES; lower++) {
      if (this.first(lower as Lane) !== undefined) this.overtaken[lower]!++;
    }
  }

  /** The lane whose first has been passed so often that it is next; the highest when there is none. */
  get nextLane(): Lane {
    for (let lane = LANES - 1; lane > 0; lane--) {
      if (this.overtaken[lane]! >= OVERTAKES_MAX && this.first(lane as Lane) !== undefined) return lane as Lane;
    }
    return 0;
  }

  some(matches: (waiting: Waiting) => boolean): boolean {
    for (let lane = 0; lane < LANES; lane++) {
      for (const waiting of this.in(lane as Lane)) if (matches(waiting)) return true;
    }
    return false;
  }

  /** Takes everything out. */
  drain(): Waiting[] {
    const all: Waiting[] = [];
    for (let lane = 0; lane < LANES; lane++) {
      for (const waiting of this.in(lane as Lane)) all.push(waiting);
    }
    for (const waiting of all) this.take(waiting);
    return all;
  }
}

/** Taken ones in the middle of a line are swept out when they are this many and half of it. */
const SWEEP_MIN = 64;

/** A queue over one array: the head moves, and the array is cut when half of it is behind. Taken ones are passed over. */
class Line {
  private items: (Waiting | undefined)[] = [];
  private head = 0;
  /** Taken ones between head and end. */
  private gone = 0;

  push(waiting: Waiting): void {
    this.items.push(waiting);
  }

  first(): Waiting | undefined {
    while (this.head < this.items.length) {
      const waiting = this.items[this.head]!;
      if (!waiting.taken) return waiting;
      this.items[this.head++] = undefined;
      this.gone--;
    }
    this.items.length = 0;
    this.head = 0;
    return undefined;
  }

  *[Symbol.iterator](): Generator<Waiting> {
    const { items } = this;
    for (let i = this.head; i < items.length; i++) {
      const waiting = items[i];
      if (waiting !== undefined && !waiting.taken) yield waiting;
    }
  }

  taken(waiting: Waiting): void {
    const { items, head } = this;
    if (items[head] === waiting) {
      items[this.head++] = undefined;
      if (this.head === items.length) {
        items.length = 0;
        this.head = 0;
      } else if (this.head > 1024 && this.head * 2 > items.length) this.cut();
      return;
    }
    if (++this.gone > SWEEP_MIN && this.gone * 2 > items.length - head) this.cut();
  }

  private cut(): void {
    // A new array: somebody may be walking through the old one.
    this.items = this.items.filter((waiting) => waiting !== undefined && !waiting.taken);
    this.head = 0;
    this.gone = 0;
  }
}
