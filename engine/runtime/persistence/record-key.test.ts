import test from 'ava';
import { entityOfKey, recordKey } from './record-key.ts';

test('keys tell types and kinds of ids apart, and lead back', (t) => {
  const ids = [7, -7, 7n, '7', '', 'a/b', 'ü', 'entity/x', Number.MAX_SAFE_INTEGER, -(2n ** 80n), 'line\nbreak'];
  for (const type of ['Hero', 'a/b', 'ü', '%2F']) {
    for (const id of ids) t.deepEqual(entityOfKey(recordKey(type, id)), { type, id });
  }
  t.is(new Set(ids.map((id) => recordKey('Hero', id))).size, ids.length);
  t.is(recordKey('Hero', 7), 'entity/Hero/n7');
  for (const key of ['engine', 'entity/Hero', 'entity/Hero/x7', 'entity/Hero/n07', 'entity/Hero/bx', 'entity/%zz/n1']) {
    t.is(entityOfKey(key), undefined, key);
  }
});
