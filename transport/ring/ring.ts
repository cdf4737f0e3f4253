/**
 * One lane of a ring link: a byte ring in shared memory from exactly one writer thread to exactly one reader thread.
 *
 * A record is 8-byte aligned and never wraps; positions are the byte counts of `ring-memory.ts`:
 *
 *   +0  LENGTH   bits 0..27: bytes of the record, this header included; bits 28..31: what it is
 *   +4  CHECK    ~(LENGTH ^ position of the record)
 *   +8  the frame, or a piece of one:
 *
 *   FRAME    a whole frame
 *   PADDING  nothing, up to the end of the ring
 *   FIRST    +8 bytes of the whole frame, +12 zero, +16 its first piece; only MORE follow until it is whole
 *   MORE     +8 the next piece
 *
 * One comparison of CHECK says that the length is undamaged and that the record is this one and not one of an earlier round.
 */
import { Reader } from '../codec/reader.ts';
import { type FrameHandler, type Lane, LinkCorruptError } from '../link.ts';
import type { Doorbell } from './doorbell.ts';
import type { LanePlace } from './ring-memory.ts';

const HEADER_BYTES = 8;
const SIZE_BYTES = 8;
const LENGTH_MASK = (1 << 28) - 1;
const FRAME = 0;
const PADDING = 1 << 28;
const FIRST = 2 << 28;
const MORE = 3 << 28;
const KIND_MASK = ~LENGTH_MASK;
const PIECE_RECORD_BYTES_MIN = 32;
const DUMP_BYTES = 4096;
const SCRUBBED = 0xde;

/**
 * The writing side. All that a frame costs is `begin` and `windowEnd`: from the header in front of `begin` up to `windowEnd`
 * lies free memory in one piece, so claiming is one comparison, and only when it fails anybody asks for the reader's HEAD.
 */
export class RingWriter {
  /** Whole frames above this many bytes go in pieces. A quarter of the ring, so that a record and its padding always fit. */
  readonly frameBytesMax: number;
  /** Where in the link's memory the next frame begins, behind its header. */
  begin: number;
  /** Up to where it may go, as far as known; 0 after `copy` found no room, so that nothing overtakes what waits. */
  windowEnd = 0;
  /** Whole frames in the ring or through it. */
  frames = 0;
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  private readonly tail: number;
  private readonly head: number;
  private readonly count: number;
  private readonly base: number;
  private readonly capacity: number;
  /** Position of a record minus its `begin`: changes once in a round. */
  private offset: number;
  /** Positions: TAIL, one ring ahead of HEAD as last seen, and where the last round ended, before its padding. */
  private published: number;
  private limit: number;
  private roundEnd: number;
  private readonly corrupted: ((error: LinkCorruptError) => void) | undefined;
  private isCorrupt = false;

  /** `corrupted` hears once of a HEAD that is impossible, and from then on there is no room; without it, whoever asks for room gets the error. */
  constructor(
    words: Int32Array,
    bytes: Uint8Array,
    place: LanePlace,
    frameBytesMax: number,
    corrupted?: (error: LinkCorruptError) => void,
  ) {
    const position = words[place.tail]!;
    this.words = words;
    this.bytes = bytes;
    this.tail = place.tail;
    this.head = place.head;
    this.count = place.count;
    this.base = place.base;
    this.capacity = place.capacity;
    this.begin = place.base + (position & (place.capacity - 1)) + HEADER_BYTES;
    this.offset = (position - this.begin) | 0;
    this.published = position;
    this.limit = (position + place.capacity) | 0;
    this.roundEnd = position;
    this.corrupted = corrupted;
    this.frameBytesMax = Math.min(frameBytesMax, Math.max(place.capacity >> 2, PIECE_RECORD_BYTES_MIN) - HEADER_BYTES);
    this.measure();
  }

  /** The frame from `begin` to `end` is written. */
  commit(end: number): void {
    this.frames++;
    this.finish(end, FRAME);
  }

  private finish(end: number, kind: number): void {
    const { begin } = this;
    this.writeHeader(begin, kind | (end - begin + HEADER_BYTES));
    this.begin = (end + 7 + HEADER_BYTES) & ~7;
  }

  private writeHeader(begin: number, length: number): void {
    const { words } = this;
    const index = (begin - HEADER_BYTES) >> 2;
    words[index] = length;
    words[index + 1] = ~(length ^ (begin + this.offset));
  }

  /**
   * Moves `begin` and `windowEnd` so that a record of `recordBytes` (a multiple of 8, at most a quarter of the ring) fits. False
   * when the ring is too full. Throws LinkCorruptError when the reader's HEAD is impossible and nobody else hears of it.
   */
  makeRoom(recordBytes: number): boolean {
    const toEnd = this.base + this.capacity + HEADER_BYTES - this.begin;
    const wraps = recordBytes > toEnd;
    const needed = wraps ? toEnd + recordBytes : recordBytes;
    if (needed > this.room() && !(this.moved() && needed <= this.room())) {
      this.measure();
      return false;
    }
    if (wraps) {
      const position = (this.begin + this.offset) | 0;
      // Written now, but passed only when something is committed behind it.
      if (toEnd > 0) this.writeHeader(this.begin, PADDING | toEnd);
      // A round that was begun and abandoned ended where it ended.
      if (this.begin !== this.base + HEADER_BYTES) this.roundEnd = position;
      this.begin = this.base + HEADER_BYTES;
      this.offset = (position + toEnd - this.begin) | 0;
    }
    this.measure();
    return true;
  }

  private room(): number {
    return (this.limit - this.begin - this.offset) | 0;
  }

  private measure(): void {
    const record = this.begin - HEADER_BYTES;
    this.windowEnd = Math.min(record + this.room(), this.base + this.capacity);
  }

  /** Has the reader freed room since this was last asked? Throws LinkCorruptError when its HEAD is impossible. */
  moved(): boolean {
    // Partner: the store of HEAD in RingReader.release. The reader is done with everything before it, so it may be overwritten.
    const head = Atomics.load(this.words, this.head);
    const limit = (head + this.capacity) | 0;
    if (limit === this.limit || this.isCorrupt) return false;
    const used = (this.published - head) | 0;
    if (used < 0 || used > this.capacity || (head & 7) !== 0) {
      this.fail(
        new LinkCorruptError(`A ring's head stands at ${head >>> 0} while its tail is ${this.published >>> 0}.`),
      );
      return false;
    }
    this.limit = limit;
    return true;
  }

  private fail(error: LinkCorruptError): void {
    if (this.corrupted === undefined) throw error;
    this.isCorrupt = true;
    this.corrupted(error);
  }

  /** Frames that the reader has handed over, as far as it said; wraps like a position. */
  framesTaken(): number {
    // Partner: the store of COUNT in RingReader.take. It orders nothing; whoever reads an old one thinks the reader slower than it is.
    return Atomics.load(this.words, this.count);
  }

  /**
   * Copies a frame into the ring: a whole one, or of a larger one as many pieces from `sent` on as there is room for.
   * Returns how many bytes of it are in the ring now, or -1 when a whole one found no room.
   */
  copy(frame: Uint8Array, sent: number): number {
    const total = frame.length;
    if (total <= this.frameBytesMax) {
      if (!this.makeRoom((total + HEADER_BYTES + 7) & ~7)) {
        this.windowEnd = 0;
        return -1;
      }
      this.bytes.set(frame, this.begin);
      this.commit(this.begin + total);
      return total;
    }
    let done = sent;
    while (done < total) {
      const sizeBytes = done === 0 ? SIZE_BYTES : 0;
      const piece = Math.min(total - done, this.frameBytesMax - sizeBytes);
      if (!this.makeRoom((piece + sizeBytes + HEADER_BYTES + 7) & ~7)) {
        this.windowEnd = 0;
        break;
      }
      const { begin } = this;
      if (done === 0) {
        this.words[begin >> 2] = total;
        this.words[(begin >> 2) + 1] = 0;
      }
      this.bytes.set(frame.subarray(done, done + piece), begin + sizeBytes);
      this.finish(begin + sizeBytes + piece, done === 0 ? FIRST : MORE);
      done += piece;
    }
    if (done === total) this.frames++;
    return done;
  }

  /** Lets the reader see everything committed; returns how many bytes are news to it. */
  publish(): number {
    // At the begin of a round nothing is committed in it yet, and its padding does not count.
    const position = this.begin === this.base + HEADER_BYTES ? this.roundEnd : (this.begin + this.offset) | 0;
    const bytes = (position - this.published) | 0;
    if (bytes === 0) return 0;
    this.published = position;
    // Partner: the load of TAIL in RingReader.look. The records were written before it, with plain stores.
    Atomics.store(this.words, this.tail, position);
    return bytes;
  }
}

export class RingReader {
  /** Set once the ring was found corrupt; there is no way back. */
  failure: LinkCorruptError | undefined = undefined;
  private readonly words: Int32Array;
  private readonly bytes: Uint8Array;
  /** Shown to the handler for frames that lie whole in the ring. One for all lanes of the link. */
  private readonly input: Reader;
  private readonly lane: Lane;
  private readonly place: LanePlace;
  private readonly tailIndex: number;
  private readonly writerBell: Doorbell | undefined;
  private readonly frameBytesMax: number;
  private readonly scrub: boolean;
  /** Positions, as in the drawing: `tail` is as of the last `look`. */
  private head: number;
  private taken: number;
  private tail: number;
  /** The frame that arrives in pieces, and how many bytes of it are here. */
  private assembly: Uint8Array | undefined = undefined;
  private assembled = 0;
  /** Pieces at the begin belong to a frame that an earlier reader, now dead, had begun to take. */
  private orphans: boolean;
  /** Frames handed over so far, by all readers of this memory; what COUNT says once a `take` is done. */
  private frames: number;

  constructor(
    words: Int32Array,
    input: Reader,
    place: LanePlace,
    frameBytesMax: number,
    writerBell: Doorbell | undefined,
    scrub: boolean,
  ) {
    this.words = words;
    this.bytes = input.bytes;
    this.input = input;
    this.lane = place.lane;
    this.place = place;
    this.tailIndex = place.tail;
    this.writerBell = writerBell;
    this.frameBytesMax = frameBytesMax;
    this.scrub = scrub;
    this.head = words[place.head]!;
    this.taken = words[place.taken]!;
    this.tail = this.taken;
    this.orphans = this.taken !== place.start;
    this.frames = words[place.count]!;
  }

  /** Did the writer publish anything that was not taken yet? If not, all room is given back. */
  pending(): boolean {
    if (Atomics.load(this.words, this.place.tail) !== this.taken) return true;
    if (this.head !== this.taken) this.release();
    return false;
  }

  /** A plain load of TAIL, in the machine a move: it may be out of date, and nothing is read because of it before `look` has asked. */
  glance(): boolean {
    return this.words[this.tailIndex] !== this.taken;
  }

  /** Fixes how far `take` will go. True when that is anything at all; if not, all room is given back. Throws LinkCorruptError. */
  look(): boolean {
    // Partner: the store of TAIL in RingWriter.publish; the records before it are whole now.
    const tail = Atomics.load(this.words, this.place.tail);
    const { head, taken } = this;
    this.tail = tail;
    if (tail === taken) {
      if (head !== taken) this.release();
      return false;
    }
    // Against HEAD and not TAKEN: a writer may not have gone beyond what was freed. Unsigned, so negative is too much.
    if (((tail - head) | 0) >>> 0 > this.place.capacity || ((tail - taken) | 0) < 0 || (tail & 7) !== 0) {
      throw this.fail(taken, 'its tail is impossible');
    }
    return true;
  }

  /** Is anything left of what `look` saw? */
  left(): boolean {
    return this.taken !== this.tail;
  }

  /**
   * Hands over at most `framesMax` of the frames that `look` saw; returns how many. A frame whose handler throws is taken. Room is
   * given back a quarter of the ring at a time, and the rest when there is nothing more to take: often enough for a writer that
   * waits for it, as a full ring holds more than a quarter, and seldom enough to cost nothing.
   */
  take(handler: FrameHandler, framesMax: number): number {
    const { words, input, lane, tail } = this;
    const { base, capacity, taken: takenIndex } = this.place;
    const mask = capacity - 1;
    const quarter = capacity >> 2;
    let at = this.taken;
    let frames = 0;
    while (at !== tail && frames < framesMax) {
      const left = (tail - at) | 0;
      const stop = left > quarter ? (at + quarter) | 0 : tail;
      let whole = this.assembly === undefined;
      while (((stop - at) | 0) > 0 && frames < framesMax) {
        const offset = at & mask;
        const begin = base + offset;
        const length = words[begin >> 2]!;
        const available = (tail - at) | 0;
        const bytesMax = Math.min(available, capacity - offset);
        // Unsigned, so that this also sorts out what is shorter than its header and what is not a whole frame.
        if (
          words[(begin >> 2) + 1] !== ~(length ^ at) ||
          (length - HEADER_BYTES) >>> 0 > bytesMax - HEADER_BYTES ||
          !whole
        ) {
          frames += this.takeOther(handler, length, bytesMax);
          at = this.taken;
          whole = this.assembly === undefined;
          continue;
        }
        at = (at + length + 7) & ~7;
        this.taken = at;
        // Plain, and before the frame is handed over: should this thread die, then whoever joined it reads here which frames
        // it cannot have begun. The call below keeps the order of the two.
        words[takenIndex] = at;
        input.at = begin + HEADER_BYTES;
        input.end = begin + length;
        frames++;
        this.frames = (this.frames + 1) | 0;
        handler.onFrame(input, lane);
      }
      if (((at - this.head) | 0) >= quarter) this.release();
    }
    // Partner: the load of COUNT in RingWriter.framesTaken.
    Atomics.store(words, this.place.count, this.frames);
    return frames;
  }

  /** A record that is not simply a frame; returns the frames handed over: 0 or 1. */
  private takeOther(handler: FrameHandler, length: number, bytesMax: number): number {
    const at = this.taken;
    const { base, capacity } = this.place;
    const offset = at & (capacity - 1);
    const begin = base + offset;
    const bytes = length & LENGTH_MASK;
    const kind = length & KIND_MASK;
    if (this.words[(begin >> 2) + 1] !== ~(length ^ at)) throw this.fail(at, 'the check of a record is wrong');
    if (bytes < HEADER_BYTES || bytes > bytesMax) throw this.fail(at, 'a record is longer than what was written');
    let header = HEADER_BYTES;
    if (kind === PADDING) {
      if (bytes !== capacity - offset) throw this.fail(at, 'padding does not end with the ring');
      this.pass(bytes);
      return 0;
    }
    if (kind === FIRST) {
      header += SIZE_BYTES;
      if (this.assembly !== undefined) throw this.fail(at, 'a frame begins within another');
      const total = this.words[(begin >> 2) + 2]!;
      const reserved = this.words[(begin >> 2) + 3]!;
      if (bytes <= header || total <= bytes - header || total > this.frameBytesMax || reserved !== 0) {
        throw this.fail(at, 'the size of a frame in pieces is impossible');
      }
      this.orphans = false;
      this.assembly = new Uint8Array(total);
      this.assembled = 0;
    } else if (kind !== MORE) throw this.fail(at, 'a record is of no known kind, or within a frame in pieces');
    const assembly = this.assembly;
    const piece = bytes - header;
    if (assembly === undefined && this.orphans) {
      this.pass(bytes);
      return 0;
    }
    if (assembly === undefined || piece === 0 || piece > assembly.length - this.assembled) {
      throw this.fail(at, 'a piece belongs to no frame');
    }
    assembly.set(this.bytes.subarray(begin + header, begin + bytes), this.assembled);
    this.assembled += piece;
    this.pass(bytes);
    if (this.assembled < assembly.length) return 0;
    this.assembly = undefined;
    this.frames = (this.frames + 1) | 0;
    handler.onFrame(new Reader(assembly), this.lane);
    return 1;
  }

  private pass(bytes: number): void {
    this.taken = (this.taken + bytes + 7) & ~7;
    this.words[this.place.taken] = this.taken;
  }

  /** Gives the room of all taken frames back, and wakes a writer that waits for it. */
  private release(): void {
    if (this.scrub) this.scrubTaken();
    this.head = this.taken;
    // Partner: the load of HEAD in RingWriter.moved, which comes after its link stored WANT: it sees this HEAD or we see WANT.
    Atomics.store(this.words, this.place.head, this.head);
    if (Atomics.load(this.words, this.place.want) !== 0) this.writerBell?.wake();
  }

  /** Whoever keeps a view of a frame shall notice in tests. */
  private scrubTaken(): void {
    const { base, capacity } = this.place;
    const from = this.head & (capacity - 1);
    const bytes = (this.taken - this.head) | 0;
    const toEnd = Math.min(bytes, capacity - from);
    this.bytes.fill(SCRUBBED, base + from, base + from + toEnd);
    this.bytes.fill(SCRUBBED, base, base + bytes - toEnd);
  }

  private fail(at: number, what: string): LinkCorruptError {
    const { base, capacity } = this.place;
    const begin = base + (at & (capacity - 1));
    const from = Math.max(0, begin - DUMP_BYTES / 2);
    this.failure = new LinkCorruptError(
      `A ring is corrupt: ${what} (lane ${this.lane}, position ${at >>> 0}, tail ${this.tail >>> 0}, ` +
        `head ${this.head >>> 0}, capacity ${capacity}).`,
      this.bytes.slice(from, from + DUMP_BYTES),
    );
    return this.failure;
  }
}
