/**
 * A place to encode into: one claimed stretch of a ring, or a scratch buffer. Little-endian.
 * `bytes`, `view` and `words` show the same memory, which begins at a multiple of 4; encoders move `at` and never write at or beyond
 * `end`. What is aligned is better stored by `words`: V8 forgets all it knows of objects at every store through a DataView.
 */
export class Writer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly words: Int32Array;
  at: number;
  end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
    this.at = at;
    this.end = end;
  }
}

/** Thrown (one frozen object, so it costs nothing) by encoders when the next piece does not fit before `end`. */
export const OVERFLOW: object = Object.freeze({ overflow: true });

/** Thrown by encoders when a value is not what its wire type says; `explain` in the contract layer finds the words for it. */
export const MISMATCH: object = Object.freeze({ mismatch: true });
