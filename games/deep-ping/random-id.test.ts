import test from 'ava';
import { randomIdExcluding } from './random-id.ts';

test('every id but the excluded one comes up', (t) => {
  const seen = new Set<number>();
  for (let i = 0; i < 9; i++) seen.add(randomIdExcluding(10, 4, i / 9));
  t.deepEqual(
    [...seen].sort((a, b) => a - b),
    [0, 1, 2, 3, 5, 6, 7, 8, 9],
  );
});

test('the ends of the dice stay inside', (t) => {
  t.is(randomIdExcluding(100, 0, 0), 1);
  t.is(randomIdExcluding(100, 99, 1 - 2 ** -53), 98);
  t.is(randomIdExcluding(100, 0, 1 - 2 ** -53), 99);
});

test('an id that is none of the count excludes nothing', (t) => {
  t.is(randomIdExcluding(100, 'five', 0.999), 99);
  t.is(randomIdExcluding(100, 100, 0), 0);
});
