import test from 'ava';
import { SLOTS } from './keyspace.ts';
import { NOBODY, SLOT_ELSEWHERE, SLOT_FROZEN, SLOT_OPEN, SLOT_SHUT, SlotTable } from './slot-table.ts';

test('a host alone: all slots are open, and every thread sees the same', (t) => {
  const table = new SlotTable();
  table.spread(3, 7);
  const seen = new SlotTable(table.memory);
  for (let slot = 0; slot < SLOTS; slot++) {
    t.deepEqual([seen.ownerOf(slot), seen.epochOf(slot), seen.stateOf(slot)], [slot % 3, 7, SLOT_OPEN]);
    t.false(seen.isElsewhere(slot));
  }
  t.is(seen.version, 1);
});

test('a slot that comes is shut, runs, is frozen and thawed by its owner, and goes', (t) => {
  const table = new SlotTable();
  table.clear();
  t.is(table.ownerOf(9), NOBODY);
  table.put(9, 2, 4, SLOT_SHUT);
  table.publish();
  t.is(table.version, 2);
  t.false(table.freeze(9));
  table.open(9);
  t.true(table.isOpen(9));
  t.true(table.freeze(9));
  t.is(table.stateOf(9), SLOT_FROZEN);
  t.false(table.freeze(9));
  // A slot that was stopped is not begun again by anybody but its owner.
  table.open(9);
  t.is(table.stateOf(9), SLOT_FROZEN);
  t.true(table.thaw(9));
  t.false(table.thaw(9));
  table.put(9, NOBODY, 4, SLOT_SHUT);
  t.false(table.isOpen(9));
});

test('that the records are elsewhere stays through all that happens to a slot', (t) => {
  const table = new SlotTable();
  table.put(5, 0, 3, SLOT_SHUT | SLOT_ELSEWHERE);
  for (const step of [() => table.open(5), () => table.freeze(5), () => table.thaw(5)]) {
    step();
    t.true(table.isElsewhere(5));
  }
  t.true(table.isOpen(5));
});

test('the epoch in which a node runs a slot: 0 for others, for what is shut, for what is frozen', (t) => {
  const table = new SlotTable();
  table.put(5, 2, 7, SLOT_SHUT);
  t.is(table.openEpochOf(5, 2), 0);
  table.open(5);
  t.is(table.openEpochOf(5, 2), 7);
  t.is(table.openEpochOf(5, 1), 0);
  t.true(table.freeze(5));
  t.is(table.openEpochOf(5, 2), 0);
  table.put(5, 2, 7, SLOT_OPEN | SLOT_ELSEWHERE);
  t.is(table.openEpochOf(5, 2), 7);
});
