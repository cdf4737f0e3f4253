/**
 * Counts and byte lengths: little-endian base 128, shortest form only, at most 32 bits.
 *
 *   0xxxxxxx                     0 … 127
 *   1xxxxxxx 0xxxxxxx            128 … 16 383, and so on up to five bytes
 */
import { invalid, truncated } from './invalid.ts';
import type { Reader } from './reader.ts';
import { OVERFLOW, type Writer } from './writer.ts';

export const COUNT_BYTES_MAX = 5;

export function writeCount(out: Writer, count: number): void {
  const at = out.at;
  if (count < 0x80 && at < out.end) {
    out.view.setUint8(at, count);
    out.at = at + 1;
  } else writeLongCount(out, count);
}

function writeLongCount(out: Writer, count: number): void {
  let rest = count;
  let at = out.at;
  for (; rest >= 0x80; rest >>>= 7) {
    if (at >= out.end) throw OVERFLOW;
    out.view.setUint8(at++, rest | 0x80);
  }
  if (at >= out.end) throw OVERFLOW;
  out.view.setUint8(at++, rest);
  out.at = at;
}

/** A number below 2^32. */
export function readNumber(input: Reader): number {
  const at = input.at;
  if (at >= input.end) throw truncated();
  const first = input.view.getUint8(at);
  if (first < 0x80) {
    input.at = at + 1;
    return first;
  }
  return readLongNumber(input, first & 0x7f);
}

function readLongNumber(input: Reader, low: number): number {
  let at = input.at + 1;
  let number = low;
  for (let factor = 0x80; factor <= 0x10000000; factor *= 0x80) {
    if (at >= input.end) throw truncated();
    const byte = input.view.getUint8(at++);
    number += (byte & 0x7f) * factor;
    if (byte < 0x80) {
      if (byte === 0 || number > 0xffffffff) break;
      input.at = at;
      return number;
    }
  }
  throw invalid('a count is not in its shortest form');
}

/** How many elements follow, each of at least `leastBytes` (≥ 1): never more than the rest of the message can hold. */
export function readCount(input: Reader, leastBytes: number): number {
  const count = readNumber(input);
  if (count * leastBytes > input.end - input.at) throw invalid('a count is larger than what follows');
  return count;
}

/** Room for `count` pieces of `bytes` each, which the caller fills; returns where they start. */
export function reserve(out: Writer, count: number, bytes: number): number {
  const at = out.at;
  if (count * bytes > out.end - at) throw OVERFLOW;
  out.at = at + count * bytes;
  return at;
}
