/**
 * A batch is what a session numbers: the frames of one lane between two flushes, one behind the other. Each record begins at a multiple of 8:
 *
 *   +0  bytes of the frame, or of this piece of it    +4  1 when it is whole or the last piece    +8 the bytes
 */
import type { Piece } from './chunks.ts';

export const RECORD_HEADER_BYTES = 8;
const LAST = 1;

export function recordBytes(length: number): number {
  return RECORD_HEADER_BYTES + ((length + 7) & ~7);
}

/** `at` counts words of four bytes. */
export function writeRecordHeader(words: Int32Array, at: number, length: number, last: boolean): void {
  words[at] = length;
  words[at + 1] = last ? LAST : 0;
}

/** Goes through the records of one batch. */
export class BatchCursor {
  readonly batch: Uint8Array;
  /** Of the record that comes next. */
  at = 0;
  private readonly view: DataView;

  constructor(batch: Uint8Array) {
    this.batch = batch;
    this.view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  }

  get atEnd(): boolean {
    return this.at === this.batch.length;
  }

  /** Of the record that comes next: whether a frame ends with it. */
  get last(): boolean {
    return this.view.getUint32(this.at + 4, true) === LAST;
  }

  get length(): number {
    return this.view.getUint32(this.at, true);
  }

  /** Where the bytes of the record begin. */
  get begin(): number {
    return this.at + RECORD_HEADER_BYTES;
  }

  skip(): void {
    this.at += recordBytes(this.length);
  }

  next(): Piece {
    const { last, begin, length } = this;
    this.skip();
    return { bytes: this.batch.subarray(begin, begin + length), last };
  }

  /** How many frames end in it; -1 for what no sender can have written. */
  static framesIn(batch: Uint8Array): number {
    const cursor = new BatchCursor(batch);
    let frames = 0;
    while (!cursor.atEnd) {
      const { at, view } = cursor;
      if (at + RECORD_HEADER_BYTES > batch.length || view.getUint32(at + 4, true) > LAST) return -1;
      if (cursor.last) frames++;
      cursor.skip();
      if (cursor.at > batch.length) return -1;
    }
    return frames;
  }
}
