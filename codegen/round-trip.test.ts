import test from 'ava';
import { InvalidMessageError } from '../engine/base/errors.ts';
import { ADDRESS } from '../engine/contract/proxy.ts';
import { MISMATCH } from '../transport/codec/writer.ts';
import { argumentsOf, readerOf, resultBytes, type Trial, tryContracts } from './trial.fixture.ts';

const SOURCE = `
import { contract, type int8, type uint8, type int16, type uint16, type int32, type uint32, type int64, type uint64, type float32 } from 'skerry';
interface Position { x: float32; y: float32 }
interface Base { id: uint32 }
interface Item extends Base { readonly name: string; tags?: string[]; constructor?: int8; note?: string | undefined }
interface Tree { value: int32; children: readonly Tree[] }
type Shape = { kind: 'circle'; r: float32 } | { kind: 'box' | 'slab'; w: float32 } | Group;
interface Group { kind: 'group'; shapes: Shape[] }
interface Empty {}
interface Page<T> { items: T[]; next: int32 | null }
export interface Hero { hi(): void }
export const Hero = contract<Hero>('Hero', { hi: {} });
export interface All {
  ints(a: int8, b: uint8, c: int16, d: uint16, e: int32, f: uint32, g: int64, h: uint64): Promise<void>;
  floats(a: float32, b: number): void;
  plain(a: string, b: boolean, c: Uint8Array, d: Date, e: null): void;
  optional(a: string, b?: int32, c?: Date | null): void;
  arrays(a: Position[], b: string[][], c: [int32, string], d: ReadonlyArray<Empty>): void;
  maps(a: Map<string, Position>, b: ReadonlyMap<int32, string[]>, c: Set<int32>, d: Record<string, boolean>): void;
  literals(a: 'red' | 'green' | 7, b: boolean | 'auto', c: 'only', d: 1 | 2 | null): void;
  objects(a: Item, b: Page<Position>, c: { a: int32; 'b-c'?: string }): void;
  shapes(a: Shape, b?: Shape[]): Promise<Shape>;
  tree(a: Tree): Promise<Tree>;
  hero(a: Hero, b: Hero | null): Promise<Hero>;
  odd(a: { 1: 1; true: true; null: null; class: 'class'; '': int32 }): void;
  data(a: unknown, b?: unknown): Promise<unknown>;
}
export const All = contract<All>('All', {
  ints: {}, floats: {}, plain: {}, optional: {}, arrays: {}, maps: {}, literals: {}, objects: {}, shapes: {}, tree: {}, hero: {}, odd: {}, data: {},
});
`;

let trial: Trial;
test.before(async () => {
  trial = await tryContracts({ '/game/contracts.ts': SOURCE });
});

function arrived(operation: string, ...args: unknown[]): unknown[] {
  const payload = trial.payload(`All.${operation}`, args);
  const references = { reference: (contract: string, id: unknown) => ({ contract, id }) };
  return argumentsOf(trial.operation(`All.${operation}`), payload, references);
}

const same = test.macro((t, operation: string, ...args: unknown[]) => {
  t.deepEqual(arrived(operation, ...args), args);
});

const refused = test.macro((t, operation: string, ...args: unknown[]) => {
  t.is(t.throws(() => arrived(operation, ...args), { any: true }) as unknown, MISMATCH);
});

test('integers at their lower ends', same, 'ints', -128, 0, -32768, 0, -(2 ** 31), 0, -(2n ** 63n), 0n);
test(
  'integers at their upper ends',
  same,
  'ints',
  127,
  255,
  32767,
  65535,
  2 ** 31 - 1,
  2 ** 32 - 1,
  2n ** 63n - 1n,
  2n ** 64n - 1n,
);
const INTS = [0, 0, 0, 0, 0, 0, 0n, 0n];
for (const [i, values] of [
  [0, [128, -129, 1.5, Number.NaN, '0', 0n, undefined, null, {}]],
  [1, [256, -1, Number.POSITIVE_INFINITY]],
  [2, [32768, -32769]],
  [3, [65536, -1]],
  [4, [2 ** 31, -(2 ** 31) - 1, 2 ** 32, 0.5]],
  [5, [2 ** 32, -1, 2 ** 53]],
  [6, [2n ** 63n, -(2n ** 63n) - 1n, 0]],
  [7, [2n ** 64n, -1n, 0]],
] as const) {
  for (const value of values)
    test(`integer ${i} refuses ${typeof value} ${String(value)}`, refused, 'ints', ...INTS.with(i, value as never));
}

test('-0 is 0 for an integer', (t) => {
  t.true(Object.is(arrived('ints', -0, -0, -0, -0, -0, -0, 0n, 0n)[0], 0));
});

test('floats keep NaN, infinities and -0', same, 'floats', Number.NaN, -0);
test('float64 keeps every bit', same, 'floats', Number.NEGATIVE_INFINITY, Number.MIN_VALUE);
test('float32 rounds to the nearest', (t) => {
  t.deepEqual(arrived('floats', 0.1, 0.1), [Math.fround(0.1), 0.1]);
});
test('float32 refuses a finite number that is too large', refused, 'floats', 1e39, 0);
const FLOAT32_MAX = 2 ** 128 - 2 ** 104;
test('the last number that float32 holds', (t) => {
  t.deepEqual(arrived('floats', 2 ** 128 - 2 ** 103 - 2 ** 75, 0), [FLOAT32_MAX, 0]);
});
test('the first number that float32 does not hold', refused, 'floats', -(2 ** 128 - 2 ** 103), 0);
test('float64 refuses text', refused, 'floats', 0, '0');

test(
  'text, booleans, bytes, dates, null',
  same,
  'plain',
  'héllo \ud83d\ude00',
  true,
  Uint8Array.of(1, 2),
  new Date(-1),
  null,
);
test(
  'lone surrogates and an invalid date',
  same,
  'plain',
  'a\ud800b',
  false,
  new Uint8Array(0),
  new Date(Number.NaN),
  null,
);
test('bytes arrive as a fresh plain Uint8Array', (t) => {
  const [, , bytes] = arrived('plain', '', true, Buffer.from('abc'), new Date(), null);
  t.is(Object.getPrototypeOf(bytes), Uint8Array.prototype);
  t.is((bytes as Uint8Array).buffer.byteLength, 3);
});
test('text refuses a number', refused, 'plain', 5, true, new Uint8Array(0), new Date(), null);
test('bytes refuse an array', refused, 'plain', '', true, [1], new Date(), null);
test('dates refuse a number', refused, 'plain', '', true, new Uint8Array(0), 5, null);
test(
  'dates refuse what only looks like one',
  refused,
  'plain',
  '',
  true,
  new Uint8Array(0),
  Object.create(Date.prototype),
  null,
);
test('null refuses undefined', refused, 'plain', '', true, new Uint8Array(0), new Date(), undefined);

test('optional parameters that are there', same, 'optional', 'a', 5, new Date(5));
test('optional parameters that are not there', (t) => {
  t.deepEqual(arrived('optional', 'a'), ['a', undefined, undefined]);
  t.deepEqual(arrived('optional', 'a', undefined, null), ['a', undefined, null]);
});
test('arguments beyond the last parameter are ignored', (t) => {
  t.deepEqual(arrived('floats', 1, 2, 3), [1, 2]);
});

test(
  'arrays and tuples',
  same,
  'arrays',
  [
    { x: 1, y: 2 },
    { x: 3, y: 4 },
  ],
  [['a'], []],
  [1, 'b'],
  [{}, {}],
);
test('an array refuses a hole', refused, 'arrays', [], new Array(1), [1, 'b'], []);
test('a tuple refuses another length', refused, 'arrays', [], [], [1, 'b', 2], []);
test('maps, sets and records', same, 'maps', new Map([['a', { x: 1, y: 2 }]]), new Map([[1, ['b']]]), new Set([1, 2]), {
  a: true,
});
test('a record has names of Object.prototype as its own', (t) => {
  const record = { constructor: true, hasOwnProperty: false, toString: true };
  const [, , , result] = arrived('maps', new Map(), new Map(), new Set(), record);
  t.deepEqual(Object.entries(result as object), Object.entries(record));
  t.is(Object.getPrototypeOf(result), Object.prototype);
});
test('a record refuses __proto__', refused, 'maps', new Map(), new Map(), new Set(), JSON.parse('{"__proto__": true}'));
test('a record refuses a Map', refused, 'maps', new Map(), new Map(), new Set(), new Map());
test('a map refuses a record', refused, 'maps', {}, new Map(), new Set(), {});
test('a map refuses what only looks like one', refused, 'maps', Object.create(Map.prototype), new Map(), new Set(), {});

test('literals', same, 'literals', 'green', 'auto', 'only', null);
test('literals of other kinds', same, 'literals', 7, false, 'only', 2);
test('an unknown literal is refused', refused, 'literals', 'blue', true, 'only', 1);
test('a single literal is checked', refused, 'literals', 'red', true, 'other', 1);

test('absent members stay absent', (t) => {
  const [item, page, inline] = arrived(
    'objects',
    { id: 1, name: 'a', more: 5 },
    { items: [], next: null },
    { a: 1 },
  ) as any[];
  t.deepEqual(Object.keys(item), ['id', 'name']);
  t.deepEqual(page, { items: [], next: null });
  t.deepEqual(inline, { a: 1 });
});
test(
  'members that are there',
  same,
  'objects',
  { id: 1, name: 'a', tags: ['b'], constructor: 5, note: '' },
  { items: [{ x: 1, y: 2 }], next: 3 },
  { a: 1, 'b-c': 'd' },
);
test('a missing member is refused', refused, 'objects', { id: 1 }, { items: [], next: null }, { a: 1 });
test('an instance of a class is as good as its members', (t) => {
  class Place {
    x = 1;
    get y(): number {
      return 2;
    }
  }
  t.deepEqual(arrived('arrays', [new Place()], [], [1, ''], [])[0], [{ x: 1, y: 2 }]);
});

test(
  'tagged unions',
  same,
  'shapes',
  {
    kind: 'group',
    shapes: [
      { kind: 'circle', r: 1 },
      { kind: 'slab', w: 2 },
    ],
  },
  [{ kind: 'box', w: 3 }],
);
const nested = (depth: number): unknown => ({ kind: 'group', shapes: depth === 1 ? [] : [nested(depth - 1)] });
test('a union and its variant are one level', same, 'shapes', nested(32), undefined);
test('a union nests up to the limit', refused, 'shapes', nested(33));
test('an unknown tag is refused', refused, 'shapes', { kind: 'line' });

const chain = (length: number): unknown => (length === 0 ? [] : [{ value: length, children: chain(length - 1) }]);
test('nesting up to the limit', same, 'tree', { value: 0, children: chain(31) });
test('nesting beyond the limit is refused', refused, 'tree', { value: 0, children: chain(32) });
test('a cycle is refused', (t) => {
  const tree = { value: 1, children: [] as unknown[] };
  tree.children.push(tree);
  t.is(t.throws(() => arrived('tree', tree), { any: true }) as unknown, MISMATCH);
});

test('a proxy travels as an id and arrives through the references', (t) => {
  for (const id of [7, 7n, '7', -1, 2 ** 40, 2n ** 100n, -(2n ** 70n)]) {
    t.deepEqual(arrived('hero', trial.proxy('Hero', id), null), [{ contract: 'Hero', id }, null]);
  }
});
test('an entity with the contract among others stands for its proxy', (t) => {
  const entity = { [ADDRESS]: () => ({ contracts: ['Other', 'Hero'], id: 5 }) };
  t.deepEqual(arrived('hero', entity, entity)[0], { contract: 'Hero', id: 5 });
});
test('a proxy of another contract is refused', (t) => {
  t.is(t.throws(() => arrived('hero', trial.proxy('All', 5), null), { any: true }) as unknown, MISMATCH);
});

test(
  'unknown carries plain data',
  same,
  'data',
  { a: [1, 'b', null, undefined, 5n, -0, Number.NaN], m: new Map([[1, new Set(['x'])]]), d: new Date(5) },
  5,
);
test('unknown carries undefined', (t) => {
  t.deepEqual(arrived('data', undefined), [undefined, undefined]);
});
test('unknown refuses functions', refused, 'data', { f: () => 1 });

test('results travel like arguments', (t) => {
  const operation = trial.operation('All.shapes');
  const shape = { kind: 'circle', r: 1 };
  t.deepEqual(operation.readResult(readerOf(resultBytes(operation, shape))), shape);
  t.is(t.throws(() => resultBytes(operation, undefined), { any: true }) as unknown, MISMATCH);
});

test('completion carries nothing', (t) => {
  const operation = trial.operation('All.ints');
  t.is(resultBytes(operation, 5).length, 0);
  t.is(operation.readResult(readerOf(new Uint8Array(0))), undefined);
});

test('what is too short or too long is invalid', (t) => {
  const payload = trial.payload('All.optional', ['abc', 5, new Date()]);
  const operation = trial.operation('All.optional');
  for (let length = 0; length < payload.length; length++) {
    t.throws(() => argumentsOf(operation, payload.subarray(0, length)), {
      instanceOf: InvalidMessageError,
      code: 'invalid',
    });
  }
  t.throws(() => argumentsOf(operation, Uint8Array.of(...payload, 0)), { instanceOf: InvalidMessageError });
});

test('codes count through all operations, sorted', (t) => {
  const codes = trial.generated.contracts.flatMap(({ operations }) => operations.map(({ code }) => code));
  t.deepEqual(codes, [...codes.keys()]);
  t.deepEqual(
    trial.generated.contracts.map(({ model }) => model.name),
    ['All', 'Hero'],
  );
});

test('a fixed-size payload asks for exactly its bytes', (t) => {
  t.is(trial.payload('All.ints', INTS).length, 30);
});
