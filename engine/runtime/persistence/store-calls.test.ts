import test from 'ava';
import { FencedError, OverloadedError, StoreError } from '../../base/errors.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import type { Operation } from '../catalogue.ts';
import { STORE_CLAIM, STORE_SAVE } from '../engine-operations.ts';
import type { Router } from '../router.ts';
import { rowsOf, type SaveColumns } from './save-columns.ts';
import { LIVES_PER_EPOCH, StoreCalls } from './store-calls.ts';

/** A node of a cluster, whose slots have the epochs of `epochs`; `table` is what the table says, whoever the owner is. */
function node(store: MemoryStore) {
  const epochs = new Map<number, number>();
  const table = new Map<number, number>();
  const claims: number[] = [];
  const ask = async (operation: Operation, _id: number, _slot: number, args: unknown[]): Promise<unknown> => {
    if (operation === STORE_CLAIM) {
      claims.push((args[1] as number) / LIVES_PER_EPOCH);
      return store.claim(...(args as [number, number]));
    }
    if (operation !== STORE_SAVE) return store.load(args[0] as string);
    return store.save(rowsOf(args as SaveColumns), 'flushed');
  };
  const router = { epochOf: (slot: number) => table.get(slot) ?? 0, storeAt: () => 0 } as unknown as Router;
  const openEpochOf = (slot: number): number => epochs.get(slot) ?? 0;
  const calls = new StoreCalls({ ask }, router, { life: 0, isClaimed: false, openEpochOf }, async () => {});
  const row = (key: string) => {
    return { key, bytes: new Uint8Array(1), expectedEtag: null, slot: 3, epoch: calls.tokenOf(3) };
  };
  return { calls, epochs, table, claims, row };
}

test('in a cluster a slot is claimed in each epoch in which it is here, and never in that of another owner', async (t) => {
  const { calls, epochs, table, claims } = node(new MemoryStore());
  epochs.set(3, 5);
  table.set(3, 5);
  await Promise.all([calls.claimed(3), calls.claimed(3)]);
  await calls.claimed(3);
  t.deepEqual(claims, [5]);
  // It went to somebody else: the table has the epoch, and it is not ours.
  epochs.delete(3);
  table.set(3, 6);
  await t.throwsAsync(calls.claimed(3), { instanceOf: FencedError });
  t.deepEqual(claims, [5]);
  epochs.set(3, 7);
  table.set(3, 7);
  await calls.claimed(3);
  t.deepEqual(claims, [5, 7]);
});

test('what was loaded in one epoch is saved under it, whatever the table says by then', async (t) => {
  const store = new MemoryStore();
  const { calls, epochs, table, row } = node(store);
  epochs.set(3, 5);
  table.set(3, 5);
  await calls.claimed(3);
  epochs.delete(3);
  table.set(3, 6);
  await store.claim(3, 6 * LIVES_PER_EPOCH);
  await t.throwsAsync(calls.save([row('late')], 'flushed'), { instanceOf: FencedError });
  // To ask whether it is still ours does not make it ours.
  await t.throwsAsync(calls.claimAgain(3), { instanceOf: FencedError });
  // Other slots of the node are another matter.
  epochs.set(4, 6);
  await calls.claimed(4);
});

test('loads that find the way to the store full wait for room, and are told when there is none for long', async (t) => {
  const pauses: number[] = [];
  let refusals = 3;
  const ask = async (): Promise<unknown> => {
    if (refusals-- > 0) throw new OverloadedError('link-full', 'too much waits', { retryAfterMs: 1100 });
    return { bytes: new Uint8Array(1), etag: '1', epoch: 1 };
  };
  const router = { epochOf: () => 1, storeAt: () => 0 } as unknown as Router;
  const access = { life: 0, isClaimed: true, openEpochOf: () => 1 };
  const calls = new StoreCalls({ ask }, router, access, async (ms) => void pauses.push(ms));
  t.is((await calls.load('k', 1))!.etag, '1');
  t.deepEqual(pauses, [500, 500, 500]);
  refusals = Number.POSITIVE_INFINITY;
  const error = await t.throwsAsync(calls.load('k', 1), { instanceOf: StoreError, code: 'timeout' });
  t.is((error as StoreError).outcome, 'notExecuted');
  t.true(pauses.length < 20);
});
