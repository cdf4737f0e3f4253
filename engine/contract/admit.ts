import { isBytes } from '../../transport/codec/bytes.ts';
import { isDate, isMap, isPlain, isSet, put } from '../../transport/codec/collection.ts';
import { InvalidMessageError } from '../base/errors.ts';
import { BIGINT_RANGES, exceedsFloat32, NUMBER_RANGES } from './integer-range.ts';
import { addressedId } from './reference.ts';
import { show, showKey } from './show.ts';
import { DEPTH_MAX, type Member, type WireType, type WireTypes } from './wire-type.ts';

export interface AdmitOptions {
  /** Lets clients name entities where proxies belong. Off: an entity that a client names is called with the rights of a server. */
  proxies?: boolean;
}

/**
 * A value from a client, whose format knows no wire types, as its operation takes it: whole numbers and bigints become what the type says
 * when that is exact, `null` stands for an absent optional member, members that the type does not know are dropped. Answers with a value of its
 * own that generated code accepts; `value` stays as it is. Throws InvalidMessageError for everything else: wrong kinds and ranges, and NaN,
 * infinities and -0, which only servers may send.
 */
export function admit(
  types: WireTypes,
  type: WireType,
  value: unknown,
  path: string,
  options: AdmitOptions = {},
): unknown {
  return new Admission(types, options).visit(type, value, path, 1);
}

class Admission {
  readonly #types: WireTypes;
  readonly #options: AdmitOptions;

  constructor(types: WireTypes, options: AdmitOptions) {
    this.#types = types;
    this.#options = options;
  }

  /** `depth` counts recursive types as generated code does. */
  visit(type: WireType, value: any, path: string, depth: number): unknown {
    const range = NUMBER_RANGES[type.kind];
    if (range) return wholeNumber(type.kind, range, value, path);
    switch (type.kind) {
      case 'int64':
      case 'uint64':
        return wholeBigint(type.kind, value, path);
      case 'float32':
      case 'float64': {
        const number = plainNumber(asNumber(value, path), path);
        if (type.kind === 'float32' && exceedsFloat32(number)) throw refused(path, value, 'a number that fits float32');
        return number;
      }
      case 'string':
      case 'boolean':
        if (typeof value !== type.kind) throw refused(path, value, `a ${type.kind}`);
        return value;
      case 'null':
        if (value !== null) throw refused(path, value, 'null');
        return null;
      case 'bytes':
        if (!isBytes(value)) throw refused(path, value, 'bytes');
        return value;
      case 'date':
        return plainDate(value, path);
      case 'nullable':
        return value === null ? null : this.visit(type.of, value, path, depth);
      case 'literals':
        return literal(type.values, value, path);
      case 'proxy':
        if (this.#options.proxies && addressedId(value, type.contract) !== undefined) return value;
        throw refused(path, value, 'an entity, which clients cannot name');
      case 'unknown':
        return plainUnknown(value, path, 0);
      case 'array':
        return Array.from(list(value, path), (item, i) => this.visit(type.of, item, `${path}[${i}]`, depth));
      case 'tuple':
        if (list(value, path).length !== type.items.length)
          throw refused(path, value, `an array of ${type.items.length}`);
        return type.items.map((item, i) => this.visit(item, value[i], `${path}[${i}]`, depth));
      case 'set':
        return this.#set(type.of, value, path, depth);
      case 'map':
        return this.#map(type.key, type.value, value, path, depth);
      case 'record':
        return this.#record(type.of, value, path, depth);
      case 'struct':
        return this.#struct(type.members, value, path, depth);
      case 'union': {
        const tag = object(value, path)[type.tag];
        const variant = type.variants.find((candidate) => sameLiteral(candidate.value, tag));
        if (!variant) throw refused(path + showKey(type.tag), tag, 'one of the known variants');
        return this.#variant(variant.type, value, path, depth);
      }
      case 'named': {
        const deeper = type.recursive ? depth + 1 : 1;
        if (deeper > DEPTH_MAX) throw tooDeep(path);
        return this.visit(this.#types[type.name]!, value, path, deeper);
      }
    }
    throw refused(path, value, 'of a known kind');
  }

  /** The same value as that of the union: no level deeper. */
  #variant(type: WireType, value: unknown, path: string, depth: number): unknown {
    if (type.kind !== 'named') return this.visit(type, value, path, depth);
    return this.visit(this.#types[type.name]!, value, path, type.recursive ? depth : 1);
  }

  #set(of: WireType, value: unknown, path: string, depth: number): Set<unknown> {
    if (!isSet(value) && !Array.isArray(value)) throw refused(path, value, 'a set');
    const items = [...value].map((item) => this.visit(of, item, `${path}: element ${show(item)}`, depth));
    const set = new Set(items);
    // Two spellings of one number are one element.
    if (set.size !== items.length) throw refused(path, value, 'a set with each element once');
    return set;
  }

  /** A record will do where the keys are text: other languages have no better. */
  #map(key: WireType, of: WireType, value: unknown, path: string, depth: number): Map<unknown, unknown> {
    if (!isMap(value) && !isPlain(value)) throw refused(path, value, 'a map');
    const entries: [unknown, unknown][] = isMap(value) ? [...value] : Object.entries(value);
    const map = new Map<unknown, unknown>();
    for (const [name, item] of entries) {
      map.set(
        this.visit(key, name, `${path}: key ${show(name)}`, depth),
        this.visit(of, item, `${path}.get(${show(name)})`, depth),
      );
    }
    if (map.size !== entries.length) throw refused(path, value, 'a map with each key once');
    return map;
  }

  #record(of: WireType, value: unknown, path: string, depth: number): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(object(value, path))) {
      put(record, name, this.visit(of, item, path + showKey(name), depth));
    }
    return record;
  }

  #struct(members: readonly Member[], value: unknown, path: string, depth: number): Record<string, unknown> {
    const given = object(value, path);
    const struct: Record<string, unknown> = {};
    for (const { name, type, optional } of members) {
      const member = Object.hasOwn(given, name) ? given[name] : undefined;
      if (optional && (member === undefined || (member === null && !this.#takesNull(type)))) continue;
      const at = path + showKey(name);
      if (member === undefined && type.kind !== 'unknown')
        throw new InvalidMessageError('invalid', `${at} is missing.`);
      put(struct, name, this.visit(type, member, at, depth));
    }
    return struct;
  }

  #takesNull(type: WireType): boolean {
    if (type.kind === 'named') return this.#takesNull(this.#types[type.name]!);
    return type.kind === 'nullable' || type.kind === 'null' || type.kind === 'unknown';
  }
}

function asNumber(value: unknown, path: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint' && BigInt(Number(value)) === value) return Number(value);
  throw refused(path, value, 'a number');
}

function plainNumber(value: number, path: string): number {
  if (!Number.isFinite(value) || Object.is(value, -0)) throw refused(path, value, 'a finite number, and not -0');
  return value;
}

function wholeNumber(kind: string, [least, greatest]: readonly [number, number], value: unknown, path: string): number {
  const number = plainNumber(asNumber(value, path), path);
  if (Number.isInteger(number) && number >= least && number <= greatest) return number;
  throw refused(path, value, `a whole number that fits ${kind}`);
}

function wholeBigint(kind: string, value: unknown, path: string): bigint {
  const [least, greatest] = BIGINT_RANGES[kind]!;
  const bigint =
    typeof value === 'number' && Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
  if (typeof bigint === 'bigint' && bigint >= least && bigint <= greatest) return bigint;
  throw refused(path, value, `a whole number that fits ${kind}`);
}

function plainDate(value: unknown, path: string): Date {
  if (isDate(value) && !Number.isNaN(value.getTime())) return value;
  throw refused(path, value, 'a date');
}

function sameLiteral(wanted: string | number | boolean, value: unknown): boolean {
  if (wanted === value) return !Object.is(value, -0);
  return (
    typeof wanted === 'number' &&
    typeof value === 'bigint' &&
    BigInt(Math.trunc(wanted)) === value &&
    Number.isInteger(wanted)
  );
}

function literal(
  values: readonly (string | number | boolean)[],
  value: unknown,
  path: string,
): string | number | boolean {
  const found = values.find((wanted) => sameLiteral(wanted, value));
  if (found === undefined) throw refused(path, value, 'one of the known values');
  return found;
}

function list(value: unknown, path: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw refused(path, value, 'an array');
}

function object(value: unknown, path: string): Record<string, unknown> {
  if (!isPlain(value)) throw refused(path, value, 'an object');
  if (Object.hasOwn(value, '__proto__')) throw new InvalidMessageError('invalid', `${path} has the key __proto__.`);
  return value;
}

/** Data that no type describes keeps its kinds, and only such as carry no code. */
function plainUnknown(value: unknown, path: string, depth: number): unknown {
  switch (typeof value) {
    case 'number':
      return plainNumber(value, path);
    case 'string':
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
      return wholeBigint(value < 0n ? 'int64' : 'uint64', value, path);
    case 'object':
      return value === null ? null : plainObject(value, path, depth);
    default:
      throw refused(path, value, 'plain data');
  }
}

function plainObject(value: object, path: string, depth: number): unknown {
  if (isBytes(value)) return value;
  if (isDate(value)) return plainDate(value, path);
  if (depth >= DEPTH_MAX) throw tooDeep(path);
  const inner = (item: unknown, at: string): unknown => plainUnknown(item, at, depth + 1);
  if (Array.isArray(value)) return Array.from(value, (item, i) => inner(item, `${path}[${i}]`));
  if (isSet(value)) return new Set([...value].map((item) => inner(item, `${path}: element`)));
  if (isMap(value)) {
    return new Map(
      [...value].map(([key, item]) => [inner(key, `${path}: key`), inner(item, `${path}.get(${show(key)})`)]),
    );
  }
  const record: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(object(value, path))) put(record, key, inner(item, path + showKey(key)));
  return record;
}

function refused(path: string, value: unknown, wanted: string): InvalidMessageError {
  return new InvalidMessageError('invalid', `${path} is ${show(value)}; it must be ${wanted}.`);
}

function tooDeep(path: string): InvalidMessageError {
  return new InvalidMessageError('invalid', `${path} nests deeper than ${DEPTH_MAX} levels.`);
}
