import type { Primitive, WireType, WireTypes } from '../../engine/contract/wire-type.ts';

const PRIMITIVE_BYTES: Partial<Record<Primitive, number>> = {
  int8: 1,
  int16: 2,
  int32: 4,
  uint8: 1,
  uint16: 2,
  uint32: 4,
  float32: 4,
  float64: 8,
  int64: 8,
  uint64: 8,
  boolean: 1,
  date: 8,
  null: 0,
};

/** How many bytes values of a type take. */
export interface Sizes {
  /** The fewest that a value can take; Infinity when no value ever ends. */
  least(type: WireType): number;
  /** When every value takes the same. */
  fixed(type: WireType): number | undefined;
}

export function sizesOf(types: WireTypes): Sizes {
  const leastOfNamed = new Map(Object.keys(types).map((name) => [name, Number.POSITIVE_INFINITY]));
  const least = (type: WireType): number => leastBytes(type, (name) => leastOfNamed.get(name)!);
  // Sizes only shrink, and only to sums of finite pieces: this ends.
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, type] of Object.entries(types)) {
      const bytes = least(type);
      if (bytes < leastOfNamed.get(name)!) {
        leastOfNamed.set(name, bytes);
        changed = true;
      }
    }
  }
  const fixedOfNamed = new Map<string, number | undefined>();
  const fixed = (type: WireType): number | undefined =>
    fixedBytes(type, (name) => {
      if (!fixedOfNamed.has(name)) {
        fixedOfNamed.set(name, undefined);
        fixedOfNamed.set(name, fixed(types[name]!));
      }
      return fixedOfNamed.get(name);
    });
  return { least, fixed };
}

/** The index of a literal or variant among so many. */
export function indexBytes(count: number): number {
  return count <= 1 ? 0 : count <= 0x100 ? 1 : 2;
}

/** The presence bitmap of so many optional members. */
export function bitmapBytes(optional: number): number {
  return (optional + 7) >> 3;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function leastBytes(type: WireType, named: (name: string) => number): number {
  const least = (part: WireType): number => leastBytes(part, named);
  switch (type.kind) {
    case 'named':
      return named(type.name);
    case 'nullable':
    case 'array':
    case 'map':
    case 'set':
    case 'record':
    case 'string':
    case 'bytes':
    case 'unknown':
      return 1;
    case 'proxy':
      return 2;
    case 'tuple':
      return sum(type.items.map(least));
    case 'literals':
      return indexBytes(type.values.length);
    case 'struct': {
      const required = type.members.filter((member) => !member.optional);
      return bitmapBytes(type.members.length - required.length) + sum(required.map((member) => least(member.type)));
    }
    case 'union':
      return 1 + Math.min(...type.variants.map((variant) => least(variant.type)));
    default:
      return PRIMITIVE_BYTES[type.kind]!;
  }
}

function fixedBytes(type: WireType, named: (name: string) => number | undefined): number | undefined {
  const all = (parts: readonly WireType[]): number | undefined => {
    let total = 0;
    for (const part of parts) {
      const bytes = fixedBytes(part, named);
      if (bytes === undefined) return undefined;
      total += bytes;
    }
    return total;
  };
  switch (type.kind) {
    case 'named':
      return named(type.name);
    case 'tuple':
      return all(type.items);
    case 'struct':
      return type.members.some((member) => member.optional)
        ? undefined
        : all(type.members.map((member) => member.type));
    case 'literals':
      return indexBytes(type.values.length);
    default:
      return PRIMITIVE_BYTES[type.kind as Primitive];
  }
}
