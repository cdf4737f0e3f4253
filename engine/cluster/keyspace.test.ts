import test from 'ava';
import type { EntityId } from '../base/entity-id.ts';
import { type HashKey, Keyspace, SLOTS } from './keyspace.ts';

const KEY: HashKey = [0x03020100, 0x07060504];
const keyspace = new Keyspace(KEY);

/**
 * HalfSipHash-1-3 written down a second time, over bytes and in bigints: slow, and close to the text of the reference code. It takes the
 * words that the keyspace makes of a type and an id.
 */
function reference(words: readonly number[], counted: number): number {
  const mask = 0xffff_ffffn;
  const rotate = (x: bigint, bits: bigint): bigint => ((x << bits) | (x >> (32n - bits))) & mask;
  let v0 = BigInt(KEY[0]);
  let v1 = BigInt(KEY[1]);
  let v2 = 0x6c796765n ^ BigInt(KEY[0]);
  let v3 = 0x74656462n ^ BigInt(KEY[1]);
  const round = (): void => {
    v0 = (v0 + v1) & mask;
    v1 = rotate(v1, 5n) ^ v0;
    v0 = rotate(v0, 16n);
    v2 = (v2 + v3) & mask;
    v3 = rotate(v3, 8n) ^ v2;
    v0 = (v0 + v3) & mask;
    v3 = rotate(v3, 7n) ^ v0;
    v2 = (v2 + v1) & mask;
    v1 = rotate(v1, 13n) ^ v2;
    v2 = rotate(v2, 16n);
  };
  for (const word of [...words, counted << 24]) {
    const m = BigInt(word >>> 0);
    v3 ^= m;
    round();
    v0 ^= m;
  }
  v2 ^= 0xffn;
  for (let i = 0; i < 3; i++) round();
  return Number((v1 ^ v3) & BigInt(SLOTS - 1));
}

test('slots are those of HalfSipHash over type, kind and id', (t) => {
  for (const type of [0, 1, 500]) {
    for (const id of [0, 1, -1, 42, 2 ** 31, -(2 ** 31), 2 ** 40 + 5, -(2 ** 40) - 5]) {
      const high = Math.floor(id / 2 ** 32);
      t.is(keyspace.slotOf(type, id), reference([(type << 2) | 0, id - high * 2 ** 32, high], 3), `${type} ${id}`);
    }
    t.is(keyspace.slotOf(type, 'ab'), reference([(type << 2) | 1, 0x00620061], 4));
    t.is(keyspace.slotOf(type, 'abc'), reference([(type << 2) | 1, 0x00620061, 0x63], 7));
    t.is(keyspace.slotOf(type, 5n), reference([(type << 2) | 2, 5], 2));
    t.is(keyspace.slotOf(type, -5n), reference([(type << 2) | 3, 5], 2));
    t.is(keyspace.slotOf(type, 2n ** 40n), reference([(type << 2) | 2, 0, 256], 3));
  }
});

test('slots are whole numbers below 4096, and the same every time', (t) => {
  const ids: EntityId[] = [
    0,
    -0,
    7,
    7n,
    '7',
    '',
    'a',
    '\0',
    'a\0',
    -7,
    -7n,
    Number.MAX_SAFE_INTEGER,
    2n ** 1000n,
    'ü'.repeat(128),
  ];
  for (const id of ids) {
    const slot = keyspace.slotOf(3, id);
    t.true(Number.isInteger(slot) && slot >= 0 && slot < SLOTS, String(id));
    t.is(new Keyspace(KEY).slotOf(3, id), slot);
  }
  t.is(keyspace.slotOf(3, -0), keyspace.slotOf(3, 0));
});

test('kinds, types, keys and neighbours are told apart', (t) => {
  const differ = (a: (i: number) => number, b: (i: number) => number): void => {
    let same = 0;
    for (let i = 1; i <= 400; i++) if (a(i) === b(i)) same++;
    // One in 4096 is chance.
    t.true(same <= 4, `${same} of 400 are the same`);
  };
  const other = new Keyspace([1, 2]);
  differ(
    (i) => keyspace.slotOf(1, i),
    (i) => keyspace.slotOf(1, BigInt(i)),
  );
  differ(
    (i) => keyspace.slotOf(1, i),
    (i) => keyspace.slotOf(1, String(i)),
  );
  differ(
    (i) => keyspace.slotOf(1, BigInt(i)),
    (i) => keyspace.slotOf(1, BigInt(-i)),
  );
  differ(
    (i) => keyspace.slotOf(1, i),
    (i) => keyspace.slotOf(1, -i),
  );
  differ(
    (i) => keyspace.slotOf(1, i),
    (i) => keyspace.slotOf(2, i),
  );
  differ(
    (i) => keyspace.slotOf(1, i),
    (i) => keyspace.slotOf(1, i + 2 ** 32),
  );
  differ(
    (i) => keyspace.slotOf(1, i),
    (i) => other.slotOf(1, i),
  );
  differ(
    (i) => keyspace.slotOf(1, `${i}`),
    (i) => keyspace.slotOf(1, `${i}\0`),
  );
});

for (const [title, idOf] of [
  ['counted', (i: number): EntityId => i],
  ['spaced by 4096', (i: number): EntityId => i * 4096],
  ['named', (i: number): EntityId => `player-${i}`],
  ['bigint', (i: number): EntityId => BigInt(i) << 64n],
] as const) {
  test(`ids spread evenly over the slots: ${title}`, (t) => {
    const each = 50;
    const counts = new Uint32Array(SLOTS);
    for (let i = 0; i < SLOTS * each; i++) {
      const slot = keyspace.slotOf(1, idOf(i));
      counts[slot] = counts[slot]! + 1;
    }
    // Chi-square with 4095 degrees of freedom: 4095 ± 90 is one standard deviation.
    const chi = counts.reduce((sum, count) => sum + (count - each) ** 2 / each, 0);
    t.true(chi > 3600 && chi < 4600, `${chi}`);
  });
}
