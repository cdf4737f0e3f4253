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
  /** Over the page that is being written. */
  writer: Writer;
  /** Where in it the next frame begins, behind its header. */
  begin = HEADER_BYTES;
  /** Up to where it may go; 0 after `copy` found no room, so that nothing overtakes what waits. */
  windowEnd: number;
  /** Frames that came in, and that were handed over. */
  frames = 0;
  framesTaken = 0;
  private readonly lane: Lane;
  private readonly pageBytes: number;
  private writing: Page;
  private reading: Page;
  /** Up to where the written page was flushed. */
  private flushed = 0;
  /** In the read page. */
  private readAt = 0;
  private readEnd = 0;
  private large: Uint8Array | undefined = undefined;

  constructor(lane: Lane, pageBytes: number, frameBytesMax: number) {
    if (!Number.isInteger(pageBytes) || pageBytes % 8 !== 0 || pageBytes < 64) {
      throw new RangeError(`A page of ${pageBytes} bytes: a multiple of 8, from 64 on, it must be.`);
    }
    this.lane = lane;
    this.pageBytes = pageBytes;
    this.frameBytesMax = Math.min(pageBytes - HEADER_BYTES, frameBytesMax);
    this.writing = page(pageBytes);
    this.reading = page(pageBytes);
    this.writer = this.writing.writer;
    this.windowEnd = pageBytes;
  }

  /** The frame from `begin` to `end` is written. */
  commit(end: number): void {
    const { begin } = this;
    this.frames++;
    this.writing.words[(begin - HEADER_BYTES) >> 2] = end - begin;
    this.begin = (end + 7 + HEADER_BYTES) & ~7;
  }

  /** Is there room for a frame of so many bytes? */
  makeRoom(bytes: number): boolean {
    this.windowEnd = this.pageBytes;
    return this.begin + bytes <= this.pageBytes;
  }

  /** Copies a finished frame to where it can be drained; returns its bytes, or -1 when there is no room. */
  copy(frame: Uint8Array): number {
    const { length } = frame;
    if (length <= this.frameBytesMax && this.makeRoom(length)) {
      this.writer.bytes.set(frame, this.begin);
      this.commit(this.begin + length);
      return length;
    }
    if (length <= this.frameBytesMax || this.large !== undefined || !this.makeRoom(0)) {
      this.windowEnd = 0;
      return -1;
    }
    this.large = new Uint8Array(frame);
    this.writing.words[(this.begin - HEADER_BYTES) >> 2] = LARGE;
    this.begin += HEADER_BYTES;
    this.frames++;
    return length;
  }

  /** Returns the bytes that became drainable. */
  flush(): number {
    const written = this.begin - HEADER_BYTES;
    const bytes = written - this.flushed;
    this.flushed = written;
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
    const { flushed } = this;
    const unflushed = this.begin - HEADER_BYTES - flushed;
    if (unflushed !== 0) empty.writer.bytes.set(full.writer.bytes.subarray(flushed, flushed + unflushed));
    this.reading = full;
    this.readAt = 0;
    this.readEnd = flushed;
    this.writing = empty;
    this.writer = empty.writer;
    // A claim does not survive this.
    this.writer.end = 0;
    this.begin = unflushed + HEADER_BYTES;
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
      this.framesTaken++;
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
