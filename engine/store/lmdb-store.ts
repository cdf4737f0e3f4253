import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { StoreError } from '../base/errors.ts';
import type { EntityStore, RecordSave, SaveLevel, StoredRecord } from '../runtime/entity-store.ts';
import { type OnDamage, rethrow } from './damage.ts';
import { busy, checkBatch, checkClaim, conflict, fenced, SAVES_MAX } from './refusals.ts';
import { etagOf, packRecord, unpackRecord } from './stored-form.ts';

/** Records read by one step of a scan: others get the thread in between. */
const SCAN_STEP = 256;

/** With less, a write that failed failed for want of it: LMDB only says that it wrote less than it wanted to. */
const FREE_BYTES_MIN = 1024 * 1024;

const LAST_SAVE = Buffer.from('last save');

/**
 * Records in an LMDB environment of this host, a folder of its own. Saves of one turn of the event loop share a transaction. A batch is checked
 * first and written then, both within the one write transaction that the environment has at a time, so several processes may have it open.
 */
export class LmdbStore implements EntityStore {
  readonly caps = {
    scope: 'host',
    fencing: 'cas',
    levels: ['committed', 'flushed'],
    maxRecord: 16 * 1024 * 1024,
  } as const;
  private readonly folder: string;
  private readonly root: RootDatabase<Buffer, Buffer>;
  private readonly records: Database<Buffer, Buffer>;
  /** Epochs by slot. */
  private readonly claims: Database<Buffer, number>;
  private readonly facts: Database<Buffer, Buffer>;
  private savesUnderWay = 0;

  /** Throws StoreError (`read-only`, `full`) when the folder cannot be used. */
  constructor(folder: string) {
    this.folder = folder;
    try {
      mkdirSync(folder, { recursive: true });
      // lmdb-js resolves a write when it is committed; that it is on disk is told by `flushed`.
      this.root = open<Buffer, Buffer>({ path: join(folder, 'entities.mdb'), encoding: 'binary', maxDbs: 8 });
      this.records = this.root.openDB({ name: 'records', encoding: 'binary', keyEncoding: 'binary' });
      this.claims = this.root.openDB({ name: 'claims', encoding: 'binary', keyEncoding: 'uint32' });
      this.facts = this.root.openDB({ name: 'facts', encoding: 'binary', keyEncoding: 'binary' });
    } catch (error) {
      throw storeError(error, `The store in ${folder} could not be opened`, folder);
    }
  }

  async claim(slot: number, epoch: number): Promise<void> {
    checkClaim(slot, epoch);
    const isMine = await this.write(() => {
      if (this.claimOf(slot) > epoch) return false;
      const packed = Buffer.alloc(8);
      packed.writeDoubleLE(epoch);
      void this.claims.put(slot, packed);
      return true;
    }, 'committed');
    if (!isMine) throw fenced(slot, epoch);
  }

  async load(key: string): Promise<StoredRecord | undefined> {
    const packed = this.records.get(Buffer.from(key));
    return packed && unpackRecord(key, packed);
  }

  async save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
    checkBatch(this.caps, batch, level);
    const outcome = await this.write(() => this.saveNow(batch), level);
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  async *scan(prefix: string, onDamage: OnDamage = rethrow): AsyncGenerator<{ key: string; record: StoredRecord }> {
    const first = Buffer.from(prefix);
    let after: Buffer | undefined;
    for (;;) {
      const start = after ?? first;
      const step = [...this.records.getRange({ start, limit: SCAN_STEP + 1 })];
      for (const { key, value } of step) {
        const name = Buffer.from(key);
        if (after !== undefined && name.equals(after)) continue;
        if (!name.subarray(0, first.length).equals(first)) return;
        const text = name.toString();
        let record: StoredRecord;
        try {
          record = unpackRecord(text, value);
        } catch (error) {
          onDamage(text, error as Error);
          continue;
        }
        yield { key: text, record };
      }
      if (step.length <= SCAN_STEP) return;
      after = Buffer.from(step.at(-1)!.key);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async close(): Promise<void> {
    await this.root.flushed;
    await this.root.close();
  }

  /** Within a write transaction. Returns the refusal instead of throwing it: others' batches are in the same transaction. */
  private saveNow(batch: readonly RecordSave[]): string[] | Error {
    const keys = batch.map(({ key }) => Buffer.from(key));
    for (const [i, { key, expectedEtag, slot, epoch }] of batch.entries()) {
      if (this.claimOf(slot) !== epoch) return fenced(slot, epoch);
      const packed = this.records.get(keys[i]!);
      if ((packed === undefined ? null : etagOf(packed)) !== expectedEtag) return conflict(key);
    }
    let number = this.facts.get(LAST_SAVE)?.readDoubleLE() ?? 0;
    const etags = batch.map(({ bytes, epoch }, i) => {
      if (bytes === null) {
        void this.records.remove(keys[i]!);
        return '';
      }
      void this.records.put(keys[i]!, packRecord(++number, epoch, bytes));
      return String(number);
    });
    const last = Buffer.alloc(8);
    last.writeDoubleLE(number);
    void this.facts.put(LAST_SAVE, last);
    return etags;
  }

  /** -1 for a slot that nobody has claimed. */
  private claimOf(slot: number): number {
    return this.claims.get(slot)?.readDoubleLE() ?? -1;
  }

  private async write<T>(work: () => T, level: SaveLevel): Promise<T> {
    // lmdb-js blocks its thread when very much waits to be written.
    if (this.savesUnderWay >= SAVES_MAX) throw busy();
    this.savesUnderWay++;
    try {
      const result = await this.root.transaction(work);
      if (level === 'flushed') await this.root.flushed;
      return result;
    } catch (error) {
      throw storeError(error, 'The store could not be written', this.folder);
    } finally {
      this.savesUnderWay--;
    }
  }
}

function storeError(error: unknown, what: string, folder: string): StoreError {
  const { message, code } = error as Error & { code?: string | number };
  const isFull = code === 'ENOSPC' || /MDB_MAP_FULL|No space left|ENOSPC/.test(message) || isOutOfSpace(folder);
  const isReadOnly = code === 'EACCES' || code === 'EROFS' || /permission denied|read-only/i.test(message);
  return new StoreError(isFull ? 'full' : isReadOnly ? 'read-only' : 'timeout', `${what}: ${message}`, {
    cause: error,
  });
}

function isOutOfSpace(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < FREE_BYTES_MIN;
  } catch {
    return false;
  }
}
