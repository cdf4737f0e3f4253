import { mkdirSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, open, type RootDatabase } from 'lmdb';
import { StoreError } from '../base/errors.ts';
import type { EntityStore, RecordSave, SaveLevel, StoredRecord } from '../runtime/entity-store.ts';
import { type OnDamage, rethrow } from './damage.ts';
import { busy, checkBatch, checkClaim, conflict, fenced, SAVES_MAX } from './refusals.ts';
import { etagOf, packedLength, packInto, unpackRecord } from './stored-form.ts';
import { type Write, WriteLine } from './write-line.ts';

/** Records read by one step of a scan: others get the thread in between. */
const SCAN_STEP = 256;

/** With less, a write that failed failed for want of it: LMDB only says that it wrote less than it wanted to. */
const FREE_BYTES_MIN = 1024 * 1024;

const LAST_SAVE = Buffer.from('last save');
/** Its version is the number of the one who writes. */
const WRITER = Buffer.from('writer');
const NOTHING = Buffer.alloc(1);

/** A promise of lmdb-js for a block of writes: false when its condition did not hold. */
type Committed = Promise<boolean> & { readonly flushed: Promise<unknown> };

interface Piece extends Write {
  /** Within the block; must not throw. */
  put(): void;
  /** Before anything else that waits is looked at. */
  written?(): void;
  /** Set once it is sent. */
  flushed: Promise<unknown> | undefined;
}

/**
 * Records in an LMDB environment of this host, a folder of its own. Several processes may have it open. One of them writes at a time: it has put
 * its number into the record `writer`, and every batch is one block of a transaction under the condition that this number still stands there.
 * So a batch can be compared with what is there before it is sent, and the thread of lmdb-js that writes never waits for this one.
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
  private readonly writers: Database<Buffer, Buffer>;
  private readonly line: WriteLine<Piece>;
  /** Of us among those who write; stands for as long as the condition holds. */
  private writer = 0;
  private lastSave = 0;
  /** As far as it was read or written since we are the one who writes. */
  private readonly claimed = new Map<number, number>();

  /** Throws StoreError (`read-only`, `full`) when the folder cannot be used. */
  constructor(folder: string) {
    this.folder = folder;
    try {
      mkdirSync(folder, { recursive: true });
      this.root = open<Buffer, Buffer>({
        path: join(folder, 'entities.mdb'),
        encoding: 'binary',
        maxDbs: 8,
        // Each write knows its own flush and need not wait for that of later ones.
        separateFlushed: true,
        // A block is handed over when it is complete: its transaction never waits for this thread, which may end.
        eventTurnBatching: false,
      });
      this.records = this.root.openDB({ name: 'records', encoding: 'binary', keyEncoding: 'binary' });
      this.claims = this.root.openDB({ name: 'claims', encoding: 'binary', keyEncoding: 'uint32' });
      this.facts = this.root.openDB({ name: 'facts', encoding: 'binary', keyEncoding: 'binary' });
      this.writers = this.root.openDB({
        name: 'writers',
        encoding: 'binary',
        keyEncoding: 'binary',
        useVersions: true,
      });
    } catch (error) {
      throw storeError(error, `The store in ${folder} could not be opened`, folder);
    }
    const pen = { take: () => this.take(), write: (piece: Piece) => this.write(piece) };
    this.line = new WriteLine(pen, SAVES_MAX, busy);
  }

  async claim(slot: number, epoch: number): Promise<void> {
    checkClaim(slot, epoch);
    await this.line.run({
      keys: [slot],
      reads: [],
      refusal: () => this.freshly(() => (this.claimOf(slot) > epoch ? fenced(slot, epoch) : undefined)),
      put: () => {
        const packed = Buffer.alloc(8);
        packed.writeDoubleLE(epoch);
        void this.claims.put(slot, packed);
      },
      written: () => void this.claimed.set(slot, epoch),
      flushed: undefined,
    });
  }

  async load(key: string): Promise<StoredRecord | undefined> {
    const shared = this.records.getBinaryFast(Buffer.from(key));
    return shared && unpackRecord(key, shared.subarray(0, shared.length));
  }

  async save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
    checkBatch(this.caps, batch, level);
    const names = batch.map(({ key }) => Buffer.from(key));
    let etags: string[] = [];
    const piece: Piece = {
      keys: batch.map(({ key }) => key),
      reads: batch.map(({ slot }) => slot),
      refusal: () => this.freshly(() => this.refusal(batch, names)),
      put: () => {
        etags = this.put(batch, names);
      },
      flushed: undefined,
    };
    await this.line.run(piece);
    if (level === 'flushed') await piece.flushed;
    return etags;
  }

  async etagOf(key: string): Promise<string | null> {
    return this.etagNow(Buffer.from(key));
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
    await this.line.idle();
    await this.root.close();
  }

  // ---- the pen

  /** Becomes the one who writes. */
  private async take(): Promise<void> {
    for (;;) {
      this.root.resetReadTxn();
      const number = this.writers.getEntry(WRITER)?.version;
      const next = (number ?? 0) + 1;
      const put = (): void => void this.writers.put(WRITER, NOTHING, next);
      try {
        const isMine = await (number === undefined
          ? this.writers.ifNoExists(WRITER, put)
          : this.writers.ifVersion(WRITER, number, put));
        if (!isMine) continue;
      } catch (error) {
        throw storeError(await causeOf(error), 'The store could not be written', this.folder);
      }
      this.writer = next;
      this.claimed.clear();
      this.lastSave = this.facts.get(LAST_SAVE)?.readDoubleLE() ?? 0;
      return;
    }
  }

  /** One block of a transaction. */
  private async write(piece: Piece): Promise<boolean> {
    try {
      const committed = this.writers.ifVersion(WRITER, this.writer, () => piece.put()) as Committed;
      piece.flushed = committed.flushed;
      const isMine = await committed;
      if (isMine) piece.written?.();
      return isMine;
    } catch (error) {
      throw storeError(await causeOf(error), 'The store could not be written', this.folder);
    }
  }

  /** Others may have written since this turn began to read: nobody is refused for what he looked at then. */
  private freshly(refusal: () => Error | undefined): Error | undefined {
    if (refusal() === undefined) return undefined;
    this.root.resetReadTxn();
    this.claimed.clear();
    return refusal();
  }

  private refusal(batch: readonly RecordSave[], names: readonly Buffer[]): Error | undefined {
    for (const [i, { key, expectedEtag, slot, epoch }] of batch.entries()) {
      if (this.claimOf(slot) !== epoch) return fenced(slot, epoch);
      if (this.etagNow(names[i]!) !== expectedEtag) return conflict(key);
    }
    return undefined;
  }

  private put(batch: readonly RecordSave[], names: readonly Buffer[]): string[] {
    // Values are read by the thread that writes: all of a batch in one piece of memory that nobody else uses.
    let bytesTotal = 8;
    for (const { bytes } of batch) if (bytes !== null) bytesTotal += packedLength(bytes);
    const packed = Buffer.allocUnsafeSlow(bytesTotal);
    let at = 8;
    const etags = batch.map(({ bytes, epoch }, i) => {
      if (bytes === null) {
        void this.records.remove(names[i]!);
        return '';
      }
      const record = packed.subarray(at, at + packedLength(bytes));
      at += record.length;
      void this.records.put(names[i]!, packInto(record, ++this.lastSave, epoch, bytes));
      return String(this.lastSave);
    });
    packed.writeDoubleLE(this.lastSave);
    void this.facts.put(LAST_SAVE, packed.subarray(0, 8));
    return etags;
  }

  private etagNow(name: Buffer): string | null {
    const packed = this.records.getBinaryFast(name);
    return packed === undefined ? null : etagOf(packed);
  }

  /** -1 for a slot that nobody has claimed. */
  private claimOf(slot: number): number {
    let epoch = this.claimed.get(slot);
    if (epoch === undefined) {
      epoch = this.claims.get(slot)?.readDoubleLE() ?? -1;
      this.claimed.set(slot, epoch);
    }
    return epoch;
  }
}

/** lmdb-js tells what was wrong with a transaction by a promise of its own. */
async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { commitError?: Promise<unknown> };
  return commitError === undefined
    ? error
    : commitError.then(
        () => error,
        (cause: unknown) => cause,
      );
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
