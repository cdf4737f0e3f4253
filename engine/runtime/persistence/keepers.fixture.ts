import type { ExecutionContext } from 'ava';
import { decodeCbor } from '../../../transport/codec/cbor.ts';
import type { EntityId } from '../../base/entity-id.ts';
import { FaultyStore } from '../../testing/faulty-store.fixture.ts';
import { loadFixtureGame } from '../../testing/fixture-game.fixture.ts';
import { LocalHost, type LocalHostOptions } from '../../testing/local-host.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { recordKey } from './record-key.ts';

const { catalogue } = await loadFixtureGame('keepers');

/** The game of keepers on nodes of this thread, with a store that fails when told to, and a clock that a test moves. */
export function startKeepers(t: ExecutionContext, options: LocalHostOptions & { faulty?: FaultyStore } = {}) {
  const store = options.faulty ?? new FaultyStore();
  const clock = options.clock ?? new ManualClock();
  const host = new LocalHost(catalogue, { nodes: 2, store, ...options, clock });
  t.teardown(() => host.stop());
  return {
    host,
    store,
    view: host.view(0),
    /** `[version, state]` as the store has it; undefined when it has no record. */
    async stored(type: string, id: EntityId): Promise<any> {
      const record = await store.inner.load(recordKey(type, id));
      return record && decodeCbor(record.bytes);
    },
    advance: (ms: number) => host.advance(ms),
  };
}

/** Puts bytes where a record belongs, before any host has claimed anything. */
export async function plant(store: FaultyStore, key: string, bytes: Uint8Array): Promise<void> {
  await store.inner.claim(0, 1);
  await store.inner.save([{ key, bytes, expectedEtag: null, slot: 0, epoch: 1 }], 'committed');
}
