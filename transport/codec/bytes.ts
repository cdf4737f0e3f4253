import { passes } from './collection.ts';
import { readCount, writeCount } from './count.ts';
import type { Reader } from './reader.ts';
import { MISMATCH, OVERFLOW, type Writer } from './writer.ts';

const length = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), 'length')!.get!;

/** MISMATCH for anything else. Asks the array itself, not a property that could stand in front of it. */
export function lengthOf(value: unknown): number {
  if (!ArrayBuffer.isView(value) || !(value instanceof Uint8Array)) throw MISMATCH;
  return length.call(value);
}

export function isBytes(value: unknown): value is Uint8Array {
  return passes(lengthOf, value);
}

/** A count, then the bytes. */
export function writeBytes(out: Writer, value: unknown): void {
  const bytes = lengthOf(value);
  writeCount(out, bytes);
  if (bytes > out.end - out.at) throw OVERFLOW;
  out.bytes.set(value as Uint8Array, out.at);
  out.at += bytes;
}

/** A fresh plain Uint8Array, never a Buffer and never a view of the message. */
export function readBytes(input: Reader): Uint8Array<ArrayBuffer> {
  const bytes = readCount(input, 1);
  const copy = new Uint8Array(bytes);
  copy.set(input.bytes.subarray(input.at, input.at + bytes));
  input.at += bytes;
  return copy;
}
