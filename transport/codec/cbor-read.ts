import * as cbor from './cbor-write.ts';
import { dateOf, put } from './collection.ts';
import { DEPTH_MAX } from './depth.ts';
import { invalid, truncated } from './invalid.ts';
import type { Reader } from './reader.ts';
import { readUtf8 } from './string.ts';

/**
 * One value. Only what `writeValue` writes is taken, besides forms that are not the shortest and short floats: definite lengths, counts
 * that the rest can hold, known tags, text keys that are neither twice there nor `__proto__`. All else is an InvalidMessageError.
 */
export function readValue(input: Reader, depth: number): unknown {
  const first = readByte(input);
  const major = first >> 5;
  const low = first & 31;
  if (major === cbor.SIMPLE) return readSimple(input, low);
  const argument = readArgument(input, low);
  switch (major) {
    case cbor.UNSIGNED:
      return safe(argument);
    case cbor.NEGATIVE:
      return safe(-1 - argument);
    case cbor.BYTES:
      return readByteString(input, argument);
    case cbor.TEXT:
      return readText(input, argument);
    case cbor.ARRAY:
      return readArray(input, argument, deeper(depth));
    case cbor.MAP:
      return readRecord(input, argument, deeper(depth));
    default:
      return readTagged(input, argument, depth);
  }
}

function readByte(input: Reader): number {
  if (input.at >= input.end) throw truncated();
  return input.view.getUint8(input.at++);
}

function deeper(depth: number): number {
  if (depth >= DEPTH_MAX) throw invalid(`a value nests deeper than ${DEPTH_MAX} levels`);
  return depth + 1;
}

function safe(number: number): number {
  if (!Number.isSafeInteger(number)) throw invalid('an integer is too large for a number');
  return number;
}

function readArgument(input: Reader, low: number): number {
  if (low < 24) return low;
  if (low > 27) throw invalid('a length is not definite');
  const bytes = 1 << (low - 24);
  const { at, view } = input;
  if (bytes > input.end - at) throw truncated();
  input.at = at + bytes;
  if (bytes === 1) return view.getUint8(at);
  if (bytes === 2) return view.getUint16(at);
  if (bytes === 4) return view.getUint32(at);
  return view.getUint32(at) * 0x100000000 + view.getUint32(at + 4);
}

function readSimple(input: Reader, low: number): unknown {
  switch (low) {
    case cbor.FALSE:
      return false;
    case cbor.TRUE:
      return true;
    case cbor.NULL:
      return null;
    case cbor.UNDEFINED:
      return undefined;
    case 26: {
      const at = input.at;
      if (at + 4 > input.end) throw truncated();
      input.at = at + 4;
      return input.view.getFloat32(at);
    }
    case cbor.FLOAT64: {
      const at = input.at;
      if (at + 8 > input.end) throw truncated();
      input.at = at + 8;
      return input.view.getFloat64(at);
    }
    default:
      throw invalid('a simple value is unknown');
  }
}

function readByteString(input: Reader, bytes: number): Uint8Array<ArrayBuffer> {
  if (bytes > input.end - input.at) throw truncated();
  const copy = new Uint8Array(bytes);
  copy.set(input.bytes.subarray(input.at, input.at + bytes));
  input.at += bytes;
  return copy;
}

function readText(input: Reader, bytes: number): string {
  const at = input.at;
  if (bytes > input.end - at) throw truncated();
  input.at = at + bytes;
  return readUtf8(input, at, bytes);
}

function countOf(input: Reader, count: number, leastBytes: number): number {
  if (count * leastBytes > input.end - input.at) throw invalid('a count is larger than what follows');
  return count;
}

function readArray(input: Reader, argument: number, depth: number): unknown[] {
  const count = countOf(input, argument, 1);
  const array: unknown[] = [];
  for (let i = 0; i < count; i++) array.push(readValue(input, depth));
  return array;
}

function readRecord(input: Reader, argument: number, depth: number): Record<string, unknown> {
  const count = countOf(input, argument, 2);
  const record: Record<string, unknown> = {};
  for (let i = 0; i < count; i++) {
    const key = readKey(input);
    put(record, key, readValue(input, depth));
  }
  return record;
}

function readKey(input: Reader): string {
  const first = readByte(input);
  const major = first >> 5;
  const argument = readArgument(input, first & 31);
  if (major === cbor.TEXT) return readText(input, argument);
  if (major === cbor.TAG && argument === cbor.TAG_WTF8) return readWtf8(input);
  throw invalid('a key is not text');
}

function readTagged(input: Reader, tag: number, depth: number): unknown {
  switch (tag) {
    case cbor.TAG_SECONDS:
      return readDate(input);
    case cbor.TAG_TIME:
      return readTime(input);
    case cbor.TAG_POSITIVE_BIGINT:
      return readBigint(input);
    case cbor.TAG_NEGATIVE_BIGINT:
      return -1n - readBigint(input);
    case cbor.TAG_SET: {
      const items = readArray(input, expect(input, cbor.ARRAY), deeper(depth));
      const set = new Set(items);
      if (set.size !== items.length) throw invalid('a set has an element twice');
      return set;
    }
    case cbor.TAG_MAP:
      return readMap(input, expect(input, cbor.MAP), deeper(depth));
    case cbor.TAG_WTF8:
      return readWtf8(input);
    default:
      throw invalid(`tag ${tag} is unknown`);
  }
}

function expect(input: Reader, major: number): number {
  const first = readByte(input);
  if (first >> 5 !== major) throw invalid('a tag is on a value of the wrong kind');
  return readArgument(input, first & 31);
}

function readMap(input: Reader, argument: number, depth: number): Map<unknown, unknown> {
  const count = countOf(input, argument, 2);
  const map = new Map<unknown, unknown>();
  for (let i = 0; i < count; i++) {
    const key = readValue(input, depth);
    map.set(key, readValue(input, depth));
  }
  if (map.size !== count) throw invalid('a map has a key twice');
  return map;
}

/** The number after a date's tag. */
function readPlainNumber(input: Reader): number {
  const first = readByte(input);
  const low = first & 31;
  const value =
    first >> 5 === cbor.UNSIGNED
      ? safe(readArgument(input, low))
      : first >> 5 === cbor.NEGATIVE
        ? safe(-1 - readArgument(input, low))
        : first >> 5 === cbor.SIMPLE
          ? readSimple(input, low)
          : undefined;
  if (typeof value !== 'number') throw invalid('a tag is on a value of the wrong kind');
  return value;
}

function readDate(input: Reader): Date {
  return dateOf(Math.round(readPlainNumber(input) * 1000));
}

function readTime(input: Reader): Date {
  if (expect(input, cbor.MAP) !== 2 || readPlainNumber(input) !== cbor.TIME_SECONDS) throw invalid('a time is unknown');
  const seconds = safe(readPlainNumber(input));
  if (readPlainNumber(input) !== cbor.TIME_MILLISECONDS) throw invalid('a time is unknown');
  const milliseconds = readPlainNumber(input);
  if (!(milliseconds >= 0 && milliseconds < 1000)) throw invalid('a time is unknown');
  return dateOf(Number(BigInt(seconds) * 1000n) + milliseconds);
}

function readBigint(input: Reader): bigint {
  const bytes = expect(input, cbor.BYTES);
  if (bytes > input.end - input.at) throw truncated();
  if (bytes === 0) return 0n;
  if (bytes > cbor.BIGINT_BYTES_MAX) throw invalid('a bigint is too large');
  let hex = '0x';
  for (let i = 0; i < bytes; i++) {
    hex += input.view
      .getUint8(input.at + i)
      .toString(16)
      .padStart(2, '0');
  }
  input.at += bytes;
  return BigInt(hex);
}

/** Takes what `writeValue` made of text with a lone surrogate, checked byte by byte. */
function readWtf8(input: Reader): string {
  const bytes = expect(input, cbor.BYTES);
  if (bytes > input.end - input.at) throw truncated();
  const end = input.at + bytes;
  let text = '';
  while (input.at < end) {
    const first = input.view.getUint8(input.at++);
    const more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : 3;
    if (more === 3 && (first < 0xf0 || first > 0xf4)) throw invalid('text is not WTF-8');
    let code = more === 0 ? first : first & (0x3f >> more);
    if (more > end - input.at) throw invalid('text is not WTF-8');
    for (let i = 0; i < more; i++) {
      const next = input.view.getUint8(input.at++);
      if (next >> 6 !== 2) throw invalid('text is not WTF-8');
      code = (code << 6) | (next & 0x3f);
    }
    if ((more === 2 && code < 0x800) || (more === 3 && (code < 0x10000 || code > 0x10ffff))) {
      throw invalid('text is not WTF-8');
    }
    text += String.fromCodePoint(code);
  }
  return text;
}
