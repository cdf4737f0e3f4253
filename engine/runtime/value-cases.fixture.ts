import { inspect } from 'node:util';
import type { ExecutionContext } from 'ava';
import type { Values } from '../testing/games/probe/contracts.fixture.ts';

const tree = {
  value: 1,
  children: [
    { value: 2, children: [] },
    { value: -3, children: [{ value: 4, children: [] }] },
  ],
};

/** Values by the operation of `Values` that answers with them. */
export const FITTING: Record<string, readonly unknown[]> = {
  int8: [0, -128, 127],
  int16: [-32_768, 32_767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint8: [0, 255],
  uint16: [0, 65_535],
  uint32: [0, 2 ** 32 - 1],
  float32: [0.5, -(2 ** 100), Number.NaN, Number.POSITIVE_INFINITY, -0],
  number: [0.1, Number.MAX_VALUE, 5e-324, Number.NaN, Number.NEGATIVE_INFINITY, -0],
  int64: [0n, -(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
  string: ['', 'text', 'ünï €😀', 'x'.repeat(1_000_000), 'lone \ud800 surrogate', '\0'],
  boolean: [true, false],
  bytes: [new Uint8Array(0), Uint8Array.from([0, 1, 255]), new Uint8Array(300_000).fill(7)],
  date: [new Date(0), new Date(-1), new Date(Date.UTC(2030, 5, 1, 12, 30, 15, 123)), new Date(Number.NaN)],
  nullable: [null, '', 'text'],
  array: [[], [1, -2, 3], Array.from({ length: 100_000 }, (_, i) => i)],
  tuple: [[7, 'seven', true]],
  map: [new Map(), new Map(Object.entries({ a: 1, b: -2, constructor: 3 }))],
  set: [new Set(), new Set(['a', 'b', ''])],
  record: [{}, { a: 1, constructor: 2, toString: 3, 7: 4 }],
  item: [
    { name: 'sword', tags: [] },
    { name: 'sword', count: 3, tags: ['sharp', 'old'] },
  ],
  shape: [
    { kind: 'circle', radius: 0.1 },
    { kind: 'square', side: 0.5 },
  ],
  tree: [tree],
  level: ['low', 'high', 3],
  anything: [
    undefined,
    null,
    true,
    0,
    -0,
    1.5,
    10n ** 30n,
    'text',
    [1, [2, [3]]],
    { a: { b: [new Date(5)] } },
    new Map<unknown, unknown>([[{ a: 1 }, new Set([1, 2])]]),
    Uint8Array.from([1, 2, 3]),
  ],
};

const cycle: unknown[] = [];
cycle.push(cycle);
const deepTree = (depth: number): unknown => ({ value: 1, children: depth === 0 ? [] : [deepTree(depth - 1)] });
const withProto = JSON.parse('{"__proto__": 1}');

/** Arguments that are refused: operation, value, class of the error, and what its message shows besides the place. */
export const REFUSED: readonly [string, unknown, typeof TypeError | typeof RangeError, RegExp][] = [
  ['int8', 128, RangeError, /value is 128/],
  ['int8', '1', TypeError, /value is "1"/],
  ['int16', -32_769, RangeError, /-32769/],
  ['int32', 2 ** 31, RangeError, /2147483648/],
  ['int32', 1.5, RangeError, /1\.5/],
  ['int32', Number.NaN, RangeError, /NaN/],
  ['int32', 5n, TypeError, /5n/],
  ['uint8', 300, RangeError, /300/],
  ['uint8', -1, RangeError, /-1/],
  ['uint16', 65_536, RangeError, /65536/],
  ['uint32', 2 ** 32, RangeError, /4294967296/],
  ['float32', 1e39, RangeError, /1e\+39/],
  ['float32', '1', TypeError, /"1"/],
  ['number', undefined, TypeError, /undefined/],
  ['int64', 2n ** 63n, RangeError, /9223372036854775808/],
  ['int64', 5, TypeError, /5/],
  ['uint64', -1n, RangeError, /-1/],
  ['string', 5, TypeError, /5/],
  ['boolean', 1, TypeError, /1/],
  ['bytes', [1, 2], TypeError, /value/],
  ['date', 0, TypeError, /0/],
  ['nullable', undefined, TypeError, /undefined/],
  ['array', [1, 'two'], TypeError, /value\[1\]/],
  ['array', { length: 1 }, TypeError, /value/],
  ['tuple', [1, 'a'], TypeError, /value/],
  ['map', { a: 1 }, TypeError, /value/],
  ['set', ['a'], TypeError, /value/],
  ['record', new Map(), TypeError, /value/],
  ['record', withProto, TypeError, /__proto__/],
  ['item', { tags: [] }, TypeError, /value\.name/],
  ['item', { name: 'x', tags: [], count: 300 }, RangeError, /value\.count is 300/],
  ['item', null, TypeError, /null/],
  ['shape', { kind: 'line' }, TypeError, /value\.kind.*"line"/],
  ['level', 'middle', TypeError, /"middle"/],
  ['tree', deepTree(100), TypeError, /nests deeper|itself/],
  ['anything', () => 1, TypeError, /value/],
  ['anything', cycle, TypeError, /itself/],
  ['anything', withProto, TypeError, /__proto__/],
  ['proxy', {}, TypeError, /value/],
  ['proxy', 5, TypeError, /5/],
];

type AnyOperation = (...args: unknown[]) => Promise<unknown>;

/** Everything that fits comes back as it was, as values that nobody else has. */
export async function expectRoundTrips(t: ExecutionContext, values: Values): Promise<void> {
  for (const [operation, list] of Object.entries(FITTING)) {
    const echo = (values as unknown as Record<string, AnyOperation>)[operation]!.bind(values);
    for (const value of list) {
      const back = await echo(value);
      t.deepEqual(back, value, `${operation}: ${inspect(value).slice(0, 40)}`);
      if (typeof value === 'object' && value !== null) t.not(back, value);
      t.is(Object.is(back, -0), Object.is(value, -0));
      if (back instanceof Uint8Array) t.is(back.constructor, Uint8Array);
    }
  }
  t.is(await values.float32(0.1), Math.fround(0.1));
  t.deepEqual(await values.bytes(Buffer.from('abc')), Uint8Array.from([97, 98, 99]));
  t.deepEqual(await values.bytes(Uint8Array.from([0, 1, 2, 3]).subarray(1, 3)), Uint8Array.from([1, 2]));
  t.deepEqual(await values.optional(1), [1, 'undefined', 'undefined']);
  t.deepEqual(await values.optional(1, 'b'), [1, 'b', 'undefined']);
  t.deepEqual(await values.optional(1, undefined, 3), [1, 'undefined', '3']);
  t.deepEqual(await values.optional(1, 'b', 3), [1, 'b', '3']);
  const item = await values.item({ name: 'x', tags: [] });
  t.false('count' in item);
  const record = await values.record({ constructor: 1 });
  t.is(Object.getPrototypeOf(record), Object.prototype);
  t.true(Object.hasOwn(record, 'constructor'));
}

/** Everything that does not fit is refused before it is sent, with words that say where. */
export async function expectRefusals(t: ExecutionContext, values: Values): Promise<void> {
  for (const [operation, value, kind, words] of REFUSED) {
    const call = (values as unknown as Record<string, AnyOperation>)[operation]!.call(values, value);
    const error = await t.throwsAsync(call, { instanceOf: kind }, operation);
    t.is(error?.name, kind.name);
    t.true(error?.message.startsWith(`Values.${operation}: value`), error?.message);
    t.regex(error?.message ?? '', words);
  }
  const error = t.throws(() => values.oneWay(300), { instanceOf: RangeError });
  t.regex(error?.message ?? '', /^Values\.oneWay: value is 300/);
}

/** Proxies and entities as arguments and results. `there` may live anywhere. */
export async function expectReferences(t: ExecutionContext, values: Values, there: Values): Promise<void> {
  const back = await values.proxy(there);
  t.is(back.constructor.name, 'ValuesProxy');
  t.is(await back.int32(9), 9);
  t.is(await values.passThis(there), 'called back');
}

/** Values are never shared between caller and callee. */
export async function expectCopies(t: ExecutionContext, values: Values, there: Values): Promise<void> {
  const item = { name: 'mine', count: 1, tags: ['a'] };
  const call = values.keep(item);
  item.name = 'changed';
  item.tags.push('b');
  const kept = await call;
  t.deepEqual(kept, { name: 'mine', count: 1, tags: ['a', 'kept'] });
  kept.tags.push('c');
  t.deepEqual(await values.kept(), { name: 'mine', count: 1, tags: ['a', 'kept'] });
  t.deepEqual(await values.changeBehind(there), { name: 'sent', count: 1, tags: ['a', 'kept'] });
}

/** A result that does not fit is the callee's mistake. */
export async function expectWrongResult(t: ExecutionContext, values: Values): Promise<void> {
  for (const [value, words] of [
    [300, /^Values\.wrongResult: result is 300/],
    ['x', /^Values\.wrongResult: result is "x"/],
  ] as const) {
    const error = await t.throwsAsync(values.wrongResult(value), { name: 'RemoteError', message: words });
    t.is(typeof (error as Error & { remoteStack?: string }).remoteStack, 'string');
  }
  t.is(await values.wrongResult(5), 5);
}
