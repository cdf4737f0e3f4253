/**
 * A one-way path for frames to another node: a ring in shared memory, the loopback to the node itself, later NATS.
 * Every kind passes the same cases (`link.conformance.ts`). Links carry bytes; what a frame means is not known here.
 *
 * A frame is claimed, encoded in place, committed, and becomes visible to the reader at the next `flush`. Frames of one lane
 * arrive in the order of commit; each exactly once, however large.
 */
import type { Reader } from './codec/reader.ts';
import type { Writer } from './codec/writer.ts';

/** Lanes by priority, drained by weight so that the low one never starves. */
export const LANE_HIGH = 0;
export const LANE_MEDIUM = 1;
export const LANE_LOW = 2;
export type Lane = typeof LANE_HIGH | typeof LANE_MEDIUM | typeof LANE_LOW;
export const LANES = 3;
export const LANE_WEIGHTS = [8, 4, 1] as const;

/**
 * What is owed to the reader, because it asked and waits, finds more room in overflow than what may be refused; and that there was none for
 * an answer finds a little more yet.
 */
export const ROOMS_OF_ANSWERS = 4;
export const ROOMS_OF_ERRORS = 5;

export interface LinkWriter {
  /**
   * Room for one frame of at least `bytes`: the writer stands at the frame's first byte (8-byte aligned), `end` is how far it
   * may go (at least `bytes`, often more). Undefined when the lane is full; then `spill`, `conflate` or a drop is the
   * caller's choice. At most one claim is open at a time; a claim that is not committed never existed. Between a claim and its
   * commit nothing else happens on the link, a drain of the loopback included.
   */
  claim(lane: Lane, bytes: number): Writer | undefined;
  /** Ends the claimed frame at the writer's `at`. */
  commit(): void;
  /**
   * Takes a finished frame (copied when it has to wait) that found no room or is too large to claim: it waits in the lane's bounded overflow,
   * in order with everything committed later. False, and nothing taken, when the overflow is full as well. Throws RangeError above `frameBytesMax`.
   * `rooms` is how many times the ordinary bound holds for it; default 1.
   */
  spill(lane: Lane, frame: Uint8Array, rooms?: number): boolean;
  /** Like `spill`, but replaces the waiting frame of the same key, if any. Reports 'replaced' so that the drop is counted. */
  conflate(lane: Lane, key: string, frame: Uint8Array): 'queued' | 'replaced' | 'full';
  /** Makes everything committed visible and wakes the reader if it sleeps. Moves overflow into room that became free. */
  flush(): void;
  /** Frames waiting in overflow, all lanes. */
  readonly backlog: number;
  /** Frames of a lane that were committed, published or spilled, and that the reader has not taken as far as it said. */
  waiting(lane: Lane): number;
  /** Frames of a lane that the reader has taken, as far as it said; wraps at 2^32. */
  taken(lane: Lane): number;
  readonly frameBytesMax: number;
}

/** What a link has done since it was made: plain numbers, read by whoever collects metrics. */
export interface LinkCounters {
  /** Frames taken over, by commit, spill or conflate. */
  readonly frames: number;
  /** Bytes that the published frames took, headers included. */
  readonly bytes: number;
  /** Frames that had to wait in overflow, and how many did at most at a time. */
  readonly spilled: number;
  readonly backlogHighest: number;
  /** Waiting frames replaced by a newer one of their key: each is a drop. */
  readonly replaced: number;
  /** Frames refused because overflow was full, too. */
  readonly refused: number;
}

export interface FrameHandler {
  /** One frame, from `input.at` to `input.end`. Only valid during the call: whoever wants the bytes later copies them. */
  onFrame(input: Reader, lane: Lane): void;
}

export interface LinkReader {
  /** Hands over up to about `framesMax` frames, lanes by weight; returns how many. Throws LinkCorruptError and never follows a corrupt header. */
  drain(handler: FrameHandler, framesMax: number): number;
  /** `pending` for the idle spin: as cheap as can be, and allowed to see late what the writer flushed. */
  glance(): boolean;
  /**
   * Is there something to drain? Sees whatever was flushed before. A node that goes to sleep asks every link after arming its
   * bell, which is also when a link that has nothing left gives its last room back. Not called by a handler.
   */
  pending(): boolean;
  /**
   * Only of links whose frames come by the event loop of the reading thread: whether some may come any moment now (milliseconds of the clock), so that
   * the thread had better not block or spin meanwhile.
   */
  listens?(now: number): boolean;
}

/** The shared memory of a link does not hold what its one writer can have written. The link is not usable any more. */
export class LinkCorruptError extends Error {
  override name = 'LinkCorruptError';
  // Private, so that logging the error does not print it.
  readonly #dump: Uint8Array | undefined;

  constructor(message: string, dump?: Uint8Array) {
    super(message);
    this.#dump = dump;
  }

  /** Up to 4 KiB of memory around the damage. */
  get dump(): Uint8Array | undefined {
    return this.#dump;
  }
}
