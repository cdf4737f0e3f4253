import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { Decoder, Encoder } from 'cbor-x';
import fc from 'fast-check';
import { InvalidMessageError } from '../../engine/base/errors.ts';
import { decodeCbor, encodeCbor, readUnknown, writeUnknown } from './cbor.ts';
import { Reader } from './reader.ts';
import { MISMATCH, OVERFLOW, Writer } from './writer.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ maxLength: 60 }),
  fc.array(fc.nat(0xffff), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
);
const key = fc.oneof(anyText, fc.constantFrom('constructor', 'toString', '7')).filter((name) => name !== '__proto__');
const plainData: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  data: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom(
      null,
      undefined,
      true,
      false,
      -0,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      2 ** 53,
      2 ** 53 - 1,
      -(2 ** 53) + 1,
    ),
    fc.double(),
    fc.maxSafeInteger(),
    fc.integer(),
    fc.bigInt(),
    anyText,
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 300 }),
    fc.array(tie('data'), { maxLength: 5 }),
    fc.dictionary(key, tie('data'), { maxKeys: 5, noNullPrototype: true }),
    fc.array(fc.tuple(tie('data'), tie('data')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie('data'), { maxLength: 4 }).map((items) => new Set(items)),
  ),
})).data;

test('plain data makes the round trip, in as much room as it takes', (t) => {
  fc.assert(
    fc.property(plainData, (value) => {
      const bytes = encodeCbor(value);
      const arrived = decodeCbor(bytes);
      if (!isDeepStrictEqual(arrived, value)) t.deepEqual(arrived, value);
      const memory = new Uint8Array(new SharedArrayBuffer(bytes.length + 9));
      writeUnknown(new Writer(memory, 4, 4 + bytes.length), value);
      if (!isDeepStrictEqual(readUnknown(new Reader(memory, 4, 4 + bytes.length)), value)) t.fail('shared memory');
      const tight = new Writer(memory, 4, 3 + bytes.length);
      t.is(t.throws(() => writeUnknown(tight, value), { any: true }) as unknown, OVERFLOW);
    }),
    { numRuns: 500 },
  );
});

test('damaged bytes are invalid or another value', (t) => {
  fc.assert(
    fc.property(plainData, fc.nat(), fc.nat(255), fc.uint8Array({ maxLength: 30 }), (value, at, byte, noise) => {
      const good = encodeCbor(value);
      good[at % good.length] = byte;
      for (const bytes of [good, good.subarray(0, at % good.length), noise]) {
        try {
          encodeCbor(decodeCbor(bytes));
        } catch (error) {
          if (!(error instanceof InvalidMessageError)) throw error;
        }
      }
    }),
    { numRuns: 2000 },
  );
  t.pass();
});

/** Another implementation reads and writes the same, as far as it can: it keeps no -0 and no lone surrogates, and takes large integers for bigints. */
test('it is the CBOR of everybody', (t) => {
  const other = new Encoder({ useRecords: false, tagUint8Array: false });
  const reader = new Decoder({ useRecords: false, mapsAsObjects: true });
  const common: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    data: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom(null, undefined, true, false),
      fc.integer().map((number) => number + 0),
      fc.double({ noNaN: true }).filter((number) => !Number.isInteger(number)),
      fc.bigInt({ min: 2n ** 64n, max: 2n ** 100n }),
      fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Surrogate}/u.test(text)),
      fc.array(tie('data'), { maxLength: 5 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('data'), { maxKeys: 5, noNullPrototype: true }),
      fc.array(tie('data'), { maxLength: 4 }).map((items) => new Set(items)),
    ),
  })).data;
  fc.assert(
    fc.property(common, (value) => {
      const theirs = decodeCbor(other.encode(value));
      if (!isDeepStrictEqual(theirs, value)) t.deepEqual(theirs, value, 'what they wrote');
      const ours = reader.decode(encodeCbor(value));
      if (!isDeepStrictEqual(ours, value)) t.deepEqual(ours, value, 'what we wrote');
    }),
    { numRuns: 300 },
  );
  t.pass();
});

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

test('nesting has a limit, both ways', (t) => {
  t.deepEqual(decodeCbor(encodeCbor(nested(32))), nested(32));
  t.is(t.throws(() => encodeCbor(nested(33)), { any: true }) as unknown, MISMATCH);
  t.throws(() => decodeCbor(new Uint8Array(100_000).fill(0x81)), { instanceOf: InvalidMessageError });
  t.throws(() => decodeCbor(new Uint8Array(100_000).fill(0xc2)), { instanceOf: InvalidMessageError });
  t.throws(() => decodeCbor(Uint8Array.from({ length: 99_999 }, (_, i) => [0xd9, 0x01, 0x02][i % 3]!)), {
    instanceOf: InvalidMessageError,
  });
});

const cycle: unknown[] = [];
cycle.push({ cycle });
for (const [name, value] of [
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['an instance of a class', new (class Thing {})()],
  ['an error', new Error('e')],
  ['another typed array', new Uint16Array(1)],
  ['a regular expression', /a/],
  ['a cycle', cycle],
  ['a key __proto__', JSON.parse('{"__proto__": 1}')],
  ['a false Map', Object.create(Map.prototype)],
  ['a promise', Promise.resolve()],
] as const) {
  test(`${name} does not travel`, (t) => {
    t.is(t.throws(() => encodeCbor([value]), { any: true }) as unknown, MISMATCH);
  });
}

for (const [name, hex] of [
  ['nothing', ''],
  ['something after the value', '0101'],
  ['a key __proto__', 'a1695f5f70726f746f5f5f01'],
  ['a key twice', 'a2616101616102'],
  ['a key that is not text', 'a10102'],
  ['an array of 2^32 - 1', '9affffffff'],
  ['an array of 2^53', '9b0020000000000000'],
  ['a map of 2^32 - 1', 'baffffffff'],
  ['bytes of 2^32 - 1', '5affffffff'],
  ['text of 2^32 - 1', '7affffffff'],
  ['an indefinite array', '9f01ff'],
  ['indefinite text', '7f6161ff'],
  ['a break', 'ff'],
  ['an unknown tag', 'd9d9f701'],
  ['a record extension', 'd9dfff8319e0008161618101'],
  ['an unknown simple value', 'f0'],
  ['a two-byte simple value', 'f818'],
  ['an integer beyond 2^53', '1bffffffffffffffff'],
  ['a date that is text', 'c16161'],
  ['a date out of bounds', 'c11b001fffffffffffff'],
  ['a bigint that is a number', 'c201'],
  ['a bigint of 5000 bytes', `c2591388${'ff'.repeat(5000)}`],
  ['a set that is a map', 'd90102a0'],
  ['a set with an element twice', 'd90102820101'],
  ['a map with a key twice', 'd90103a201010102'],
  ['text that is not UTF-8', '62c080'],
  ['WTF-8 that is not', 'd9011142c080'],
] as const) {
  test(`invalid: ${name}`, (t) => {
    t.throws(() => decodeCbor(Buffer.from(hex, 'hex')), { instanceOf: InvalidMessageError, code: 'invalid' });
  });
}

test('names that objects inherit become own properties', (t) => {
  const value = { constructor: 1, toString: 2, hasOwnProperty: 3 };
  const arrived = decodeCbor(encodeCbor(value)) as object;
  t.deepEqual(Object.entries(arrived), Object.entries(value));
  t.is(Object.getPrototypeOf(arrived), Object.prototype);
});

test('dates keep their milliseconds, as far as dates go', (t) => {
  for (const ms of [0, -1, 1, 1e12 + 1, 8.64e15, -8.64e15, 8.64e15 - 1, -8.64e15 + 1, 2 ** 52 + 1, Number.NaN]) {
    t.is((decodeCbor(encodeCbor(new Date(ms))) as Date).getTime(), ms);
  }
});

test('bytes arrive as a plain Uint8Array of their own', (t) => {
  const arrived = decodeCbor(encodeCbor(Buffer.from('abc'))) as Uint8Array;
  t.is(Object.getPrototypeOf(arrived), Uint8Array.prototype);
  t.is(arrived.buffer.byteLength, 3);
});

test('short floats are read', (t) => {
  t.is(decodeCbor(Buffer.from('fa3fc00000', 'hex')), 1.5);
});
