import { Writer } from '../codec/writer.ts';
import type { Lane, LinkCorruptError, LinkWriter } from '../link.ts';
import { Overflow } from '../overflow.ts';
import { OverflowingLink } from '../overflowing-link.ts';
import type { Doorbell } from './doorbell.ts';
import { RingWriter } from './ring.ts';
import { type LanePlace, ringLinkLayout } from './ring-memory.ts';

const RECORD_HEADER_BYTES = 8;
/** A power of two. */
const SPILLS_PER_FLUSH = 256;

export interface RingLinkWriterOptions {
  /** The bell of the node that reads. */
  readerBell?: Doorbell;
  /** Bounds of each lane's overflow: 65 536 frames and 64 MiB (at least one largest frame) by default. */
  backlogFramesMax?: number;
  backlogBytesMax?: number;
  /** Hears once of a reader that says what cannot be; nothing leaves any more. Without it, whoever asks for room gets the error. */
  corrupted?: (error: LinkCorruptError) => void;
}

/** The writing side of a ring link; see `ring-memory.ts` for the memory and `ring.ts` for one lane. */
export class RingLinkWriter extends OverflowingLink implements LinkWriter {
  readonly frameBytesMax: number;
  bytes = 0;
  private readonly words: Int32Array;
  private readonly wantIndex: number;
  private readonly bell: Doorbell | undefined;
  protected readonly overflow: Overflow;
  private readonly high: RingWriter;
  private readonly medium: RingWriter;
  private readonly low: RingWriter;
  /** Where frames are encoded: over the whole memory, moved from claim to claim. */
  private readonly writer: Writer;
  private claimed: RingWriter;
  /** What `framesWritten` was at the last flush. */
  private framesFlushed = 0;
  private spills = 0;
  /** WANT as it stands in the memory. */
  private wanting = false;

  constructor(memory: SharedArrayBuffer, options: RingLinkWriterOptions = {}) {
    super();
    const { words, bytes, lanes, want, frameBytesMax } = ringLinkLayout(memory);
    const ring = (place: LanePlace) => new RingWriter(words, bytes, place, frameBytesMax, options.corrupted);
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

  /** Whole frames that went into the rings, of all lanes. */
  protected get framesWritten(): number {
    return this.high.frames + this.medium.frames + this.low.frames;
  }

  waiting(lane: Lane): number {
    const ring = this.ringOf(lane);
    return ((ring.frames - ring.framesTaken()) | 0) + this.overflow.framesOf(lane);
  }

  taken(lane: Lane): number {
    return this.ringOf(lane).framesTaken();
  }

  claim(lane: Lane, bytes: number): Writer | undefined {
    const ring = this.ringOf(lane);
    const { begin } = ring;
    const end = Math.min(ring.windowEnd, begin + this.frameBytesMax);
    if (begin + bytes > end) return this.claimSlowly(ring, lane, bytes);
    const { writer } = this;
    writer.at = begin;
    writer.end = end;
    if (this.claimed !== ring) this.claimed = ring;
    return writer;
  }

  private ringOf(lane: Lane): RingWriter {
    return lane === 1 ? this.medium : lane === 0 ? this.high : this.low;
  }

  private claimSlowly(ring: RingWriter, lane: Lane, bytes: number): Writer | undefined {
    // Not past what waits already, or the lane would lose its order.
    if (bytes > ring.frameBytesMax || this.overflow.waits(lane)) return undefined;
    if (!ring.makeRoom((bytes + RECORD_HEADER_BYTES + 7) & ~7)) return undefined;
    return this.claim(lane, bytes);
  }

  commit(): void {
    const { writer, claimed } = this;
    const { at } = writer;
    // A second commit of one claim ends before it begins.
    if (at > writer.end || at < claimed.begin) {
      throw new RangeError(`A frame ends at ${at}, outside of its claim from ${claimed.begin} to ${writer.end}.`);
    }
    claimed.commit(at);
  }

  spill(lane: Lane, frame: Uint8Array, rooms = 1): boolean {
    // A long slice that writes more than a ring holds must not leave its reader without work.
    if (this.overflow.frames !== 0 && (++this.spills & (SPILLS_PER_FLUSH - 1)) === 0) this.flush();
    return this.overflow.spill(lane, frame, rooms);
  }

  conflate(lane: Lane, key: string, frame: Uint8Array): 'queued' | 'replaced' | 'full' {
    return this.overflow.conflate(lane, key, frame);
  }

  flush(): void {
    const written = this.framesWritten;
    if (written === this.framesFlushed && this.overflow.frames === 0) return;
    this.framesFlushed = written;
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
