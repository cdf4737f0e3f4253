import test from 'ava';
import type { ContractModel, WireType } from '../../engine/contract/wire-type.ts';
import { type GameModel, readContracts } from './game-model.ts';

const HEAD = `import { contract, type int8, type int32, type float32, type int64 } from 'skerry';\n`;

function modelOf(files: Record<string, string>): GameModel {
  const all = Object.fromEntries(Object.entries(files).map(([name, text]) => [`/game/${name}`, text]));
  return readContracts([`/game/${Object.keys(files)[0]}`], (path) => all[path]);
}

/** The type of the one parameter of `X.op`. */
function typeOf(
  type: string,
  declarations = '',
  more: Record<string, string> = {},
): { type: WireType; types: GameModel['types'] } {
  const text = `${HEAD}${declarations}\nexport interface X { op(a: ${type}): void }\nexport const X = contract<X>('X', { op: {} });`;
  const model = modelOf({ 'contracts.ts': text, ...more });
  const x = model.contracts.find(({ name }) => name === 'X')!;
  return { type: x.operations[0]!.parameters[0]!.type, types: model.types };
}

const reads = test.macro(
  (t, type: string, expected: WireType, declarations?: string, more?: Record<string, string>) => {
    t.deepEqual(typeOf(type, declarations, more).type, expected);
  },
);

const int32 = { kind: 'int32' } as const;
for (const [type, expected] of [
  ['number', { kind: 'float64' }],
  ['readonly int32[]', { kind: 'array', of: int32 }],
  ['ReadonlyArray<int32>', { kind: 'array', of: int32 }],
  ['Array<int32>', { kind: 'array', of: int32 }],
  ['readonly [a: int32, b: string]', { kind: 'tuple', items: [int32, { kind: 'string' }] }],
  ['Readonly<Map<string, int32>>', { kind: 'map', key: { kind: 'string' }, value: int32 }],
  ['ReadonlySet<int32>', { kind: 'set', of: int32 }],
  ['Record<string, int32>', { kind: 'record', of: int32 }],
  ['{ [key: string]: int32 }', { kind: 'record', of: int32 }],
  [
    "Record<'a' | 'b', int32>",
    {
      kind: 'struct',
      members: [
        { name: 'a', type: int32 },
        { name: 'b', type: int32 },
      ],
    },
  ],
  ['Uint8Array', { kind: 'bytes' }],
  ['Uint8Array<ArrayBuffer>', { kind: 'bytes' }],
  ['true', { kind: 'literals', values: [true] }],
  ['true | false', { kind: 'boolean' }],
  ['boolean | null', { kind: 'nullable', of: { kind: 'boolean' } }],
  ["boolean | 'auto'", { kind: 'literals', values: [false, true, 'auto'] }],
  ["null | 'a' | -1 | `b`", { kind: 'nullable', of: { kind: 'literals', values: ['a', -1, 'b'] } }],
  ['null', { kind: 'null' }],
  ['(int32 | null) | null', { kind: 'nullable', of: int32 }],
  ["number & { readonly __wire?: 'int8' }", { kind: 'int8' }],
  ['{ readonly a?: int32 | undefined }', { kind: 'struct', members: [{ name: 'a', type: int32, optional: true }] }],
  [
    "{ a?: 'x' | undefined | null }",
    {
      kind: 'struct',
      members: [{ name: 'a', type: { kind: 'nullable', of: { kind: 'literals', values: ['x'] } }, optional: true }],
    },
  ],
] as [string, WireType][]) {
  test(type, reads, type, expected);
}

test(
  'aliases stand for what they say',
  reads,
  'Ids',
  { kind: 'array', of: int32 },
  'type Id = int32; type Ids = Id[];',
);
test(
  'unions of aliases are one union',
  reads,
  "Color | 'b' | null",
  { kind: 'nullable', of: { kind: 'literals', values: ['a', 1, 'b'] } },
  "type One = 1; type Color = 'a' | One;",
);
test('a wire type under another name', reads, 'i', int32, "import type { int32 as i } from 'skerry';");
test('a wire type of the whole door', reads, 'engine.int32', int32, "import type * as engine from 'skerry';");
test('a declaration hides a global', reads, 'Date', { kind: 'named', name: 'Date' }, 'interface Date { day: int32 }');

test('interfaces inherit, and override in place', (t) => {
  const { types } = typeOf(
    'C',
    'interface A { a: int32; b: string } interface B { c: int32 } interface C extends A, B { b: "x"; d: int8 }',
  );
  t.deepEqual(types, {
    C: {
      kind: 'struct',
      members: [
        { name: 'a', type: int32 },
        { name: 'b', type: { kind: 'literals', values: ['x'] } },
        { name: 'c', type: int32 },
        { name: 'd', type: { kind: 'int8' } },
      ],
    },
  });
});

test('generics', (t) => {
  const { type, types } = typeOf(
    'Page<Item, int32>',
    'interface Item { a: int32 } interface Page<T, K = string> { items: T[]; next: K | null; rest: Pair<K> } type Pair<T> = [T, T];',
  );
  t.deepEqual(type, { kind: 'named', name: 'Page<Item, int32>' });
  t.deepEqual(types['Page<Item, int32>'], {
    kind: 'struct',
    members: [
      { name: 'items', type: { kind: 'array', of: { kind: 'named', name: 'Item' } } },
      { name: 'next', type: { kind: 'nullable', of: int32 } },
      { name: 'rest', type: { kind: 'tuple', items: [int32, int32] } },
    ],
  });
});

test('references that lead back are marked, others are not', (t) => {
  const { type, types } = typeOf(
    'Tree',
    'interface Leaf { a: int32 } interface Tree { leaf: Leaf; left: Tree | null; forest: Forest } type Forest = Tree[];',
  );
  t.deepEqual(type, { kind: 'named', name: 'Tree' });
  const again = { kind: 'named', name: 'Tree', recursive: true };
  t.deepEqual(types.Tree, {
    kind: 'struct',
    members: [
      { name: 'leaf', type: { kind: 'named', name: 'Leaf' } },
      { name: 'left', type: { kind: 'nullable', of: again } },
      { name: 'forest', type: { kind: 'array', of: again } },
    ],
  } as WireType);
});

test('a recursive alias has a name', (t) => {
  const { type, types } = typeOf('Nest', 'type Nest = Nest[];');
  t.deepEqual(type, { kind: 'named', name: 'Nest' });
  t.deepEqual(types, { Nest: { kind: 'array', of: { kind: 'named', name: 'Nest', recursive: true } } });
});

test('the tag of a union is found, a type for several tags is one for each', (t) => {
  const { types } = typeOf(
    'S',
    "interface A { other: int32; kind: 'a' } interface B { kind: 'b' | 'c'; other: int32 } type S = A | (B | D); interface D { other: int32; kind: 'd' }",
  );
  const S = types.S as WireType & { kind: 'union' };
  t.is(S.tag, 'kind');
  t.deepEqual(
    S.variants.map(({ value }) => value),
    ['a', 'b', 'c', 'd'],
  );
  t.deepEqual(S.variants[0]!.type, { kind: 'named', name: 'A' });
  t.deepEqual(S.variants[2]!.type, {
    kind: 'struct',
    members: [
      { name: 'kind', type: { kind: 'literals', values: ['c'] } },
      { name: 'other', type: int32 },
    ],
  });
});

test('a union within a type that it consists of', (t) => {
  const { types } = typeOf(
    'A',
    "interface A { kind: 'a'; next: A | B | null } interface B { kind: 'b'; inner: Both } type Both = A | B;",
  );
  t.deepEqual(types.A, {
    kind: 'struct',
    members: [
      { name: 'kind', type: { kind: 'literals', values: ['a'] } },
      {
        name: 'next',
        type: {
          kind: 'nullable',
          of: {
            kind: 'union',
            tag: 'kind',
            variants: [
              { value: 'a', type: { kind: 'named', name: 'A', recursive: true } },
              { value: 'b', type: { kind: 'named', name: 'B', recursive: true } },
            ],
          },
        },
      },
    ],
  });
});

test('types come from other files: renamed, re-exported, by namespace, by star, as default', (t) => {
  const { types } = typeOf(
    '{ a: A2; b: ns.B; c: C; d: D }',
    "import { type A as A2 } from './a.ts'; import type * as ns from './index.ts'; import type { C2 as C } from './index.ts'; import type D from './d.ts';",
    {
      'index.ts': "export * from './b.ts'; export type { C as C2 } from './c.ts';",
      'a.ts': 'export interface A { a: string }',
      'b.ts': 'export interface B { b: string }',
      'c.ts': "import type { A } from './a.ts'; interface C extends A { c: string } export { type C };",
      'd.ts': 'export default interface D { d: string }',
    },
  );
  t.deepEqual(Object.keys(types), ['A', 'B', 'C', 'D']);
});

test('two types of one name keep apart', (t) => {
  const { types } = typeOf(
    '{ a: Item; b: Other }',
    "import type { Item as Other } from './a.ts'; interface Item { a: int32 }",
    { 'a.ts': 'export interface Item { b: string }' },
  );
  t.deepEqual(Object.keys(types), ['Item', 'Item_2']);
});

test('a parameter of a contract is a proxy, wherever the contract is', (t) => {
  const { type } = typeOf('{ hero: Hero; self: X | null }', "import type { Hero } from './hero.ts';", {
    'hero.ts': `${HEAD}export interface Hero { hi(): void }\nexport const Hero = contract<Hero>('TheHero', { hi: {} });`,
  });
  t.deepEqual(type, {
    kind: 'struct',
    members: [
      { name: 'hero', type: { kind: 'proxy', contract: 'TheHero' } },
      { name: 'self', type: { kind: 'nullable', of: { kind: 'proxy', contract: 'X' } } },
    ],
  });
});

test('contracts: alias of the function, inherited methods, kinds of results, sorted', (t) => {
  const { contracts, sources } = modelOf({
    'contracts.ts': `
import { contract as define, type int32 } from 'skerry';
import * as skerry from 'skerry';
interface Base { poke(text: string): void; ping(): void }
export interface Z extends Base { ping(a: int32, b?: int32): Promise<int32>; wait: () => Promise<void> }
export const Z = define<Z>('Z', { ping: { priority: 'low' }, 'poke': {}, wait: {} });
type A = { a(): void };
const A2 = skerry.contract<A>('A', { a: {} } satisfies object);
export { A2 as Renamed };
`,
  });
  t.deepEqual(sources, [
    { file: '/game/contracts.ts', exportName: 'Renamed' },
    { file: '/game/contracts.ts', exportName: 'Z' },
  ]);
  t.deepEqual(contracts, [
    { name: 'A', operations: [{ name: 'a', parameters: [], returns: 'void' }] },
    {
      name: 'Z',
      operations: [
        {
          name: 'ping',
          parameters: [
            { name: 'a', type: int32 },
            { name: 'b', type: int32, optional: true },
          ],
          returns: 'value',
          result: int32,
        },
        { name: 'poke', parameters: [{ name: 'text', type: { kind: 'string' } }], returns: 'void' },
        { name: 'wait', parameters: [], returns: 'completion' },
      ],
    },
  ] as ContractModel[]);
});

test('a contract function of another package is none', (t) => {
  t.deepEqual(modelOf({ 'a.ts': "import { contract } from 'law'; export const X = contract('X', {});" }).contracts, []);
});
