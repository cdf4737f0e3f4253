import fc from 'fast-check';
import { ADDRESS } from '../engine/contract/proxy.ts';
import type { Member, WireType, WireTypes } from '../engine/contract/wire-type.ts';

/** Below this, everything that can end does. */
const DEPTH = 5;

/** What a trial's references make of an id, and what stands for a proxy among arguments: equal to each other. */
export class TrialReference {
  readonly contract: string;
  readonly id: unknown;
  constructor(contract: string, id: unknown) {
    this.contract = contract;
    this.id = id;
  }
  [ADDRESS]() {
    return { contracts: [this.contract], id: this.id };
  }
}

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.array(fc.nat(0xffff), { maxLength: 10 }).map((units) => String.fromCharCode(...units)),
);

const key = fc
  .oneof(anyText, fc.constantFrom('constructor', 'prototype', 'toString', '7'))
  .filter((name) => name !== '__proto__');

export const plainData: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  data: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom(null, undefined, true, false, -0, Number.NaN, Number.NEGATIVE_INFINITY, 2 ** 53, 2n ** 64n, -5n),
    fc.double(),
    fc.maxSafeInteger(),
    fc.bigInt(),
    anyText,
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 8 }),
    fc.array(tie('data'), { maxLength: 4 }),
    fc.dictionary(key, tie('data'), { maxKeys: 4, noNullPrototype: true }),
    fc.array(fc.tuple(tie('data'), tie('data')), { maxLength: 3 }).map((entries) => new Map(entries)),
    fc.array(tie('data'), { maxLength: 3 }).map((items) => new Set(items)),
  ),
})).data;

const id = fc.oneof(
  fc.maxSafeInteger().map((number) => number + 0),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !/\p{Surrogate}/u.test(text)),
);

const INTEGERS: Record<string, [number, number]> = {
  int8: [-128, 127],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint8: [0, 255],
  uint16: [0, 65535],
  uint32: [0, 2 ** 32 - 1],
};

/** Values that travel as `type` without any change. */
export function randomValue(types: WireTypes, type: WireType, depth = 0): fc.Arbitrary<unknown> {
  const inner = (of: WireType): fc.Arbitrary<unknown> => randomValue(types, of, depth + 1);
  const few = { maxLength: depth > DEPTH ? 0 : 4 };
  const range = INTEGERS[type.kind];
  if (range) return fc.integer({ min: range[0], max: range[1] });
  switch (type.kind) {
    case 'int64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    case 'uint64':
      return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    case 'float32':
      return fc.float();
    case 'float64':
      return fc.double();
    case 'string':
      return anyText;
    case 'boolean':
      return fc.boolean();
    case 'bytes':
      return fc.uint8Array({ maxLength: 40 });
    case 'date':
      return fc.date({ noInvalidDate: true });
    case 'null':
      return fc.constant(null);
    case 'unknown':
      return plainData;
    case 'nullable':
      return depth > DEPTH ? fc.constant(null) : fc.option(inner(type.of));
    case 'literals':
      return fc.constantFrom(...type.values);
    case 'proxy':
      return id.map((one) => new TrialReference(type.contract, one));
    case 'array':
      return fc.array(inner(type.of), few);
    case 'tuple':
      return fc.tuple(...type.items.map(inner));
    case 'set':
      return fc.array(inner(type.of), few).map((items) => new Set(items));
    case 'map':
      return fc.array(fc.tuple(inner(type.key), inner(type.value)), few).map((entries) => new Map(entries));
    case 'record':
      return fc.dictionary(key, inner(type.of), { maxKeys: few.maxLength, noNullPrototype: true });
    case 'struct':
      return randomStruct(types, type.members, depth);
    case 'union':
      return fc.oneof(...type.variants.map((variant) => inner(variant.type)));
    case 'named':
      return fc.constant(null).chain(() => randomValue(types, types[type.name]!, depth + 1));
  }
  throw new TypeError(type.kind);
}

function randomStruct(types: WireTypes, members: readonly Member[], depth: number): fc.Arbitrary<unknown> {
  const model = Object.fromEntries(members.map(({ name, type }) => [name, randomValue(types, type, depth + 1)]));
  const requiredKeys = members.filter((member) => !member.optional).map(({ name }) => name);
  return fc.record(model, { requiredKeys, noNullPrototype: true }).map((struct) => {
    // An optional member without a value is one that is not there.
    for (const { name, optional } of members) if (optional && struct[name] === undefined) delete struct[name];
    return struct;
  });
}

/** What never fits, fits by chance, or pretends to. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  plainData,
  fc.constantFrom<unknown>(
    Symbol('s'),
    () => 1,
    Object.create(Date.prototype),
    Object.create(Map.prototype),
    Object.create(Uint8Array.prototype),
    Object.create(null),
    new (class Thing {
      a = 1;
    })(),
    new Uint16Array(2),
    new Array(3),
    JSON.parse('{"__proto__": 1}'),
    cyclic(),
    2n ** 63n,
    1e39,
    0.5,
    300,
    'a',
    new TrialReference('Villain', 5),
    new TrialReference('Hero', Number.NaN),
    Buffer.from('abc'),
  ),
);

function cyclic(): unknown {
  const value: Record<string, unknown> = { a: 1 };
  value.b = [value];
  return value;
}

/** The same value with one place of it replaced; `choices` say which. */
export function withJunk(value: any, replacement: unknown, choices: readonly number[]): unknown {
  const [choice, ...rest] = choices;
  if (choice === undefined || choice === 0) return replacement;
  const pick = <T>(list: readonly T[]): T => list[choice % list.length]!;
  if (Array.isArray(value) && value.length > 0) {
    const i = pick([...value.keys()]);
    return value.map((item, at) => (at === i ? withJunk(item, replacement, rest) : item));
  }
  if (value instanceof Map && value.size > 0) {
    const at = pick([...value.keys()]);
    return new Map([...value].map(([name, item]) => [name, name === at ? withJunk(item, replacement, rest) : item]));
  }
  if (value instanceof Set && value.size > 0) return new Set([...value, replacement]);
  if (Object.getPrototypeOf(value ?? 5) === Object.prototype && Object.keys(value).length > 0) {
    const at = pick(Object.keys(value));
    const copy = { ...value };
    Object.defineProperty(copy, at, {
      value: withJunk(value[at], replacement, rest),
      writable: true,
      enumerable: true,
      configurable: true,
    });
    return copy;
  }
  return replacement;
}
