import type { ExecutionContext } from 'ava';
import { decodeCbor } from '../../../transport/codec/cbor.ts';
import type { EntityId } from '../../base/entity-id.ts';
import { FaultyStore } from '../../testing/faulty-store.fixture.ts';
import { loadFixtureGame } from '../../testing/fixture-game.fixture.ts';
import { Diary } from '../../testing/games/diaries/contracts.fixture.ts';
import { LocalHost, type LocalHostOptions } from '../../testing/local-host.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { DUE_PREFIX, decodePage } from './due-pages.ts';
import { recordKey } from './record-key.ts';

const { catalogue } = await loadFixtureGame('diaries');

type Ends = Pick<ExecutionContext, 'teardown'>;

/** The game of diaries on nodes of this thread, one host after another on one store and one clock. */
export function startDiaries(
  t: Ends,
  options: Omit<LocalHostOptions, 'clock'> & { clock?: ManualClock; faulty?: FaultyStore } = {},
) {
  const store = options.faulty ?? new FaultyStore();
  const clock = options.clock ?? new ManualClock();
  const epoch = options.epoch ?? 1;
  const host = new LocalHost(catalogue, { nodes: 2, store, ...options, epoch, clock });
  t.teardown(() => host.stop());
  return {
    host,
    store,
    clock,
    view: host.view(0),
    diary: (id: EntityId) => host.view(0).getProxy(Diary, id),
    /** From one thing that is due to the next. */
    async pass(ms: number): Promise<void> {
      const end = clock.now() + ms;
      await host.settled();
      while (clock.now() < end) {
        const next = Math.max(host.nextDue(), clock.now() + 1);
        await host.advance(Math.min(next, end) - clock.now());
      }
    },
    /** Ends without a word, and another host starts on the store. */
    crash: () => {
      for (const node of host.nodes) node.die();
      return startDiaries(t, { ...options, faulty: store, clock, epoch: epoch + 1 });
    },
    isInMemory: (id: EntityId): boolean => host.find(Diary, id) !== undefined,
    /** Where the index has an entity, in milliseconds since the clock's beginning. */
    async indexed(id: EntityId, type = 'Diary'): Promise<number[]> {
      const found: number[] = [];
      for await (const { key, record } of store.inner.scan(DUE_PREFIX)) {
        if (!/^due\/\d+\/\d+$/.test(key)) continue;
        for (const due of decodePage(key, record.bytes)) {
          if (`entity/${due.key}` === recordKey(type, id)) found.push(due.at);
        }
      }
      return found.sort((a, b) => a - b);
    },
    /** What the record says beside its state. */
    async beside(id: EntityId, type = 'Diary'): Promise<any> {
      const record = await store.inner.load(recordKey(type, id));
      return record && (decodeCbor(record.bytes) as unknown[])[2];
    },
  };
}
