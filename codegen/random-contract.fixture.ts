import fc from 'fast-check';
import type { Member, Primitive, WireType, WireTypes } from '../engine/contract/wire-type.ts';

/** A random contract `Trial` with one operation per entry: what the generator should read out of `source`. */
export interface RandomContract {
  types: WireTypes;
  operations: { name: string; parameters: Member[]; result: WireType }[];
  source: string;
}

const INTEGERS: readonly Primitive[] = ['int8', 'int16', 'int32', 'uint8', 'uint16', 'uint32', 'int64', 'uint64'];
const PRIMITIVES: readonly Primitive[] = [
  ...INTEGERS,
  'float32',
  'float64',
  'string',
  'boolean',
  'bytes',
  'date',
  'unknown',
];
/** Names that generated code uses itself, that objects inherit, or that need quotes. */
const MEMBER_NAMES = [
  'a',
  'b',
  'at',
  'value',
  'out',
  'constructor',
  'toString',
  '__defineGetter__',
  'x-y',
  'class',
  '1',
];
const PARAMETER_NAMES = [
  'out',
  'sender',
  'error',
  'at',
  'input',
  'target',
  'count',
  'i',
  'MISMATCH',
  'present',
  'value',
];
const ORDINARY = { noNullPrototype: true } as const;
const NAMED = ['Alpha', 'Beta', 'Gamma'];

const literals: fc.Arbitrary<WireType> = fc
  .uniqueArray(
    fc.oneof(fc.string({ maxLength: 5 }), fc.integer({ min: -5, max: 5 }), fc.constantFrom('a', "it's", '\n')),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .chain((values) => fc.constantFrom(values, [...values, true]))
  .map((values) => ({ kind: 'literals', values }));

const leaf: fc.Arbitrary<WireType> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...PRIMITIVES).map((kind): WireType => ({ kind })) },
  { weight: 2, arbitrary: literals },
  { weight: 1, arbitrary: fc.constantFrom<WireType>({ kind: 'null' }, { kind: 'proxy', contract: 'Hero' }) },
);

/** A reference to a named type stands where a value can end. */
const reference: fc.Arbitrary<WireType> = fc
  .constantFrom(...NAMED)
  .chain((name) =>
    fc.constantFrom<WireType>({ kind: 'array', of: { kind: 'named', name } }, nullable({ kind: 'named', name })),
  );

const { type } = fc.letrec<{ type: WireType; composite: WireType }>((tie) => ({
  type: fc.oneof({ maxDepth: 3, depthSize: 'small' }, leaf, reference, tie('composite')),
  composite: fc.oneof(
    tie('type').map((of) => (of.kind === 'null' ? of : nullable(of))),
    fc.record(
      { kind: fc.constantFrom('array' as const, 'set' as const, 'record' as const), of: tie('type') },
      ORDINARY,
    ),
    fc.record(
      { kind: fc.constant('tuple' as const), items: fc.array(tie('type'), { minLength: 1, maxLength: 3 }) },
      ORDINARY,
    ),
    fc.record({ kind: fc.constant('map' as const), key: tie('type'), value: tie('type') }, ORDINARY),
    members(tie('type'), MEMBER_NAMES, 1).map((list): WireType => ({ kind: 'struct', members: list })),
    fc
      .uniqueArray(fc.constantFrom('a', 'b', 1, true), { minLength: 2, maxLength: 3 })
      .chain((tags) => fc.tuple(...tags.map((tag) => variant(tag, tie('type')))))
      .map((variants): WireType => ({ kind: 'union', tag: 'tag', variants })),
  ),
}));

function nullable(of: WireType): WireType {
  return of.kind === 'nullable' ? of : { kind: 'nullable', of };
}

function members(of: fc.Arbitrary<WireType>, names: readonly string[], minLength: number): fc.Arbitrary<Member[]> {
  return fc
    .uniqueArray(fc.constantFrom(...names), { minLength, maxLength: 5 })
    .chain((list) =>
      fc.tuple(
        ...list.map((name) =>
          fc
            .record({ name: fc.constant(name), type: of, optional: fc.boolean() })
            .map(({ optional, ...member }): Member => (optional ? { ...member, optional: true } : member)),
        ),
      ),
    );
}

function variant(tag: string | number | boolean, of: fc.Arbitrary<WireType>) {
  return members(of, MEMBER_NAMES, 0).map((list) => ({
    value: tag,
    type: {
      kind: 'struct',
      members: [{ name: 'tag', type: { kind: 'literals', values: [tag] } }, ...list],
    } as WireType,
  }));
}

const operation = (name: string) =>
  fc.record({ name: fc.constant(name), parameters: members(type, PARAMETER_NAMES, 0), result: type }).map((one) => ({
    ...one,
    // Optional ones last.
    parameters: [...one.parameters].sort((a, b) => Number(a.optional ?? false) - Number(b.optional ?? false)),
  }));

export const randomContract: fc.Arbitrary<RandomContract> = fc
  .record({
    named: fc.tuple(...NAMED.map(() => members(type, MEMBER_NAMES, 1))),
    operations: fc.tuple(operation('first'), operation('second')),
  })
  .map(({ named, operations }) => {
    const types: WireTypes = Object.fromEntries(NAMED.map((name, i) => [name, { kind: 'struct', members: named[i]! }]));
    return { types, operations, source: sourceOf(types, operations) };
  });

function sourceOf(types: WireTypes, operations: RandomContract['operations']): string {
  const interfaces = Object.entries(types).map(([name, declared]) => `interface ${name} ${text(declared)}`);
  const methods = operations.map(({ name, parameters, result }) => {
    const list = parameters.map((one) => `${one.name}${one.optional ? '?' : ''}: ${text(one.type)}`).join(', ');
    return `${name}(${list}): Promise<${text(result)}>;`;
  });
  return `import { contract, type ${[...INTEGERS, 'float32'].join(', type ')} } from 'skerry';
export interface Hero { hi(): void }
export const Hero = contract<Hero>('Hero', { hi: {} });
${interfaces.join('\n')}
export interface Trial { ${methods.join(' ')} }
export const Trial = contract<Trial>('Trial', { ${operations.map(({ name }) => `${name}: {}`).join(', ')} });
`;
}

function text(type: WireType): string {
  switch (type.kind) {
    case 'float64':
      return 'number';
    case 'bytes':
      return 'Uint8Array';
    case 'date':
      return 'Date';
    case 'nullable':
      return `(${text(type.of)} | null)`;
    case 'array':
      return `${text(type.of)}[]`;
    case 'tuple':
      return `[${type.items.map(text).join(', ')}]`;
    case 'map':
      return `Map<${text(type.key)}, ${text(type.value)}>`;
    case 'set':
      return `Set<${text(type.of)}>`;
    case 'record':
      return `Record<string, ${text(type.of)}>`;
    case 'literals':
      return `(${type.values.map((value) => JSON.stringify(value)).join(' | ')})`;
    case 'struct': {
      const list = type.members.map(
        (one) => `${JSON.stringify(one.name)}${one.optional ? '?' : ''}: ${text(one.type)}`,
      );
      return `{ ${list.join('; ')} }`;
    }
    case 'union':
      return `(${type.variants.map((one) => text(one.type)).join(' | ')})`;
    case 'proxy':
      return type.contract;
    case 'named':
      return type.name;
    default:
      return type.kind;
  }
}
