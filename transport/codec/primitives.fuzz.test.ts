import test from 'ava';
import fc from 'fast-check';
import { InvalidMessageError } from '../../engine/base/errors.ts';
import { readBytes, writeBytes } from './bytes.ts';
import { readCount, readNumber, writeCount } from './count.ts';
import { readEntityId, writeEntityId } from './entity-id.ts';
import { Reader } from './reader.ts';
import { readString, writeString } from './string.ts';
import { MISMATCH, OVERFLOW, Writer } from './writer.ts';

const OFFSET = 3;
const MEMORY = 4096;
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  fc.array(fc.nat(0xffff), { maxLength: 40 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    '\ufffd',
    'a\ufffdb'.repeat(20),
    '\ud83d\ude00',
    '\ud83d',
    '\ude00\ud83d',
    'x'.repeat(24),
    'x'.repeat(25),
  ),
);
const anyId = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.bigInt({ min: -(2n ** 1023n), max: 2n ** 1023n }),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
  fc
    .string({ unit: 'grapheme', maxLength: 60 })
    .filter((text) => Buffer.byteLength(text) <= 256 && !/\p{Surrogate}/u.test(text)),
);

interface Kind<T> {
  write(out: Writer, value: T): void;
  read(input: Reader): unknown;
}

/** Encodes into shared memory that has just enough room, after it refused every smaller one; then reads it again. */
function roundTrip<T>({ write, read }: Kind<T>, value: T): { bytes: Uint8Array; arrived: unknown } {
  const memory = new Uint8Array(new SharedArrayBuffer(MEMORY)).fill(0xa5);
  const roomy = new Writer(memory, OFFSET);
  write(roomy, value);
  const end = roomy.at;
  for (const room of [0, 1, end - OFFSET - 1]) {
    if (room < 0 || OFFSET + room >= end) continue;
    memory.fill(0xa5);
    try {
      write(new Writer(memory, OFFSET, OFFSET + room), value);
    } catch (error) {
      if (error !== OVERFLOW) throw error;
      if (memory.subarray(OFFSET + room).some((byte) => byte !== 0xa5)) throw new Error('It wrote beyond its end.');
      continue;
    }
    throw new Error(`It fits into ${room} bytes.`);
  }
  memory.fill(0xa5);
  write(new Writer(memory, OFFSET, end), value);
  const input = new Reader(memory, OFFSET, end);
  const arrived = read(input);
  if (input.at !== end) throw new Error('It read another length.');
  return { bytes: memory.slice(OFFSET, end), arrived };
}

function readsSafely({ read }: Kind<never>, bytes: Uint8Array): void {
  const input = new Reader(Uint8Array.of(...bytes, 1, 2, 3), 0, bytes.length);
  try {
    read(input);
    if (input.at > bytes.length) throw new Error('It read beyond the end.');
  } catch (error) {
    if (!(error instanceof InvalidMessageError)) throw error;
  }
}

const strings: Kind<string> = { write: writeString, read: readString };
const ids: Kind<number | bigint | string> = { write: writeEntityId, read: readEntityId };
const bytes: Kind<Uint8Array> = { write: writeBytes, read: readBytes };
const counts: Kind<number> = { write: writeCount, read: readNumber };

for (const [name, kind, values] of [
  ['strings', strings, anyText],
  ['entity ids', ids, anyId],
  ['bytes', bytes, fc.uint8Array({ maxLength: 300 })],
  ['counts', counts, fc.oneof(fc.nat(0xffffffff), fc.nat(300), fc.constantFrom(127, 128, 16383, 16384, 2 ** 32 - 1))],
] as [string, Kind<unknown>, fc.Arbitrary<unknown>][]) {
  test(`${name} make the round trip, and never write beyond their end`, (t) => {
    fc.assert(
      fc.property(values, (value) => {
        const { arrived } = roundTrip(kind, value);
        t.deepEqual(arrived, value);
      }),
      { numRuns: 400 },
    );
  });

  test(`damaged ${name} are invalid or another value`, (t) => {
    fc.assert(
      fc.property(values, fc.nat(), fc.nat(255), fc.uint8Array({ maxLength: 20 }), (value, at, byte, noise) => {
        const good = roundTrip(kind, value).bytes;
        good[at % good.length] = byte;
        for (const damaged of [good, good.subarray(0, at % good.length), noise])
          readsSafely(kind as Kind<never>, damaged);
      }),
      { numRuns: 400 },
    );
    t.pass();
  });
}

test('text that is not UTF-8 is invalid', (t) => {
  for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x41, 0x80]]) {
    const input = new Reader(Uint8Array.of(bad.length * 2, ...bad));
    t.throws(() => readString(input), { instanceOf: InvalidMessageError });
  }
});

test('counts have one form', (t) => {
  for (const bad of [
    [0x80, 0],
    [0x80, 0x80, 0],
    [0xff, 0xff, 0xff, 0xff, 0x1f],
    [0xff, 0xff, 0xff, 0xff, 0xff, 1],
    [0x80],
  ]) {
    t.throws(() => readNumber(new Reader(Uint8Array.from(bad))), { instanceOf: InvalidMessageError });
  }
});

test('a count is no larger than what can follow', (t) => {
  t.is(readCount(new Reader(Uint8Array.of(2, 0, 0, 0, 0)), 2), 2);
  t.throws(() => readCount(new Reader(Uint8Array.of(3, 0, 0, 0, 0)), 2), { instanceOf: InvalidMessageError });
  t.throws(() => readCount(new Reader(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f)), 1), {
    instanceOf: InvalidMessageError,
  });
});

test('what is no entity id is refused', (t) => {
  for (const bad of [
    1.5,
    2 ** 53,
    Number.NaN,
    'a'.repeat(257),
    'é'.repeat(129),
    '\ud800',
    2n ** 1024n,
    null,
    undefined,
    {},
  ]) {
    const out = new Writer(new Uint8Array(600));
    t.is(t.throws(() => writeEntityId(out, bad as never), { any: true }) as unknown, MISMATCH);
  }
});

test('the kind of an id survives', (t) => {
  t.deepEqual(
    [7, 7n, '7'].map((id) => roundTrip(ids, id).arrived),
    [7, 7n, '7'],
  );
});
