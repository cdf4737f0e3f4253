import { lengthOf } from './bytes.ts';
import { entriesOf, keysOf, sizeOfMap, sizeOfSet, timeOf, valuesOf } from './collection.ts';
import { DEPTH_MAX } from './depth.ts';
import { isWellFormed, utf8Length, writeAscii, writeUtf8 } from './string.ts';
import { MISMATCH, OVERFLOW, type Writer } from './writer.ts';

export const UNSIGNED = 0;
export const NEGATIVE = 1;
export const BYTES = 2;
export const TEXT = 3;
export const ARRAY = 4;
export const MAP = 5;
export const TAG = 6;
export const SIMPLE = 7;

export const FALSE = 20;
export const TRUE = 21;
export const NULL = 22;
export const UNDEFINED = 23;
export const FLOAT64 = 27;

export const TAG_SECONDS = 1;
export const TAG_POSITIVE_BIGINT = 2;
export const TAG_NEGATIVE_BIGINT = 3;
export const TAG_SET = 258;
export const TAG_MAP = 259;
export const TAG_WTF8 = 273;
export const TAG_TIME = 1001;
/** Keys of TAG_TIME: whole seconds, and the milliseconds beyond them. */
export const TIME_SECONDS = 1;
export const TIME_MILLISECONDS = -3;

/** As many bytes as a bigint may take: one of this size is parsed in well under a millisecond. */
export const BIGINT_BYTES_MAX = 4096;

/** Throws MISMATCH for what cannot travel, a cycle included: it nests deeper than any limit. `depth` is that of the value's surroundings. */
export function writeValue(out: Writer, value: unknown, depth: number): void {
  switch (typeof value) {
    case 'string':
      writeText(out, value);
      return;
    case 'number':
      writeNumber(out, value);
      return;
    case 'boolean':
      writeByte(out, (SIMPLE << 5) | (value ? TRUE : FALSE));
      return;
    case 'undefined':
      writeByte(out, (SIMPLE << 5) | UNDEFINED);
      return;
    case 'bigint':
      writeBigint(out, value);
      return;
    case 'object':
      if (value === null) writeByte(out, (SIMPLE << 5) | NULL);
      else writeObject(out, value, depth + 1);
      return;
    default:
      throw MISMATCH;
  }
}

function writeObject(out: Writer, value: object, depth: number): void {
  if (value instanceof Date) writeDate(out, timeOf(value));
  else if (value instanceof Uint8Array) writeByteString(out, value);
  else if (depth > DEPTH_MAX) throw MISMATCH;
  else if (Array.isArray(value)) {
    const length = value.length;
    writeHead(out, ARRAY, length);
    for (let i = 0; i < length; i++) writeValue(out, value[i], depth);
  } else if (value instanceof Map) writeMap(out, value, depth);
  else if (value instanceof Set) writeSet(out, value, depth);
  else {
    const keys = keysOf(value);
    writeHead(out, MAP, keys.length);
    for (const key of keys) {
      writeText(out, key);
      writeValue(out, (value as Record<string, unknown>)[key], depth);
    }
  }
}

function writeMap(out: Writer, map: Map<unknown, unknown>, depth: number): void {
  const size = sizeOfMap(map);
  writeHead(out, TAG, TAG_MAP);
  writeHead(out, MAP, size);
  let written = 0;
  for (const [key, value] of entriesOf(map)) {
    writeValue(out, key, depth);
    writeValue(out, value, depth);
    written++;
  }
  if (written !== size) throw MISMATCH;
}

function writeSet(out: Writer, set: Set<unknown>, depth: number): void {
  const size = sizeOfSet(set);
  writeHead(out, TAG, TAG_SET);
  writeHead(out, ARRAY, size);
  let written = 0;
  for (const value of valuesOf(set)) {
    writeValue(out, value, depth);
    written++;
  }
  if (written !== size) throw MISMATCH;
}

function writeByte(out: Writer, byte: number): void {
  if (out.at >= out.end) throw OVERFLOW;
  out.view.setUint8(out.at++, byte);
}

/** A major type and its argument, in the shortest form. */
function writeHead(out: Writer, major: number, argument: number): void {
  const { view, at, end } = out;
  const kind = major << 5;
  if (argument < 24) {
    if (at + 1 > end) throw OVERFLOW;
    view.setUint8(at, kind | argument);
    out.at = at + 1;
  } else if (argument < 0x100) {
    if (at + 2 > end) throw OVERFLOW;
    view.setUint8(at, kind | 24);
    view.setUint8(at + 1, argument);
    out.at = at + 2;
  } else if (argument < 0x10000) {
    if (at + 3 > end) throw OVERFLOW;
    view.setUint8(at, kind | 25);
    view.setUint16(at + 1, argument);
    out.at = at + 3;
  } else if (argument < 0x100000000) {
    if (at + 5 > end) throw OVERFLOW;
    view.setUint8(at, kind | 26);
    view.setUint32(at + 1, argument);
    out.at = at + 5;
  } else {
    if (at + 9 > end) throw OVERFLOW;
    view.setUint8(at, kind | 27);
    view.setUint32(at + 1, Math.floor(argument / 0x100000000));
    view.setUint32(at + 5, argument % 0x100000000);
    out.at = at + 9;
  }
}

function writeNumber(out: Writer, value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    if (value >= 0) writeHead(out, UNSIGNED, value);
    else writeHead(out, NEGATIVE, -1 - value);
    return;
  }
  const at = out.at;
  if (at + 9 > out.end) throw OVERFLOW;
  out.view.setUint8(at, (SIMPLE << 5) | FLOAT64);
  out.view.setFloat64(at + 1, value);
  out.at = at + 9;
}

/** Always a bignum, so that 5n stays apart from 5. */
function writeBigint(out: Writer, value: bigint): void {
  writeHead(out, TAG, value < 0n ? TAG_NEGATIVE_BIGINT : TAG_POSITIVE_BIGINT);
  const digits = (value < 0n ? -1n - value : value).toString(16);
  const bytes = (digits.length + 1) >> 1;
  if (bytes > BIGINT_BYTES_MAX) throw MISMATCH;
  writeHead(out, BYTES, bytes);
  if (bytes > out.end - out.at) throw OVERFLOW;
  const hex = digits.padStart(bytes * 2, '0');
  for (let i = 0; i < bytes; i++) out.view.setUint8(out.at + i, Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16));
  out.at += bytes;
}

function writeDate(out: Writer, ms: number): void {
  const seconds = ms / 1000;
  if (Math.round(seconds * 1000) === ms || Number.isNaN(ms)) {
    writeHead(out, TAG, TAG_SECONDS);
    writeNumber(out, seconds);
    return;
  }
  // Tens of thousands of years away a double has no room for milliseconds beside the seconds.
  const whole = Math.floor(seconds);
  const milliseconds = Number(BigInt(ms) - BigInt(whole) * 1000n);
  writeHead(out, TAG, TAG_TIME);
  writeHead(out, MAP, 2);
  writeNumber(out, TIME_SECONDS);
  writeNumber(out, whole);
  writeNumber(out, TIME_MILLISECONDS);
  writeNumber(out, milliseconds);
}

function writeByteString(out: Writer, value: Uint8Array): void {
  const bytes = lengthOf(value);
  writeHead(out, BYTES, bytes);
  if (bytes > out.end - out.at) throw OVERFLOW;
  out.bytes.set(value, out.at);
  out.at += bytes;
}

function writeText(out: Writer, text: string): void {
  const at = out.at;
  const chars = text.length;
  if (chars < 24 && at + 1 + chars <= out.end && writeAscii(out, text, at + 1)) {
    out.view.setUint8(at, (TEXT << 5) | chars);
    out.at = at + 1 + chars;
    return;
  }
  if (!isWellFormed(text)) {
    writeHead(out, TAG, TAG_WTF8);
    writeByteString(out, wtf8(text));
    return;
  }
  const bytes = utf8Length(text);
  writeHead(out, TEXT, bytes);
  writeUtf8(out, text, bytes);
}

/** UTF-8 that gives lone surrogates the three bytes that their number would take. */
function wtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else {
      bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    }
  }
  return Uint8Array.from(bytes);
}
