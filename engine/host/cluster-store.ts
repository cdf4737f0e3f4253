import { FencedError, StoreError } from '../base/errors.ts';
import { type HashKey, SLOTS } from '../cluster/keyspace.ts';
import type { EntityStore, RecordSave, SaveLevel, StoredRecord } from '../runtime/entity-store.ts';
import { LIVES_PER_EPOCH } from '../runtime/persistence/store-calls.ts';
import type { RecordHolds } from './record-holds.ts';
import { type IdentityRecord, readIdentity, type StoredIdentity, writeIdentity } from './store-identity.ts';

/** Epochs that are noted as used at a time. */
const RESERVED_AT_ONCE = 4096;
/** Other hosts may write the same record at the same time. */
const TRIES_MAX = 50;

/**
 * A store as a host of a cluster uses it: nobody takes the whole of it; each slot is claimed by its owner, under the epoch in which it got it. Before an epoch is used for
 * the first time it is noted in the store that it may have been. A cluster whose control store was lost, or a host alone, begins above that, so no epoch is ever used twice.
 */
export class ClusterStore implements EntityStore {
  readonly caps: EntityStore['caps'];
  private readonly inner: EntityStore;
  private readonly game: string;
  private readonly cluster: string;
  /** Of a store that belongs to this host. */
  private readonly holds: RecordHolds | undefined;
  private reserved = 0;
  private reserving: Promise<void> | undefined = undefined;

  constructor(inner: EntityStore, game: string, cluster: string, holds?: RecordHolds) {
    this.inner = inner;
    this.caps = inner.caps;
    this.game = game;
    this.cluster = cluster;
    this.holds = holds;
  }

  /** Before anything of it is used. `hashKey` is that of the cluster. Throws Error with one line when the store belongs to others. */
  async join(hashKey: HashKey): Promise<void> {
    const { cluster } = this;
    await this.agree((found) => {
      if (found === undefined) return { hashKey, epoch: 0, cluster };
      if (found.cluster !== undefined && found.cluster !== cluster) {
        throw new Error(
          `The store belongs to the cluster '${found.cluster}', not '${cluster}': choose another with --store or --cluster, or start a host on it without --nats once`,
        );
      }
      if (found.hashKey.some((word, i) => word !== hashKey[i])) throw new Error(OTHER_KEY);
      return found.cluster === cluster ? found : { ...found, cluster };
    });
  }

  /** Has somebody started on it who is not of this cluster? StoreError when it is not known. */
  async isTaken(): Promise<boolean> {
    const found = await readIdentity(this.inner, this.game);
    return found !== undefined && found.cluster !== this.cluster;
  }

  async claim(slot: number, token: number): Promise<void> {
    const epoch = Math.floor(token / LIVES_PER_EPOCH);
    while (epoch > this.reserved) {
      this.reserving ??= this.reserve(epoch).finally(() => {
        this.reserving = undefined;
      });
      await this.reserving;
    }
    await this.inner.claim(slot, token);
  }

  load(key: string, slot?: number): Promise<StoredRecord | undefined> {
    return this.inner.load(key, slot);
  }

  async save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
    await this.holds?.noted(slotsOf(batch));
    return this.inner.save(batch, level);
  }

  scan(prefix: string): AsyncIterable<{ key: string; record: StoredRecord }> {
    return this.inner.scan(prefix);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  /** Looks for the slots that have records, of a store that belongs to this host. `slotOf`: of a key; undefined for those of no slot. */
  async findHolds(slotOf: (key: string) => number | undefined): Promise<void> {
    const slots = new Set<number>();
    for await (const { key } of this.inner.scan('')) {
      const slot = slotOf(key);
      if (slot !== undefined) slots.add(slot);
    }
    this.holds?.found(slots);
  }

  private reserve(epoch: number): Promise<void> {
    return this.agree((found) => {
      if (found === undefined)
        throw new StoreError('corrupt', 'The store has lost what it held: its records are gone.');
      if (found.cluster !== this.cluster) {
        throw new FencedError('fenced', 'Somebody else has started on this store, who is not of this cluster.');
      }
      return found.epoch >= epoch ? found : { ...found, epoch: epoch + RESERVED_AT_ONCE };
    });
  }

  /** Reads the record, and writes it when `decide` gives another one. */
  private async agree(decide: (found: StoredIdentity | undefined) => IdentityRecord): Promise<void> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const found = await readIdentity(this.inner, this.game);
      const next = decide(found);
      try {
        if (next !== found) await writeIdentity(this.inner, this.game, next, found?.etag ?? null, found?.epoch ?? 0);
        this.reserved = next.epoch;
        return;
      } catch (error) {
        // Another host was first. What it wrote decides anew.
        if (!(error instanceof FencedError) && (error as StoreError).code !== 'conflict') throw error;
      }
    }
    throw new StoreError('timeout', 'The record of the store changes all the time.', { outcome: 'notExecuted' });
  }
}

function slotsOf(batch: readonly RecordSave[]): Set<number> {
  const slots = new Set<number>();
  for (const { slot, bytes } of batch) if (bytes !== null && slot < SLOTS) slots.add(slot);
  return slots;
}

export const OTHER_KEY =
  'The store spreads its entities by another key than this cluster: it was begun in another one, or alone. Start the first host of the cluster with this store, or choose another with --store or --data';
