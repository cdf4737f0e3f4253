import { Writer } from '../codec/writer.ts';
import type { Lane, LinkCounters, LinkWriter } from '../link.ts';
import { Overflow } from '../overflow.ts';
import type { Doorbell } from './doorbell.ts';
import { RingWriter } from './ring.ts';
import { type LanePlace, ringLinkLayout } from './ring-memory.ts';

const RECORD_HEADER_BYTES = 8;

export interface RingLinkWriterOptions {
  /** The bell of the node that reads. */
  readerBell?: Doorbell;
  /** Bounds of the overflow, all lanes together: 65 536 frames and 64 MiB (at least one largest frame) by default. */
  backlogFramesMax?: number;
  backlogBytesMax?: number;
}

/** The writing side of a ring link; see `ring-memory.ts` for the memory and `ring.ts` for one lane. */
export class RingLinkWriter implements LinkWriter, LinkCounters {
  readonly frameBytesMax: number;
  frames = 0;
  bytes = 0;
  private readonly words: Int32Array;
  private readonly wantIndex: number;
  private readonly bell: Doorbell | undefined;
  private readonly overflow: Overflow;
  private readonly high: RingWriter;
  private readonly medium: RingWriter;
  private readonly low: RingWriter;
  /** Where frames are encoded: over the whole memory, moved from claim to claim. */
  private readonly writer: Writer;
  private claimed: RingWriter;
  private claimedAt = 0;
  /** Something may have been written since the last flush. */
  private unflushed = false;
  /** WANT as it stands in the memory. */
  private wanting = false;

  constructor(memory: SharedArrayBuffer, options: RingLinkWriterOptions = {}) {
    const { words, bytes, lanes, want, frameBytesMax } = ringLinkLayout(memory);
    const ring = (place: LanePlace) => new RingWriter(words, bytes, place, frameBytesMax);
    this.words = words;
    this.wantIndex = want;
    this.frameBytesMax = frameBytesMax;
    this.bell = options.readerBell;
    this.high = ring(lanes[0]);
    this.medium = ring(lanes[1]);
    this.low = ring(lanes[2]);
    this.overflow = new Overflow([this.high, this.medium, this.low], {
      frameBytesMax,
      backlogFramesMax: options.backlogFramesMax,
      backlogBytesMax: options.backlogBytesMax,
    });
    this.claimed = this.medium;
    this.writer = new Writer(bytes, 0, 0);
  }

  get backlog(): number {
    return this.overflow.frames;
  }

  get backlogHighest(): number {
    return this.overflow.framesHighest;
  }

  get spilled(): number {
    return this.overflow.spilled;
  }

  get replaced(): number {
    return this.overflow.replaced;
  }

  get refused(): number {
    return this.overflow.refused;
  }

  claim(lane: Lane, bytes: number): Writer | undefined {
    const ring = lane === 1 ? this.medium : lane === 0 ? this.high : this.low;
    if (bytes > ring.frameBytesMax) return undefined;
    // Behind what waits already, or the lane would lose its order.
    if (this.overflow.frames !== 0 && this.overflow.waits(lane)) return undefined;
    const begin = ring.reserve((bytes + RECORD_HEADER_BYTES + 7) & ~7);
    if (begin < 0) return undefined;
    const writer = this.writer;
    this.claimed = ring;
    this.claimedAt = begin;
    writer.at = begin + RECORD_HEADER_BYTES;
    writer.end = begin + Math.min(ring.reserved, this.frameBytesMax + RECORD_HEADER_BYTES);
    return writer;
  }

  commit(): void {
    const { writer, claimedAt } = this;
    if (writer.at > writer.end || writer.at < claimedAt + RECORD_HEADER_BYTES) {
      throw new RangeError(`A frame ends at ${writer.at}, outside of its claim, which ends at ${writer.end}.`);
    }
    this.claimed.commit(writer.at - claimedAt);
    // A second commit without a claim finds no room.
    writer.end = 0;
    this.unflushed = true;
    this.frames++;
  }

  spill(lane: Lane, frame: Uint8Array): boolean {
    this.unflushed = true;
    const taken = this.overflow.spill(lane, frame);
    if (taken) this.frames++;
    return taken;
  }

  conflate(lane: Lane, key: string, frame: Uint8Array): 'queued' | 'replaced' | 'full' {
    this.unflushed = true;
    const result = this.overflow.conflate(lane, key, frame);
    if (result !== 'full') this.frames++;
    return result;
  }

  flush(): void {
    if (!this.unflushed && this.overflow.frames === 0) return;
    this.unflushed = false;
    const published = this.overflow.frames === 0 && !this.wanting ? this.publish() : this.flushOverflow();
    if (published) this.bell?.ring();
  }

  private publish(): boolean {
    const bytes = this.high.publish() + this.medium.publish() + this.low.publish();
    this.bytes += bytes;
    return bytes !== 0;
  }

  /**
   * Moves what waits into room that became free. When something remains, WANT is stored and HEAD looked at once more before
   * this returns: the reader stores HEAD and then loads WANT, so either we see its HEAD here or it sees WANT and wakes us.
   */
  private flushOverflow(): boolean {
    let published = false;
    do {
      this.overflow.move();
      if (this.publish()) published = true;
      const want = this.overflow.frames !== 0;
      // Partner: the load of WANT in RingReader.release.
      if (want || this.wanting) Atomics.store(this.words, this.wantIndex, want ? 1 : 0);
      this.wanting = want;
    } while (this.wanting && this.roomAppeared());
    return published;
  }

  private roomAppeared(): boolean {
    return (
      (this.overflow.waits(0) && this.high.moved()) ||
      (this.overflow.waits(1) && this.medium.moved()) ||
      (this.overflow.waits(2) && this.low.moved())
    );
  }
}
