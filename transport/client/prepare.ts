/**
 * What goes out is looked over first: the encoder would follow a cycle until the stack ends, cut large bigints to 64 bits and turn −0 into
 * 0, all without a word.
 */
import { LargeInteger, onWire, UNDEFINED } from './extensions.ts';

export interface PrepareRules {
  /** Deepest nesting; a plain value has depth 0. */
  depthMax: number;
  /** Refuse NaN, infinities and −0, as the server would. */
  finite: boolean;
  /** Is this object the proxy of an entity? It travels as its address and is not looked into. */
  isReference(value: object): boolean;
}

/**
 * The same value, copied only where something has to change form. Throws TypeError for what has no form on the wire and RangeError for
 * numbers that `rules` refuse; the message starts with `name` and says where, as in 'Hero.move(): [0].x is -0 …'.
 */
export function prepare(value: unknown, rules: PrepareRules, name: string): unknown {
  try {
    return prepared(value, rules, 0);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    const text = `${name}: ${error.path === '' ? 'the value' : error.path} ${error.reason}.`;
    throw error.range ? new RangeError(text) : new TypeError(text);
  }
}

/** Collects the path on its way up, so that the way down costs nothing. */
class Unfit extends Error {
  readonly reason: string;
  readonly range: boolean;
  path = '';
  constructor(reason: string, range = false) {
    super(reason);
    this.reason = reason;
    this.range = range;
  }
}

function at(error: unknown, step: string): unknown {
  if (error instanceof Unfit) error.path = step + error.path;
  return error;
}

function prepared(value: unknown, rules: PrepareRules, depth: number): unknown {
  switch (typeof value) {
    case 'number':
      if (rules.finite && (!Number.isFinite(value) || Object.is(value, -0))) {
        throw new Unfit(`is ${Object.is(value, -0) ? '-0' : value}, which clients do not send`, true);
      }
      return value;
    case 'string':
      if (!isWellFormed(value)) throw new Unfit('has a lone surrogate: it is not well-formed text');
      return value;
    case 'boolean':
      return value;
    case 'bigint':
      return onWire(value);
    case 'undefined':
      return UNDEFINED;
    case 'object':
      return value === null ? value : preparedObject(value, rules, depth);
    default:
      throw new Unfit(`is a ${typeof value}, which does not travel`);
  }
}

function preparedObject(value: object, rules: PrepareRules, depth: number): object {
  if (value instanceof Uint8Array || value instanceof LargeInteger || value === UNDEFINED) return value;
  if (depth >= rules.depthMax) throw new Unfit(`is nested deeper than ${rules.depthMax}, or in a cycle`);
  if (Array.isArray(value)) return preparedArray(value, rules, depth + 1);
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new Unfit('is an invalid date', true);
    return value;
  }
  if (value instanceof Map) return preparedMap(value, rules, depth + 1);
  if (value instanceof Set) return new Set(preparedArray([...value], rules, depth + 1));
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    throw new Unfit(`is ${value.constructor.name}; bytes travel as Uint8Array`);
  }
  if (rules.isReference(value)) return value;
  return preparedRecord(value as Record<string, unknown>, rules, depth + 1);
}

function preparedArray(array: unknown[], rules: PrepareRules, depth: number): unknown[] {
  let copy: unknown[] | undefined;
  let index = 0;
  try {
    // By index: holes count as undefined.
    for (; index < array.length; index++) {
      const item = prepared(array[index], rules, depth);
      if (item !== array[index] && copy === undefined) copy = array.slice(0, index);
      if (copy !== undefined) copy[index] = item;
    }
  } catch (error) {
    throw at(error, `[${index}]`);
  }
  return copy ?? array;
}

function preparedMap(map: Map<unknown, unknown>, rules: PrepareRules, depth: number): Map<unknown, unknown> {
  const copy = new Map();
  try {
    for (const [key, value] of map) copy.set(prepared(key, rules, depth), prepared(value, rules, depth));
  } catch (error) {
    throw at(error, '<entry>');
  }
  return copy;
}

function preparedRecord(record: Record<string, unknown>, rules: PrepareRules, depth: number): object {
  let copy: Record<string, unknown> | undefined;
  let key = '';
  try {
    for (key of Object.keys(record)) {
      const value = record[key];
      if (key === '__proto__') throw new Unfit('is not a name that travels');
      if (!isWellFormed(key)) throw new Unfit('is not well-formed text');
      // Absent members stay absent.
      if (value === undefined) continue;
      const member = prepared(value, rules, depth);
      if (member !== value) {
        copy ??= { ...record };
        copy[key] = member;
      }
    }
  } catch (error) {
    throw at(error, `.${key}`);
  }
  return copy ?? record;
}

// Newer than the language level that this is compiled for; every Node.js in use has it, old browsers do not.
const native = (String.prototype as { isWellFormed?: () => boolean }).isWellFormed;
const isWellFormed = (text: string): boolean =>
  native === undefined ? !/\p{Surrogate}/u.test(text) : native.call(text);
