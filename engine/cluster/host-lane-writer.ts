import { Writer } from '../../transport/codec/writer.ts';
import { RECORD_HEADER_BYTES, recordBytes, writeRecordHeader } from './batch.ts';

/** Frames are encoded into a buffer of this size; when it is full, or flushed, its content becomes a batch. Small, so that a peer can begin with the first while the last is on its way. */
export const BATCH_BYTES = 16 << 10;

/** The frames of one lane that go to one peer, until its session numbers them. What is here, on its way and not taken by the reader stays below the session's window. */
export class HostLaneWriter {
  /** Frames above this many bytes go in pieces. */
  readonly frameBytesMax: number;
  /** Over no memory before the first frame: a node may have hundreds of peers, and most lanes are never used. */
  writer = new Writer(new Uint8Array(0));
  /** Whole frames that came in. */
  frames = 0;
  /** What the reader has taken, as it said last; wraps at 2^32. */
  framesTaken = 0;
  /** Batches that the next flush gives to the session. */
  sealed: Uint8Array[] = [];
  private begin = RECORD_HEADER_BYTES;
  /** Bytes of all records so far, and up to where the reader takes them. */
  private written = 0;
  private granted: number;
  private readonly batchBytes: number;

  constructor(frameBytesMax: number, windowBytes: number, batchBytesMax = BATCH_BYTES) {
    this.batchBytes = Math.min(BATCH_BYTES, windowBytes, batchBytesMax) & ~7;
    this.frameBytesMax = Math.min(frameBytesMax, this.batchBytes - RECORD_HEADER_BYTES);
    this.granted = windowBytes;
  }

  /** Everything since the last batch, as one; also to be called before a claim is needed again. */
  seal(): void {
    const length = this.begin - RECORD_HEADER_BYTES;
    if (length === 0) return;
    this.sealed.push(this.writer.bytes.slice(0, length));
    this.begin = RECORD_HEADER_BYTES;
    // A claim does not survive this.
    this.writer.end = 0;
  }

  get isEmpty(): boolean {
    return this.begin === RECORD_HEADER_BYTES && this.sealed.length === 0;
  }

  claim(bytes: number): boolean {
    if (bytes > this.frameBytesMax) return false;
    if (this.writer.bytes.length === 0) this.writer = new Writer(new Uint8Array(this.batchBytes), 0, 0);
    const { writer } = this;
    if (this.begin + bytes > writer.bytes.length) this.seal();
    const room = Math.min(
      this.frameBytesMax,
      writer.bytes.length - this.begin,
      this.granted - this.written - RECORD_HEADER_BYTES,
    );
    if (room < bytes) return false;
    writer.at = this.begin;
    writer.end = this.begin + room;
    return true;
  }

  /** Ends the claimed frame at the writer's `at`. */
  commit(): void {
    const { at, end } = this.writer;
    // A second commit of one claim ends before it begins.
    if (at > end || at < this.begin) {
      throw new RangeError(`A frame ends at ${at}, outside of its claim from ${this.begin} to ${end}.`);
    }
    this.finish(at - this.begin, true);
    this.frames++;
  }

  /** Copies a finished frame, or as many pieces of a larger one as there is room for; returns how many of its bytes are here now, or -1 for a whole one without room. */
  copy(frame: Uint8Array, sent: number): number {
    const total = frame.length;
    if (total <= this.frameBytesMax) {
      if (!this.claim(total)) return -1;
      this.writer.bytes.set(frame, this.begin);
      this.finish(total, true);
      this.frames++;
      return total;
    }
    let done = sent;
    while (done < total) {
      const length = Math.min(total - done, this.frameBytesMax);
      if (!this.claim(length)) break;
      this.writer.bytes.set(frame.subarray(done, done + length), this.begin);
      done += length;
      this.finish(length, done === total);
    }
    if (done === total) this.frames++;
    return done;
  }

  /** The reader takes bytes up to `granted`, and has taken so many frames. What it says comes in any order. */
  onAck(granted: number, taken: number): void {
    if (granted > this.granted) this.granted = granted;
    if (((taken - this.framesTaken) | 0) > 0) this.framesTaken = taken | 0;
  }

  private finish(length: number, last: boolean): void {
    const { begin } = this;
    writeRecordHeader(this.writer.words, (begin - RECORD_HEADER_BYTES) >> 2, length, last);
    const bytes = recordBytes(length);
    this.written += bytes;
    this.begin = begin + bytes;
  }
}
