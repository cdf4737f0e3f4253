/**
 * A place to encode into: one claimed stretch of a ring, or a scratch buffer. Little-endian.
 * `bytes` and `view` show the same memory; encoders move `at` and never write at or beyond `end`.
 */
export class Writer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
    this.end = end;
  }
}

/** Thrown (one frozen object, so it costs nothing) by encoders when the next piece does not fit before `end`. */
export const OVERFLOW: object = Object.freeze({ overflow: true });

/** Thrown by encoders when a value is not what its wire type says; `explain` in the contract layer finds the words for it. */
export const MISMATCH: object = Object.freeze({ mismatch: true });
