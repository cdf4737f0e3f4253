import type { ExecutionContext } from 'ava';
import { decodeCbor } from '../../../transport/codec/cbor.ts';
import type { EntityId } from '../../base/entity-id.ts';
import { FaultyStore } from '../../testing/faulty-store.fixture.ts';
import { loadFixtureGame } from '../../testing/fixture-game.fixture.ts';
import { Purse } from '../../testing/games/purses/contracts.fixture.ts';
import { LocalHost, type LocalHostOptions } from '../../testing/local-host.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { PARCELS_PREFIX, recordKey } from './record-key.ts';
import type { Beside } from './state-form.ts';

const { catalogue } = await loadFixtureGame('purses');

/** As it was generated. */
export function operationOf(name: string) {
  return catalogue.contract(Purse).generated.operations.find((operation) => operation.name === name)!;
}

interface StoredPurse {
  state: { coins: number; notes: string[] };
  beside: Beside | undefined;
}

/** The game of purses on nodes of this thread, with a store that fails when told to, and a clock that a test moves. */
export function startPurses(
  t: Pick<ExecutionContext, 'teardown'>,
  options: LocalHostOptions & { faulty?: FaultyStore } = {},
) {
  const store = options.faulty ?? new FaultyStore();
  const clock = options.clock ?? new ManualClock();
  const host = new LocalHost(catalogue, { nodes: 2, store, ...options, clock });
  t.teardown(() => host.stop());
  const stored = async (type: string, id: EntityId): Promise<StoredPurse | undefined> => {
    const record = await store.inner.load(recordKey(type, id));
    if (record === undefined) return undefined;
    const [, state, beside] = decodeCbor(record.bytes) as [number, StoredPurse['state'], Beside?];
    return { state, beside };
  };
  return {
    host,
    store,
    view: host.view(0),
    purse: (id: number) => host.view(0).getProxy(Purse, id),
    stored,
    /** Whether the store says that this record has parcels. */
    isMarked: async (type: string, id: EntityId): Promise<boolean> =>
      (await store.inner.load(PARCELS_PREFIX + recordKey(type, id))) !== undefined,
    advance: (ms: number) => host.advance(ms),
    /** Time enough for everything that has been sent to arrive and be forgotten. */
    async rest(): Promise<void> {
      for (let i = 0; i < 8; i++) await host.advance(500);
    },
  };
}
