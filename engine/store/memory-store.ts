import type { EntityStore, RecordSave, SaveLevel, StoredRecord } from '../runtime/entity-store.ts';
import { checkBatch, checkClaim, conflict, fenced } from './refusals.ts';

/** Records in the memory of the process that made it, gone with it. For tests, and for worlds that may forget. */
export class MemoryStore implements EntityStore {
  readonly caps = {
    scope: 'host',
    fencing: 'cas',
    // Nothing here survives the process, so the two promise the same.
    levels: ['committed', 'flushed'],
    maxRecord: 16 * 1024 * 1024,
  } as const;
  private readonly records = new Map<string, StoredRecord>();
  private readonly claims = new Map<number, number>();
  private saves = 0;

  async claim(slot: number, epoch: number): Promise<void> {
    checkClaim(slot, epoch);
    if ((this.claims.get(slot) ?? 0) > epoch) throw fenced(slot, epoch);
    this.claims.set(slot, epoch);
  }

  async load(key: string): Promise<StoredRecord | undefined> {
    const record = this.records.get(key);
    return record && { ...record, bytes: record.bytes.slice() };
  }

  async save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
    checkBatch(this.caps, batch, level);
    for (const { key, expectedEtag, slot, epoch } of batch) {
      if (this.claims.get(slot) !== epoch) throw fenced(slot, epoch);
      if ((this.records.get(key)?.etag ?? null) !== expectedEtag) throw conflict(key);
    }
    return batch.map(({ key, bytes, epoch }) => {
      if (bytes === null) {
        this.records.delete(key);
        return '';
      }
      const etag = String(++this.saves);
      this.records.set(key, { bytes: bytes.slice(), etag, epoch });
      return etag;
    });
  }

  async etagOf(key: string): Promise<string | null> {
    return this.records.get(key)?.etag ?? null;
  }

  async *scan(prefix: string): AsyncGenerator<{ key: string; record: StoredRecord }> {
    for (const [key, record] of [...this.records]) {
      if (key.startsWith(prefix)) yield { key, record: { ...record, bytes: record.bytes.slice() } };
    }
  }

  async close(): Promise<void> {}
}
