/**
 * Ids keep their kind: 7, 7n and '7' are three entities. One byte says how the id is written:
 *
 *   0   a number that fits 32 bits      int32
 *   1   any other number                float64, a safe integer
 *   2   a bigint that fits 64 bits      int64
 *   3   any other bigint                byte: 1 when negative; count; magnitude, little-endian, no leading zeros
 *   4   text                            count of bytes, UTF-8
 */
import { checkEntityId, type EntityId, ID_BYTES_MAX } from '../../engine/base/entity-id.ts';
import { readNumber, writeCount } from './count.ts';
import { invalid, truncated } from './invalid.ts';
import type { Reader } from './reader.ts';
import { readUtf8, writeString } from './string.ts';
import { MISMATCH, OVERFLOW, type Writer } from './writer.ts';

const INT32 = 0;
const FLOAT64 = 1;
const INT64 = 2;
const BIGINT = 3;
const TEXT = 4;
const MAGNITUDE_BYTES_MAX = 128;

/** MISMATCH for what is not an entity id. */
export function writeEntityId(out: Writer, id: EntityId): void {
  const at = out.at;
  if (typeof id === 'number' && (id | 0) === id) {
    if (at + 5 > out.end) throw OVERFLOW;
    out.view.setUint8(at, INT32);
    out.view.setInt32(at + 1, id, true);
    out.at = at + 5;
    return;
  }
  try {
    checkEntityId(id);
  } catch {
    throw MISMATCH;
  }
  if (at + 9 > out.end && typeof id !== 'string') throw OVERFLOW;
  if (typeof id === 'number') {
    out.view.setUint8(at, FLOAT64);
    out.view.setFloat64(at + 1, id, true);
    out.at = at + 9;
  } else if (typeof id === 'string') {
    if (at >= out.end) throw OVERFLOW;
    out.view.setUint8(at, TEXT);
    out.at = at + 1;
    writeString(out, id);
  } else if (BigInt.asIntN(64, id) === id) {
    out.view.setUint8(at, INT64);
    out.view.setBigInt64(at + 1, id, true);
    out.at = at + 9;
  } else {
    out.view.setUint8(at, BIGINT);
    out.view.setUint8(at + 1, id < 0n ? 1 : 0);
    out.at = at + 2;
    writeMagnitude(out, id < 0n ? -id : id);
  }
}

function writeMagnitude(out: Writer, magnitude: bigint): void {
  const digits = magnitude.toString(16);
  const bytes = (digits.length + 1) >> 1;
  writeCount(out, bytes);
  if (bytes > out.end - out.at) throw OVERFLOW;
  const hex = digits.padStart(bytes * 2, '0');
  for (let i = 0; i < bytes; i++) {
    const from = (bytes - 1 - i) * 2;
    out.view.setUint8(out.at + i, Number.parseInt(hex.slice(from, from + 2), 16));
  }
  out.at += bytes;
}

export function readEntityId(input: Reader): EntityId {
  const at = input.at;
  if (at >= input.end) throw truncated();
  switch (input.view.getUint8(at)) {
    case INT32:
      if (at + 5 > input.end) throw truncated();
      input.at = at + 5;
      return input.view.getInt32(at + 1, true);
    case FLOAT64: {
      if (at + 9 > input.end) throw truncated();
      input.at = at + 9;
      const id = input.view.getFloat64(at + 1, true);
      if (!Number.isSafeInteger(id)) throw invalid('an entity id is not a safe integer');
      return id;
    }
    case INT64:
      if (at + 9 > input.end) throw truncated();
      input.at = at + 9;
      return input.view.getBigInt64(at + 1, true);
    case BIGINT:
      input.at = at + 1;
      return readBigint(input);
    case TEXT:
      input.at = at + 1;
      return readText(input);
    default:
      throw invalid('an entity id is of no known kind');
  }
}

function readBigint(input: Reader): bigint {
  if (input.at >= input.end) throw truncated();
  const sign = input.view.getUint8(input.at++);
  const bytes = readNumber(input);
  if (bytes > input.end - input.at) throw truncated();
  if (sign > 1 || bytes > MAGNITUDE_BYTES_MAX || bytes === 0) throw invalid('an entity id is out of bounds');
  let hex = '0x';
  for (let i = bytes - 1; i >= 0; i--) {
    hex += input.view
      .getUint8(input.at + i)
      .toString(16)
      .padStart(2, '0');
  }
  input.at += bytes;
  const magnitude = BigInt(hex);
  return sign === 1 ? -magnitude : magnitude;
}

function readText(input: Reader): string {
  const header = readNumber(input);
  const bytes = header >>> 1;
  const at = input.at;
  if (bytes > input.end - at) throw truncated();
  if ((header & 1) === 1 || bytes > ID_BYTES_MAX) throw invalid('an entity id is not text of at most 256 bytes');
  input.at = at + bytes;
  return readUtf8(input, at, bytes);
}
