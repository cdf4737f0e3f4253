/**
 * Every JavaScript string, without loss: a count of `bytes * 2 + form`, then the bytes.
 *
 *   form 0   UTF-8
 *   form 1   UTF-16 little-endian, for text with a lone surrogate, which UTF-8 cannot carry
 *
 * The memory may be shared, which TextEncoder and TextDecoder refuse; Buffer's own methods take it.
 */
import { Buffer, isUtf8 } from 'node:buffer';
import { readNumber, writeCount } from './count.ts';
import { invalid, truncated } from './invalid.ts';
import type { Reader } from './reader.ts';
import { MEMO_BYTES_MAX, TextMemo } from './text-memo.ts';
import { MISMATCH, OVERFLOW, type Writer } from './writer.ts';

interface NativeText {
  utf8Write(this: Uint8Array, text: string, at: number, bytes: number): number;
  ucs2Write(this: Uint8Array, text: string, at: number, bytes: number): number;
  utf8Slice(this: Uint8Array, from: number, to: number): string;
  ucs2Slice(this: Uint8Array, from: number, to: number): string;
}

const native = Buffer.prototype as unknown as NativeText;
const { utf8Write, ucs2Write, utf8Slice, ucs2Slice } = native;

/** Up to here writing in a loop is faster than the way into native code. */
const WRITE_CHARS_MAX = 24;

/** One for the thread. Not state that two nodes could notice: what it answers with is what the bytes say, whoever asked before. */
const memo = new TextMemo();

export function writeString(out: Writer, text: unknown): void {
  if (typeof text !== 'string') throw MISMATCH;
  const chars = text.length;
  const at = out.at;
  if (chars <= WRITE_CHARS_MAX && at + 1 + chars <= out.end && writeAscii(out, text, at + 1)) {
    out.view.setUint8(at, chars * 2);
    out.at = at + 1 + chars;
  } else writeLongString(out, text);
}

/** False when the text is not ASCII; then what stands at `at` means nothing. There has to be room for it. Leaves `out.at` alone. */
export function writeAscii({ view }: Writer, text: string, at: number): boolean {
  const chars = text.length;
  let all = 0;
  let i = 0;
  for (; i + 3 < chars; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    all |= a | b | c | d;
    view.setInt32(at + i, a | (b << 8) | (c << 16) | (d << 24), true);
  }
  for (; i < chars; i++) {
    const code = text.charCodeAt(i);
    all |= code;
    view.setUint8(at + i, code);
  }
  return all < 0x80;
}

function writeLongString(out: Writer, text: string): void {
  if (!isWellFormed(text)) {
    const bytes = text.length * 2;
    writeCount(out, bytes * 2 + 1);
    if (bytes > out.end - out.at) throw OVERFLOW;
    ucs2Write.call(out.bytes, text, out.at, bytes);
    out.at += bytes;
    return;
  }
  const bytes = utf8Length(text);
  writeCount(out, bytes * 2);
  writeUtf8(out, text, bytes);
}

/** No lone surrogate. Every Node that runs this has the method; the library of the language level does not. */
export function isWellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

export function utf8Length(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

/** Well-formed text whose `utf8Length` is `bytes`. */
export function writeUtf8(out: Writer, text: string, bytes: number): void {
  if (bytes > out.end - out.at) throw OVERFLOW;
  utf8Write.call(out.bytes, text, out.at, bytes);
  out.at += bytes;
}

export function readString(input: Reader): string {
  const header = readNumber(input);
  const bytes = header >>> 1;
  const at = input.at;
  if (bytes > input.end - at) throw truncated();
  input.at = at + bytes;
  if ((header & 1) === 1) {
    if ((bytes & 1) === 1) throw invalid('text in UTF-16 has an odd number of bytes');
    return ucs2Slice.call(input.bytes, at, at + bytes);
  }
  return readUtf8(input, at, bytes);
}

/** Text of `bytes` bytes at `at`, which the caller found to be there. InvalidMessageError when it is not UTF-8. */
export function readUtf8(input: Reader, at: number, bytes: number): string {
  if (bytes > MEMO_BYTES_MAX) return readLongUtf8(input, at, bytes);
  return memo.read(input, at, bytes) ?? readLongUtf8(input, at, bytes);
}

function readLongUtf8(input: Reader, at: number, bytes: number): string {
  const text = utf8Slice.call(input.bytes, at, at + bytes);
  // The native decoder puts U+FFFD in place of what is not UTF-8. Text that has one on its own is rare, so looking twice is cheap.
  if (!text.includes('\ufffd')) return text;
  // Copied before it is judged: shared memory could change between the look and the read.
  const copy = Buffer.alloc(bytes);
  copy.set(input.bytes.subarray(at, at + bytes));
  if (!isUtf8(copy)) throw invalid('text is not UTF-8');
  return copy.toString('utf8');
}
