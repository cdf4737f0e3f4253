import test from 'ava';
import { INCARNATIONS, linkEndOf } from './link-end.ts';

test('every run of a host and every life of a node has an end of its own', (t) => {
  const node = { host: 'east-1', inc: INCARNATIONS - 1, node: 2 };
  t.deepEqual(linkEndOf(node, 0), { name: 'east-1-2', inc: (INCARNATIONS - 1) * 4096 });
  t.true(Number.isSafeInteger(linkEndOf(node, 4095).inc));
  const seen = new Set<number>();
  for (const inc of [1, 2, INCARNATIONS - 1]) {
    for (let life = 0; life < 4096; life++) seen.add(linkEndOf({ ...node, inc }, life).inc);
  }
  t.is(seen.size, 3 * 4096);
});
