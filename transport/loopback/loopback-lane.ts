/**
 * One lane of the loopback, in ordinary memory: two pages, one being written and one being read, which change places when
 * the read one is empty. Frames therefore stay in the same few cache lines however many pass, and never wrap.
 *
 *   +0  LENGTH   bytes of the frame, or LARGE: the frame does not fit a page and waits beside it, one at a time
 *   +4  nothing
 *   +8  the frame, and padding to a multiple of 8
 */
import { Reader } from '../codec/reader.ts';
import { Writer } from '../codec/writer.ts';
import type { FrameHandler, Lane } from '../link.ts';

const HEADER_BYTES = 8;
const LARGE = -1;

interface Page {
  readonly words: Int32Array;
  readonly writer: Writer;
  readonly reader: Reader;
}

export class LoopbackLane {
  /** Frames above this many bytes cannot be claimed; `copy` puts them beside the pages. */
  readonly frameBytesMax: number;
  private readonly lane: Lane;
  private readonly pageBytes: number;
  private writing: Page;
  private reading: Page;
  /** In the written page: what is there, and up to where it was flushed. */
  private written = 0;
  private flushed = 0;
  /** In the read page. */
  private readAt = 0;
  private readEnd = 0;
  private large: Uint8Array | undefined = undefined;

  constructor(lane: Lane, pageBytes: number, frameBytesMax: number) {
    if (pageBytes % 8 !== 0 || pageBytes < 64)
      throw new RangeError(`A page of ${pageBytes} bytes: a multiple of 8 from 64 on.`);
    this.lane = lane;
    this.pageBytes = pageBytes;
    this.frameBytesMax = Math.min(pageBytes - HEADER_BYTES, frameBytesMax);
    this.writing = page(pageBytes);
    this.reading = page(pageBytes);
  }

  claim(bytes: number): Writer | undefined {
    const begin = this.written + HEADER_BYTES;
    const { frameBytesMax, pageBytes } = this;
    if (begin + bytes > pageBytes || bytes > frameBytesMax) return undefined;
    const writer = this.writing.writer;
    writer.at = begin;
    writer.end = Math.min(pageBytes, begin + frameBytesMax);
    return writer;
  }

  commit(): void {
    const { writer, words } = this.writing;
    const begin = this.written;
    const length = writer.at - begin - HEADER_BYTES;
    if (length < 0 || writer.at > writer.end) {
      throw new RangeError(`A frame ends at ${writer.at}, outside of its claim, which ends at ${writer.end}.`);
    }
    words[begin >> 2] = length;
    // A second commit without a claim finds no room.
    writer.end = 0;
    this.written = (writer.at + 7) & ~7;
  }

  /** Copies a finished frame to where it can be drained; returns its bytes, or -1 when there is no room. */
  copy(frame: Uint8Array): number {
    const writer = this.claim(frame.length);
    if (writer !== undefined) {
      writer.bytes.set(frame, writer.at);
      writer.at += frame.length;
      this.commit();
      return frame.length;
    }
    if (frame.length <= this.frameBytesMax || this.large !== undefined || this.written === this.pageBytes) return -1;
    this.large = new Uint8Array(frame);
    this.writing.words[this.written >> 2] = LARGE;
    this.written += HEADER_BYTES;
    return frame.length;
  }

  /** Returns the bytes that became drainable. */
  flush(): number {
    const bytes = this.written - this.flushed;
    this.flushed = this.written;
    return bytes;
  }

  pending(): boolean {
    return this.flushed !== 0 || this.readAt !== this.readEnd;
  }

  /** Fixes how far `take` will go. True when that is anything at all. */
  look(): boolean {
    if (this.readAt === this.readEnd && this.flushed !== 0) this.swap();
    return this.readAt !== this.readEnd;
  }

  private swap(): void {
    const full = this.writing;
    const empty = this.reading;
    const unflushed = this.written - this.flushed;
    if (unflushed !== 0) empty.writer.bytes.set(full.writer.bytes.subarray(this.flushed, this.written));
    this.reading = full;
    this.readAt = 0;
    this.readEnd = this.flushed;
    this.writing = empty;
    this.written = unflushed;
    this.flushed = 0;
  }

  left(): boolean {
    return this.readAt !== this.readEnd;
  }

  take(handler: FrameHandler, framesMax: number): number {
    const { lane, readEnd } = this;
    const { words, reader } = this.reading;
    let frames = 0;
    let at = this.readAt;
    while (at !== readEnd && frames < framesMax) {
      const length = words[at >> 2]!;
      frames++;
      if (length === LARGE) {
        at += HEADER_BYTES;
        this.readAt = at;
        const large = this.large!;
        this.large = undefined;
        handler.onFrame(new Reader(large), lane);
        continue;
      }
      reader.at = at + HEADER_BYTES;
      reader.end = reader.at + length;
      at = (reader.end + 7) & ~7;
      this.readAt = at;
      handler.onFrame(reader, lane);
    }
    return frames;
  }
}

function page(bytes: number): Page {
  const memory = new ArrayBuffer(bytes);
  return {
    words: new Int32Array(memory),
    writer: new Writer(new Uint8Array(memory)),
    reader: new Reader(new Uint8Array(memory)),
  };
}
