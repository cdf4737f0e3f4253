import { crc32 } from 'node:zlib';
import { StoreError } from '../base/errors.ts';

/**
 * A message of a slot's log. Little-endian; numbers in lists and records are LEB128.
 *
 *   byte 0   FORM     1
 *   byte 1   FLAGS    1: the last piece of its write
 *   byte 4   CRC      of everything behind it, CRC-32
 *   byte 8   EPOCH    float64: the claim that it was written under
 *   byte 16  WRITER   float64: who wrote it, drawn anew with every opening of the store
 *   byte 24  NUMBER   float64: of the write, counted by its writer
 *   byte 32  BASE     float64: the message that the write came after, and so the etag of what is new in it
 *   byte 40  LENGTH   uint32 of the lists
 *   byte 44  lists: LIVE, PIECES, DEAD; then a piece of the records
 */
const FORM = 0;
const FLAGS = 1;
const CRC = 4;
const EPOCH = 8;
const WRITER = 16;
const NUMBER = 24;
const BASE = 32;
const LENGTH = 40;
const LISTS = 44;

const FORM_NOW = 1;
const LAST_PIECE = 1;

/** The sequence numbers of the messages that one write is made of, nearly always one. */
export type Group = readonly number[];

export interface SlotMessage {
  readonly isLast: boolean;
  readonly epoch: number;
  readonly writer: number;
  readonly number: number;
  readonly base: number;
  /** What held records before this write, in the order of writing. */
  readonly live: readonly Group[];
  /** The pieces of this write before this one. */
  readonly pieces: Group;
  /** What holds nothing any more and may still have to be removed. */
  readonly dead: readonly number[];
  readonly records: Uint8Array;
}

/** A record in a log; without bytes it says that there is none. */
export interface LogRecord {
  readonly key: string;
  readonly etag: number;
  readonly epoch: number;
  readonly bytes: Uint8Array | undefined;
}

/** Where a record is in the records of its write. */
export interface LogEntry {
  readonly key: string;
  readonly etag: number;
  readonly epoch: number;
  /** -1: there is none. */
  readonly at: number;
  readonly length: number;
}

/** At most so many bytes are in front of the records. */
export function headBytes(live: readonly Group[], dead: readonly number[], pieces: number): number {
  const numbers = live.reduce((sum, group) => sum + group.length, 0) + pieces + dead.length;
  return LISTS + (numbers + 3) * NUMBER_BYTES_MAX;
}

export function encodeMessage(message: SlotMessage): Uint8Array {
  const { live, pieces, dead, records } = message;
  const bytes = Buffer.allocUnsafe(headBytes(live, dead, pieces.length) + records.length);
  bytes.fill(0, 0, EPOCH);
  bytes[FORM] = FORM_NOW;
  bytes[FLAGS] = message.isLast ? LAST_PIECE : 0;
  bytes.writeDoubleLE(message.epoch, EPOCH);
  bytes.writeDoubleLE(message.writer, WRITER);
  bytes.writeDoubleLE(message.number, NUMBER);
  bytes.writeDoubleLE(message.base, BASE);
  let at = writeNumber(bytes, live.length, LISTS);
  let before = 0;
  for (const group of live) {
    for (const [index, sequence] of group.entries()) {
      const hasMore = index + 1 < group.length ? 1 : 0;
      at = writeNumber(bytes, (sequence - before) * 2 + hasMore, at);
      before = sequence;
    }
  }
  at = writeAscending(bytes, pieces, at);
  at = writeAscending(
    bytes,
    [...dead].sort((a, b) => a - b),
    at,
  );
  bytes.writeUInt32LE(at - LISTS, LENGTH);
  bytes.set(records, at);
  const whole = bytes.subarray(0, at + records.length);
  whole.writeUInt32LE(crc32(whole.subarray(EPOCH)), CRC);
  return whole;
}

/** The records are a view. Throws StoreError (`corrupt`, `newer-version`), which names what is damaged. */
export function decodeMessage(what: string, given: Uint8Array): SlotMessage {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  if (bytes.length < LISTS) throw corrupt(what, `${bytes.length} bytes are too few`);
  if (bytes[FORM] !== FORM_NOW) {
    throw new StoreError('newer-version', `${what} has form ${bytes[FORM]}; this engine knows ${FORM_NOW}.`);
  }
  if (bytes.readUInt32LE(CRC) !== crc32(bytes.subarray(EPOCH))) throw corrupt(what, 'its checksum is wrong');
  const end = LISTS + bytes.readUInt32LE(LENGTH);
  if (end > bytes.length) throw corrupt(what, 'its lists are longer than it');
  const numbers = new Numbers(what, bytes.subarray(LISTS, end));
  const live: Group[] = [];
  let before = 0;
  for (let left = numbers.next(); left > 0; left--) {
    const group: number[] = [];
    for (let hasMore = true; hasMore; ) {
      const number = numbers.next();
      hasMore = number % 2 === 1;
      before += Math.floor(number / 2);
      group.push(before);
    }
    live.push(group);
  }
  return {
    isLast: (bytes[FLAGS]! & LAST_PIECE) !== 0,
    epoch: bytes.readDoubleLE(EPOCH),
    writer: bytes.readDoubleLE(WRITER),
    number: bytes.readDoubleLE(NUMBER),
    base: bytes.readDoubleLE(BASE),
    live,
    pieces: numbers.ascending(),
    dead: numbers.ascending(),
    records: bytes.subarray(end),
  };
}

/** Of one record among others. */
export function recordBytes(keyBytes: number, bytes: Uint8Array | undefined): number {
  return 4 * NUMBER_BYTES_MAX + keyBytes + (bytes?.length ?? 0);
}

export function encodeRecords(records: readonly LogRecord[]): Uint8Array {
  let size = 0;
  for (const { key, bytes } of records) size += recordBytes(Buffer.byteLength(key), bytes);
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { key, etag, epoch, bytes } of records) {
    at = writeNumber(out, Buffer.byteLength(key), at);
    at += out.write(key, at);
    at = writeNumber(out, etag, at);
    at = writeNumber(out, epoch, at);
    at = writeNumber(out, bytes === undefined ? 0 : bytes.length + 1, at);
    if (bytes === undefined) continue;
    out.set(bytes, at);
    at += bytes.length;
  }
  return out.subarray(0, at);
}

/** Throws StoreError (`corrupt`). */
export function readRecords(what: string, records: Uint8Array): LogEntry[] {
  const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  const numbers = new Numbers(what, bytes);
  const entries: LogEntry[] = [];
  while (!numbers.isAtEnd) {
    const key = numbers.text(numbers.next());
    const etag = numbers.next();
    const epoch = numbers.next();
    const size = numbers.next();
    if (size === 0) entries.push({ key, etag, epoch, at: -1, length: 0 });
    else entries.push({ key, etag, epoch, at: numbers.skip(size - 1), length: size - 1 });
  }
  return entries;
}

/** A safe integer takes eight bytes of seven bits. */
const NUMBER_BYTES_MAX = 8;

function writeNumber(bytes: Buffer, number: number, at: number): number {
  let left = number;
  while (left >= 0x80) {
    bytes[at++] = (left % 0x80) | 0x80;
    left = Math.floor(left / 0x80);
  }
  bytes[at++] = left;
  return at;
}

function writeAscending(bytes: Buffer, numbers: readonly number[], from: number): number {
  let at = writeNumber(bytes, numbers.length, from);
  let before = 0;
  for (const number of numbers) {
    at = writeNumber(bytes, number - before, at);
    before = number;
  }
  return at;
}

class Numbers {
  private readonly what: string;
  private readonly bytes: Buffer;
  private at = 0;

  constructor(what: string, bytes: Buffer) {
    this.what = what;
    this.bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  next(): number {
    let number = 0;
    let unit = 1;
    for (let length = 0; length < NUMBER_BYTES_MAX && this.at < this.bytes.length; length++) {
      const byte = this.bytes[this.at++]!;
      number += (byte & 0x7f) * unit;
      if (byte < 0x80) return number;
      unit *= 0x80;
    }
    throw corrupt(this.what, 'a number in it has no end');
  }

  ascending(): number[] {
    const numbers: number[] = [];
    let before = 0;
    for (let left = this.next(); left > 0; left--) {
      before += this.next();
      numbers.push(before);
    }
    return numbers;
  }

  text(length: number): string {
    const from = this.skip(length);
    return this.bytes.toString('utf8', from, from + length);
  }

  /** Where it began. */
  skip(length: number): number {
    const from = this.at;
    if (length > this.bytes.length - from) throw corrupt(this.what, 'it ends too early');
    this.at += length;
    return from;
  }
}

export const corrupt = (what: string, why: string): StoreError =>
  new StoreError('corrupt', `${what} is damaged: ${why}.`, { outcome: 'notExecuted' });
