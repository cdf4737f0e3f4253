import { FencedError } from '../base/errors.ts';
import type { EntityStore, RecordSave, SaveLevel, StoredRecord } from '../runtime/entity-store.ts';

/** A store, and somebody who hears of every refusal for a claim that is not the one of now. */
export class WatchedStore implements EntityStore {
  readonly caps: EntityStore['caps'];
  private readonly store: EntityStore;
  private readonly onFenced: () => void;

  constructor(store: EntityStore, onFenced: () => void) {
    this.caps = store.caps;
    this.store = store;
    this.onFenced = onFenced;
  }

  claim(slot: number, epoch: number): Promise<void> {
    return this.watched(() => this.store.claim(slot, epoch));
  }

  load(key: string, slot?: number): Promise<StoredRecord | undefined> {
    return this.store.load(key, slot);
  }

  save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
    return this.watched(() => this.store.save(batch, level));
  }

  scan(prefix: string): AsyncIterable<{ key: string; record: StoredRecord }> {
    return this.store.scan(prefix);
  }

  close(): Promise<void> {
    return this.store.close();
  }

  private async watched<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof FencedError) this.onFenced();
      throw error;
    }
  }
}
