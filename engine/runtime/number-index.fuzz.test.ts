import assert from 'node:assert';
import test from 'ava';
import * as fc from 'fast-check';
import { NumberIndex, shelfOfNumber } from './number-index.ts';

/** Many of them in one block, or in blocks that begin at the same slot. */
const someId = fc.oneof(
  fc.integer({ min: -20, max: 60 }),
  fc.integer({ min: -8, max: 8 }).map((step) => step << 27),
  fc.integer({ min: 0, max: 40 }).map((step) => step * 4096),
  fc.constantFrom(0x7fff_ffff, -0x8000_0000, 0, -1),
);

test('an index knows what a Map knows, whatever came and went before', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ id: someId, isThere: fc.boolean() }), { maxLength: 400, size: 'max' }),
      fc.nat(300),
      (steps, clearAt) => {
        const index = new NumberIndex();
        const model = new Map<number, number>();
        steps.forEach(({ id, isThere }, place) => {
          if (place === clearAt) {
            index.clear(model.size);
            model.clear();
          }
          if (isThere && !model.has(id)) {
            index.add(id, place);
            model.set(id, place);
          } else if (!isThere && model.has(id)) {
            index.delete(id);
            model.delete(id);
          }
          assert.strictEqual(index.placeOf(id), model.get(id) ?? -1);
        });
        for (const [id, place] of model) assert.strictEqual(index.placeOf(id), place);
        for (const { id } of steps) if (!model.has(id)) assert.strictEqual(index.placeOf(id), -1);
      },
    ),
    { numRuns: 500, includeErrorInReport: true },
  );
  t.pass();
});

test('ids in steps of any size spread over the shelves', (t) => {
  for (const step of [1, 2, 8, 10, 100, 1024, 4096, 65_536, 1 << 17]) {
    const count = new Uint32Array(256);
    const ids = Math.min(8192, 2 ** 31 / step);
    for (let i = 0; i < ids; i++) count[shelfOfNumber(i * step)]!++;
    const most = Math.max(...count);
    t.true(most <= Math.max(8, (ids / 256) * 4), `${most} of ${ids} ids in steps of ${step} on one shelf`);
  }
});
