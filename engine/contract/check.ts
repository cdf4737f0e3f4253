import { isBytes } from '../../transport/codec/bytes.ts';
import { BIGINT_BYTES_MAX } from '../../transport/codec/cbor-write.ts';
import { entriesOf, isDate, isMap, isPlain, isSet, valuesOf } from '../../transport/codec/collection.ts';
import { BIGINT_RANGES, exceedsFloat32, NUMBER_RANGES } from './integer-range.ts';
import { addressedId } from './reference.ts';
import { show, showKey } from './show.ts';
import { DEPTH_MAX, type Member, type WireType, type WireTypes } from './wire-type.ts';

export { admit } from './admit.ts';

type Problem = TypeError | RangeError;

/**
 * Finds the words for what generated code refused with MISMATCH: a TypeError for a value of the wrong kind, a RangeError for one of the
 * right kind that the wire type cannot hold. `path` stands in front ('Chat.say: text'). Undefined when there is nothing to refuse; generated
 * code and this walk refuse the same values.
 */
export function explain(types: WireTypes, type: WireType, value: unknown, path: string): Problem | undefined {
  return new Walk(types).visit(type, value, path, 1);
}

/** One look at one value; stops at the first problem. */
class Walk {
  readonly #types: WireTypes;
  /** The objects around one that is `unknown`: a cycle is called one. */
  readonly #around: object[] = [];

  constructor(types: WireTypes) {
    this.#types = types;
  }

  /** `depth` counts recursive types as generated code does. */
  visit(type: WireType, value: unknown, path: string, depth: number): Problem | undefined {
    const range = NUMBER_RANGES[type.kind] ?? BIGINT_RANGES[type.kind];
    if (range) return integer(type.kind, range, value, path);
    switch (type.kind) {
      case 'float32':
        if (typeof value !== 'number') return wrongKind(path, value, 'a number');
        return exceedsFloat32(value)
          ? new RangeError(`${path} is ${value}, which is too large for float32.`)
          : undefined;
      case 'float64':
        return typeof value === 'number' ? undefined : wrongKind(path, value, 'a number');
      case 'string':
        return typeof value === 'string' ? undefined : wrongKind(path, value, 'a string');
      case 'boolean':
        return typeof value === 'boolean' ? undefined : wrongKind(path, value, 'true or false');
      case 'null':
        return value === null ? undefined : wrongKind(path, value, 'null');
      case 'bytes':
        return isBytes(value) ? undefined : wrongKind(path, value, 'a Uint8Array');
      case 'date':
        return isDate(value) ? undefined : wrongKind(path, value, 'a Date');
      case 'nullable':
        return value === null ? undefined : this.visit(type.of, value, path, depth);
      case 'literals':
        if (type.values.includes(value as string)) return undefined;
        return wrongKind(path, value, oneOf(type.values));
      case 'proxy':
        return reference(type.contract, value, path);
      case 'unknown':
        return this.#unknown(value, path, 0);
      case 'named':
        return this.#named(type, value, path, depth);
      default:
        return this.#composite(type, value, path, depth);
    }
  }

  #named(type: WireType & { kind: 'named' }, value: unknown, path: string, depth: number): Problem | undefined {
    const deeper = type.recursive ? depth + 1 : 1;
    if (deeper > DEPTH_MAX) return tooDeep(path);
    return this.visit(this.#types[type.name]!, value, path, deeper);
  }

  #composite(type: WireType, value: any, path: string, depth: number): Problem | undefined {
    switch (type.kind) {
      case 'array':
        if (!Array.isArray(value)) return wrongKind(path, value, 'an array');
        return first(value.keys(), (i) => this.visit(type.of, value[i], `${path}[${i}]`, depth));
      case 'tuple':
        if (!Array.isArray(value)) return wrongKind(path, value, `an array of ${type.items.length}`);
        if (value.length !== type.items.length) return wrongKind(path, value, `an array of ${type.items.length}`);
        return first(value.keys(), (i) => this.visit(type.items[i]!, value[i], `${path}[${i}]`, depth));
      case 'map':
        if (!isMap(value)) return wrongKind(path, value, 'a Map');
        return first(entriesOf(value), ([key, item]) => {
          const at = `${path}.get(${show(key)})`;
          return (
            this.visit(type.key, key, `${path}: key ${show(key)}`, depth) ?? this.visit(type.value, item, at, depth)
          );
        });
      case 'set':
        if (!isSet(value)) return wrongKind(path, value, 'a Set');
        return first(valuesOf(value), (item) => this.visit(type.of, item, `${path}: element ${show(item)}`, depth));
      case 'record':
        return (
          plain(value, path) ??
          first(Object.keys(value), (key) => this.visit(type.of, value[key], path + showKey(key), depth))
        );
      case 'struct':
        return this.#struct(type.members, value, path, depth);
      case 'union': {
        if (typeof value !== 'object' || value === null) return wrongKind(path, value, 'an object');
        const tag = value[type.tag];
        const variant = type.variants.find((candidate) => candidate.value === tag);
        if (variant) return this.#variant(variant.type, value, path, depth);
        return wrongKind(path + showKey(type.tag), tag, oneOf(type.variants.map((candidate) => candidate.value)));
      }
    }
    return undefined;
  }

  /** The same value as that of the union: no level deeper. */
  #variant(type: WireType, value: unknown, path: string, depth: number): Problem | undefined {
    if (type.kind !== 'named') return this.visit(type, value, path, depth);
    return this.visit(this.#types[type.name]!, value, path, type.recursive ? depth : 1);
  }

  #struct(members: readonly Member[], value: any, path: string, depth: number): Problem | undefined {
    if (typeof value !== 'object' || value === null) return wrongKind(path, value, 'an object');
    return first(members, ({ name, type, optional }) => {
      // Every object has a constructor; only its own one is a member.
      const member = name in Object.prototype && !Object.hasOwn(value, name) ? undefined : value[name];
      if (member === undefined && optional) return undefined;
      const problem = this.visit(type, member, path + showKey(name), depth);
      if (problem && member === undefined) return new TypeError(`${path + showKey(name)} is missing.`);
      return problem;
    });
  }

  /** As `writeUnknown` refuses. `depth` is that of the surroundings. */
  #unknown(value: any, path: string, depth: number): Problem | undefined {
    if (typeof value === 'function' || typeof value === 'symbol') {
      return new TypeError(`${path} is ${show(value)}, which does not travel.`);
    }
    if (typeof value === 'bigint' && value.toString(16).length > BIGINT_BYTES_MAX * 2) {
      return new RangeError(`${path} is a bigint of more than ${BIGINT_BYTES_MAX} bytes.`);
    }
    if (typeof value !== 'object' || value === null) return undefined;
    if (value instanceof Date) return isDate(value) ? undefined : wrongKind(path, value, 'a Date');
    if (value instanceof Uint8Array) return isBytes(value) ? undefined : wrongKind(path, value, 'a Uint8Array');
    if (this.#around.includes(value)) return new TypeError(`${path} contains itself, which does not travel.`);
    if (depth >= DEPTH_MAX) return tooDeep(path);
    this.#around.push(value);
    const problem = this.#unknownInside(value, path, depth + 1);
    this.#around.pop();
    return problem;
  }

  #unknownInside(value: any, path: string, depth: number): Problem | undefined {
    if (Array.isArray(value)) return first(value.keys(), (i) => this.#unknown(value[i], `${path}[${i}]`, depth));
    if (value instanceof Map) {
      if (!isMap(value)) return wrongKind(path, value, 'a Map');
      return first(entriesOf(value), ([key, item]) => {
        const at = `${path}.get(${show(key)})`;
        return this.#unknown(key, `${path}: key ${show(key)}`, depth) ?? this.#unknown(item, at, depth);
      });
    }
    if (value instanceof Set) {
      if (!isSet(value)) return wrongKind(path, value, 'a Set');
      return first(valuesOf(value), (item) => this.#unknown(item, `${path}: element ${show(item)}`, depth));
    }
    return (
      plain(value, path) ?? first(Object.keys(value), (key) => this.#unknown(value[key], path + showKey(key), depth))
    );
  }
}

function first<T>(items: Iterable<T>, look: (item: T) => Problem | undefined): Problem | undefined {
  for (const item of items) {
    const problem = look(item);
    if (problem) return problem;
  }
  return undefined;
}

function integer(
  kind: string,
  [least, greatest]: readonly [any, any],
  value: unknown,
  path: string,
): Problem | undefined {
  const wanted = typeof least;
  if (typeof value !== wanted) return wrongKind(path, value, `a ${wanted}`);
  const whole = wanted === 'bigint' || Number.isInteger(value);
  if (whole && (value as number) >= least && (value as number) <= greatest) return undefined;
  return new RangeError(
    `${path} is ${show(value)}, which does not fit ${kind} (whole numbers from ${least} to ${greatest}).`,
  );
}

function plain(value: unknown, path: string): Problem | undefined {
  if (!isPlain(value)) return wrongKind(path, value, 'a plain object');
  if (!Object.hasOwn(value, '__proto__')) return undefined;
  return new TypeError(`${path} has the key __proto__, which does not travel.`);
}

function reference(contract: string, value: unknown, path: string): Problem | undefined {
  if (addressedId(value, contract) !== undefined) return undefined;
  return wrongKind(path, value, `a proxy of ${contract}, or an entity that implements it`);
}

function wrongKind(path: string, value: unknown, wanted: string): TypeError {
  return new TypeError(`${path} is ${show(value)}; it must be ${wanted}.`);
}

function tooDeep(path: string): TypeError {
  return new TypeError(`${path} nests deeper than ${DEPTH_MAX} levels, or contains itself.`);
}

function oneOf(values: readonly (string | number | boolean)[]): string {
  const list = values
    .slice(0, 12)
    .map((value) => show(value))
    .join(', ');
  return values.length === 1 ? list : `one of ${list}${values.length > 12 ? ', …' : ''}`;
}
