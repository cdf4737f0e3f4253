import test from 'ava';
import type { EntityId } from '../../engine/base/entity-id.ts';
import { MessagePack } from './msgpack.ts';
import { type PrepareRules, prepare } from './prepare.ts';

class Ref {
  readonly contract: string;
  readonly id: EntityId;
  constructor(contract: string, id: EntityId) {
    this.contract = contract;
    this.id = id;
  }
}

const messagePack = new MessagePack({
  addressOf: (value) => (value instanceof Ref ? value : undefined),
  reference: (contract, id) => new Ref(contract, id),
});
const rules: PrepareRules = { depthMax: 32, finite: true, isReference: (value) => value instanceof Ref };

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const encode = (value: unknown) => messagePack.encodeCopy(prepare(value, rules, 'test'));
const roundTrip = (value: unknown) => messagePack.decode(encode(value));

test('numbers and bigints stay apart, in the forms that PROTOCOL.md states', (t) => {
  const forms: [unknown, string][] = [
    [7, '07'],
    [-1, 'ff'],
    [200, 'ccc8'],
    [4294967295, 'ceffffffff'],
    [-2147483648, 'd280000000'],
    [4294967296, 'cb41f0000000000000'],
    [1.5, 'cb3ff8000000000000'],
    [7n, 'cf0000000000000007'],
    [-7n, 'd3fffffffffffffff9'],
    [1n << 64n, 'c70a0400010000000000000000'],
    [-(1n << 63n) - 1n, 'c70904018000000000000001'],
    ['é', 'a2c3a9'],
    [null, 'c0'],
    [true, 'c3'],
    [new Uint8Array([1, 2]), 'c4020102'],
    [new Date(1000), 'd6ff00000001'],
    [undefined, 'c70001'],
    [new Map([[1, 'a']]), 'd6029201a161'],
    [new Set([1]), 'd5039101'],
    [new Ref('A', 5), 'd60592a14105'],
  ];
  for (const [value, bytes] of forms) {
    t.is(hex(encode(value)), bytes, String(value));
    t.deepEqual(roundTrip(value), value);
  }
});

test('values come back as they went', (t) => {
  const values: unknown[] = [
    Number.MAX_SAFE_INTEGER,
    2 ** 60,
    (1n << 1024n) - 1n,
    -((1n << 1024n) - 1n),
    new Date(-62_135_596_800_000),
    new Date(8.64e15),
    new Date(1_700_000_000_123),
    new Map<unknown, unknown>([
      [{ x: 1 }, new Map([[1n << 70n, new Set([new Date(5)])]])],
      [[1, 2], undefined],
    ]),
    { a: { constructor: 1, prototype: [new Ref('Hero', 'é'), new Ref('Hero', 1n << 100n)] } },
    [undefined, null, [undefined]],
    'x'.repeat(1000) + '☃'.repeat(300),
  ];
  for (const value of values) t.deepEqual(roundTrip(value), value);
});

test('absent members stay absent, holes are undefined', (t) => {
  t.deepEqual(roundTrip({ a: undefined, b: 1 }), { b: 1 });
  // biome-ignore lint/suspicious/noSparseArray: the hole is the point
  t.deepEqual(roundTrip([1, , 3]), [1, undefined, 3]);
});

test('prepare copies nothing that can stay', (t) => {
  const value = { a: [1, { b: 'c' }] };
  t.is(prepare(value, rules, 'test'), value);
  const mixed = { same: value, big: 1n << 80n };
  const result = prepare(mixed, rules, 'test') as typeof mixed;
  t.not(result, mixed);
  t.is(result.same, value);
  t.is(mixed.big, 1n << 80n);
});

test('prepare names what does not travel, and where', (t) => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const map = new Map();
  map.set('self', map);
  const cases: [unknown, typeof TypeError | typeof RangeError, RegExp][] = [
    [[{ x: () => 1 }], TypeError, /^Hero.move: \[0\]\.x is a function/],
    [Symbol('s'), TypeError, /^Hero.move: the value is a symbol/],
    [{ a: [1, -0] }, RangeError, /^Hero.move: \.a\[1\] is -0/],
    [Number.NaN, RangeError, /NaN/],
    [Number.POSITIVE_INFINITY, RangeError, /Infinity/],
    [cycle, TypeError, /nested deeper than 32/],
    [map, TypeError, /nested deeper than 32/],
    ['\ud800', TypeError, /surrogate/],
    [new Float32Array(2), TypeError, /Float32Array/],
    [new Date(Number.NaN), RangeError, /invalid date/],
    [JSON.parse('{"__proto__":1}'), TypeError, /__proto__/],
  ];
  for (const [value, type, message] of cases) {
    t.throws(() => prepare(value, rules, 'Hero.move'), { instanceOf: type, message });
  }
  t.throws(() => encode(1n << 1024n), { instanceOf: RangeError });
  t.is(prepare(Number.NaN, { ...rules, finite: false }, 'x'), Number.NaN);
});
