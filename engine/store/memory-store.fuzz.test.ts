import test from 'ava';
import { checkStore } from '../testing/store-conformance.ts';
import { MemoryStore } from './memory-store.ts';

test('the memory store keeps every promise of a store', async (t) => {
  await checkStore({ open: async () => new MemoryStore(), wipe: async () => {}, keeps: false });
  t.pass();
});
