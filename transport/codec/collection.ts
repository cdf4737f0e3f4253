/** Looks at collections through their own intrinsics: a class or property that pretends to be one is a MISMATCH, not a surprise. */
import { invalid } from './invalid.ts';
import { MISMATCH } from './writer.ts';

const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, 'size')!.get!;
const mapEntries = Map.prototype.entries;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, 'size')!.get!;
const setValues = Set.prototype.values;
const dateTime = Date.prototype.getTime;
const TIME_MS_MAX = 8.64e15;

export function sizeOfMap(value: unknown): number {
  if (!(value instanceof Map)) throw MISMATCH;
  try {
    return mapSize.call(value);
  } catch {
    throw MISMATCH;
  }
}

export function entriesOf(map: Map<unknown, unknown>): IterableIterator<[unknown, unknown]> {
  return mapEntries.call(map);
}

export function sizeOfSet(value: unknown): number {
  if (!(value instanceof Set)) throw MISMATCH;
  try {
    return setSize.call(value);
  } catch {
    throw MISMATCH;
  }
}

export function valuesOf(set: Set<unknown>): IterableIterator<unknown> {
  return setValues.call(set);
}

/** Milliseconds since 1970, NaN for an invalid date. */
export function timeOf(value: unknown): number {
  if (!(value instanceof Date)) throw MISMATCH;
  try {
    return dateTime.call(value);
  } catch {
    throw MISMATCH;
  }
}

export function dateOf(ms: number): Date {
  if (Number.isNaN(ms) || (Number.isInteger(ms) && Math.abs(ms) <= TIME_MS_MAX)) return new Date(ms);
  throw invalid('a date is out of bounds');
}

/** An object literal or one without a prototype, of whatever realm; not an array, a Map or an instance of a class. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || isForeignObjectPrototype(prototype);
}

function isForeignObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}

/** The keys that travel. A key `__proto__` is refused here, so that it never meets a decoder. */
export function keysOf(value: unknown): string[] {
  if (!isPlain(value)) throw MISMATCH;
  const keys = Object.keys(value);
  if (Object.hasOwn(value, '__proto__')) throw MISMATCH;
  return keys;
}

/** Own property of a decoded record. A name that ordinary objects inherit is defined, not assigned; twice the same is invalid. */
export function put(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') throw invalid('a record has the key __proto__');
  if (!(key in record)) record[key] = value;
  else if (Object.hasOwn(record, key)) throw invalid('a record has a key twice');
  else Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true });
}

export function isMap(value: unknown): value is Map<unknown, unknown> {
  return passes(sizeOfMap, value);
}

export function isSet(value: unknown): value is Set<unknown> {
  return passes(sizeOfSet, value);
}

export function isDate(value: unknown): value is Date {
  return passes(timeOf, value);
}

/** Does not throw for this value. */
export function passes(look: (value: unknown) => unknown, value: unknown): boolean {
  try {
    look(value);
    return true;
  } catch {
    return false;
  }
}
