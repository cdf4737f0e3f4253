import { Reader } from '../codec/reader.ts';
import { drainByWeight, LaneCredits } from '../lanes.ts';
import type { FrameHandler, LinkCorruptError, LinkReader } from '../link.ts';
import type { Doorbell } from './doorbell.ts';
import { RingReader } from './ring.ts';
import { type LanePlace, ringLinkLayout } from './ring-memory.ts';

export interface RingLinkReaderOptions {
  /** The bell of the node that writes: rung when it waits for room. */
  writerBell?: Doorbell;
  /** Tests: consumed memory is filled with 0xDE before the writer gets it back. */
  scrub?: boolean;
}

/** The reading side of a ring link. */
export class RingLinkReader implements LinkReader {
  /** Frames handed over by drains that came to their end. */
  frames = 0;
  private readonly credits = new LaneCredits();
  private readonly high: RingReader;
  private readonly medium: RingReader;
  private readonly low: RingReader;

  constructor(memory: SharedArrayBuffer, options: RingLinkReaderOptions = {}) {
    const { words, bytes, lanes, frameBytesMax } = ringLinkLayout(memory);
    const input = new Reader(bytes, 0, 0);
    const { writerBell, scrub = false } = options;
    const ring = (place: LanePlace) => new RingReader(words, input, place, frameBytesMax, writerBell, scrub);
    this.high = ring(lanes[0]);
    this.medium = ring(lanes[1]);
    this.low = ring(lanes[2]);
  }

  /**
   * Never when the link was found corrupt. A node that goes to sleep asks this after arming its bell; without a further frame to
   * take, this is also what gives the last room back to a writer that may wait for it.
   */
  pending(): boolean {
    return (this.medium.pending() || this.high.pending() || this.low.pending()) && this.failure === undefined;
  }

  glance(): boolean {
    return (this.medium.glance() || this.high.glance() || this.low.glance()) && this.failure === undefined;
  }

  /** What `drain` threw when it found the link corrupt, and throws ever after. */
  get failure(): LinkCorruptError | undefined {
    return this.high.failure ?? this.medium.failure ?? this.low.failure;
  }

  /**
   * Frames flushed after this began are for the next drain, so it ends. When the handler throws, the frame it was given counts
   * as drained and the rest stays.
   */
  drain(handler: FrameHandler, framesMax: number): number {
    const { high, medium, low } = this;
    if (this.failure !== undefined) throw this.failure;
    const highPending = high.look();
    const mediumPending = medium.look();
    const lowPending = low.look();
    let frames = 0;
    if (highPending || lowPending) frames = drainByWeight(high, medium, low, this.credits, handler, framesMax);
    else if (mediumPending) frames = medium.take(handler, framesMax);
    this.frames += frames;
    return frames;
  }
}
