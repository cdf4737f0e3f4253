/**
 * `unknown` on the wire: CBOR (RFC 8949), deterministic enough to compare, with all that plain JavaScript values hold.
 *
 *   null, undefined, booleans, text, Uint8Array, arrays      as CBOR has them
 *   integers within ±2^53                                    the shortest integer; any other number, -0 and NaN a float64
 *   bigint                                                   tags 2 and 3, also when small
 *   plain object                                             map with text keys
 *   Map, Set, Date                                           tags 259, 258, 1 (1001 for dates that float seconds cannot hold)
 *   text with a lone surrogate                               tag 273 (WTF-8)
 *
 * Written by hand: the packages there are lose -0 and lone surrogates, take nested or hostile bytes as they come, and need a copy.
 */
import { readValue } from './cbor-read.ts';
import { writeValue } from './cbor-write.ts';
import { leftover } from './invalid.ts';
import { Reader } from './reader.ts';
import { OVERFLOW, Writer } from './writer.ts';

const BYTES_FIRST = 512;
const BYTES_MAX = 1 << 29;

/** In place. MISMATCH for functions, symbols, instances of classes, cycles, and nesting deeper than DEPTH_MAX. */
export function writeUnknown(out: Writer, value: unknown): void {
  writeValue(out, value, 0);
}

/** InvalidMessageError for anything that `writeUnknown` would not write. */
export function readUnknown(input: Reader): unknown {
  return readValue(input, 0);
}

/** As `writeUnknown`, into bytes of its own; it tries with `bytesAbout` first. RangeError above half a gigabyte. */
export function encodeCbor(value: unknown, bytesAbout = BYTES_FIRST): Uint8Array<ArrayBuffer> {
  for (let bytes = bytesAbout; ; bytes *= 4) {
    const scratch = new Uint8Array(bytes);
    const out = new Writer(scratch);
    try {
      writeValue(out, value, 0);
      // Not copied again when most of it is used.
      return out.at * 2 >= bytes ? scratch.subarray(0, out.at) : scratch.slice(0, out.at);
    } catch (error) {
      if (error !== OVERFLOW) throw error;
      if (bytes >= BYTES_MAX) throw new RangeError(`The value takes more than ${BYTES_MAX} bytes.`);
    }
  }
}

/** As `readUnknown`; nothing may follow the value. */
export function decodeCbor(bytes: Uint8Array): unknown {
  const input = new Reader(bytes);
  const value = readValue(input, 0);
  if (input.at !== input.end) throw leftover();
  return value;
}
