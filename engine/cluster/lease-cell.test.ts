import test from 'ava';
import { isOpen, leaseFrom, NO_LEASE } from './lease.ts';
import { LeaseCell } from './lease-cell.ts';

test('a cell says of each moment what its lease says', (t) => {
  const cell = new LeaseCell();
  const seen = new LeaseCell(cell.memory);
  t.false(seen.isOpen(0, 0));
  const lease = leaseFrom({ mono: 1000.25, wall: 1_700_000_000_000 }, 600);
  cell.store(lease);
  t.deepEqual(seen.load(), lease);
  for (const mono of [1000, 1000.25, 1600.24, 1600.25, 5000]) {
    for (const wall of [0, 1_700_000_000_000, 1_700_000_000_599, 1_700_000_000_600]) {
      t.is(seen.isOpen(mono, wall), isOpen(lease, { mono, wall }));
    }
  }
  cell.close();
  t.deepEqual(seen.load(), NO_LEASE);
  t.false(seen.isOpen(1200, 1_700_000_000_001));
});

test('a writer that was stopped in the middle leaves no lease, and the next one counts', (t) => {
  const cell = new LeaseCell();
  const seen = new LeaseCell(cell.memory);
  cell.store(leaseFrom({ mono: 1, wall: 1 }, 1e6));
  t.true(seen.isOpen(2, 2));
  const words = new Int32Array(cell.memory);
  Atomics.add(words, 0, 1);
  t.false(seen.isOpen(2, 2));
  Atomics.add(words, 0, 1);
  t.true(seen.isOpen(2, 2));
});
