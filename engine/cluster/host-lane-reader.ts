import { Reader } from '../../transport/codec/reader.ts';
import type { FrameHandler, Lane } from '../../transport/link.ts';
import { BatchCursor } from './batch.ts';
import { Reassembly } from './chunks.ts';

/** The frames of one lane from one peer, in order, until they are drained. Never more of them than the session has granted. */
export class HostLaneReader {
  /** Frames handed over; wraps at 2^32. */
  taken = 0;
  /** Of batches that wait here, and that were read to their end since it was last asked. */
  waitingBytes = 0;
  /** A frame above the bound: the peer does not keep to the protocol. */
  failure: RangeError | undefined;
  private readonly lane: Lane;
  private readonly release: (batchBytes: number) => void;
  private readonly reassembly: Reassembly;
  private readonly batches: BatchCursor[] = [];
  private input: Reader | undefined;
  private ready = 0;
  /** Frames that the drain under way may take. */
  private limit = 0;

  /** `release` is called with each batch that was read to its end. */
  constructor(lane: Lane, frameBytesMax: number, release: (batchBytes: number) => void) {
    this.lane = lane;
    this.release = release;
    this.reassembly = new Reassembly(frameBytesMax);
  }

  /** The next batch, which has been checked. Copied: the message's memory is shared with others. */
  arrive(batch: Uint8Array, frames: number): void {
    this.waitingBytes += batch.length;
    this.ready += frames;
    this.batches.push(new BatchCursor(new Uint8Array(batch)));
    this.absorb();
  }

  get pending(): boolean {
    return this.ready > 0;
  }

  look(): boolean {
    this.limit = this.ready;
    return this.limit > 0;
  }

  left(): boolean {
    return this.limit > 0;
  }

  take(handler: FrameHandler, framesMax: number): number {
    let frames = 0;
    while (frames < framesMax && this.limit > 0) {
      const cursor = this.batches[0]!;
      const { begin, length } = cursor;
      let input: Reader;
      if (this.reassembly.waitingBytes > 0) {
        const frame = this.add(cursor);
        if (frame === undefined) break;
        input = new Reader(frame);
      } else {
        input = this.input ??= new Reader(cursor.batch);
        input.at = begin;
        input.end = begin + length;
        cursor.skip();
      }
      this.taken = (this.taken + 1) | 0;
      this.ready--;
      this.limit--;
      frames++;
      // Before the handler, which may throw: then the frame counts as drained.
      this.absorb();
      handler.onFrame(input, this.lane);
    }
    return frames;
  }

  /** Pieces of a frame that is not whole yet are taken at once: it may be larger than the window. */
  private absorb(): void {
    for (let cursor = this.batches[0]; cursor !== undefined; cursor = this.batches[0]) {
      if (cursor.atEnd) {
        this.batches.shift();
        this.input = undefined;
        this.waitingBytes -= cursor.batch.length;
        this.release(cursor.batch.length);
      } else if (cursor.last || this.failure !== undefined) return;
      else this.add(cursor);
    }
  }

  private add(cursor: BatchCursor): Uint8Array | undefined {
    try {
      return this.reassembly.add(cursor.next());
    } catch (error) {
      this.failure = error as RangeError;
      this.ready = 0;
      this.limit = 0;
      return undefined;
    }
  }
}
