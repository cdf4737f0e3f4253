import { type EngineError, FencedError, OverloadedError, StoreError } from '../../base/errors.ts';
import { Alarm } from '../alarm.ts';
import type { RecordSave } from '../entity-store.ts';
import type { NodeState } from '../node-state.ts';
import { Agenda } from './agenda.ts';
import { AutosaveQueue } from './autosave-queue.ts';
import { Doubts } from './doubts.ts';
import type { DueIndex } from './due-index.ts';
import type { EntityRecord, Keeping, KeepLevel, Snapshot } from './entity-record.ts';
import { Exchange } from './exchange.ts';
import { changesMark, markOf } from './parcel-mark.ts';
import { ENTITY_PREFIX } from './record-key.ts';
import { hashOf, type StateForm } from './state-form.ts';
import type { StoreCalls } from './store-calls.ts';
import { StoreRest } from './store-rest.ts';

/** Of one batch. A batch is as slow as its slowest part, and is encoded in one slice. */
export const BATCH_RECORDS_MAX = 256;
export const BATCH_BYTES_MAX = 256 * 1024;
/** Batches under way. */
const BATCHES_MAX = 4;
/** Entities that are looked at in one slice; most of them may be unchanged. */
const LOOKS_MAX = 512;
const GO_ON_MS = 1;
/** Entities of one node whose state may differ from what the store has. */
export const DIRTY_ENTITIES_MAX = 131_072;
/** Bytes that were taken of their states and are not saved yet. */
export const DIRTY_BYTES_MAX = 64 * 1024 * 1024;
/** After so many tries in vain whoever waits for a save is told; it is tried further. */
const TRIES_TOLD = 3;
/** An entity whose state cannot be saved as it is gets another look. */
const UNSAVABLE_MS = 60_000;

/** Hears of activations that must not live any longer. */
export interface KeepingEvents {
  /** Somebody else owns its slot (FencedError), or has changed its record (StoreError `conflict`). */
  dispossessed(record: EntityRecord, error: EngineError): void;
}

/** What is saved when: dirty entities within `autosave`, batch by batch, explicit saves at once, and what failed until it is known. */
export class WriteBehind implements Keeping {
  private readonly state: NodeState;
  private readonly store: StoreCalls;
  private readonly form: StateForm;
  private readonly events: KeepingEvents;
  private readonly index: DueIndex;
  private readonly queues: readonly (AutosaveQueue | undefined)[];
  private readonly doubts: Doubts;
  /** Due: to be encoded when there is room in a batch. */
  private due: EntityRecord[] = [];
  private dueAt = 0;
  /** Their `sending` is encoded, and in no batch. */
  private encoded: EntityRecord[] = [];
  private batches = 0;
  private isPumpDue = false;
  private readonly rest: StoreRest;
  private readonly goOn: Alarm;
  /** Records with a snapshot, and the bytes of these. */
  private snapshots = 0;
  private bytes = 0;
  private queued = 0;

  constructor(state: NodeState, store: StoreCalls, form: StateForm, index: DueIndex, events: KeepingEvents) {
    this.state = state;
    this.store = store;
    this.form = form;
    this.index = index;
    this.events = events;
    this.rest = new StoreRest(state, () => {
      this.doubts.resolve();
      this.pump();
    });
    this.goOn = new Alarm(() => this.pump());
    this.queues = state.catalogue.entityTypes.map((type) =>
      type.persistent ? new AutosaveQueue(state, type.autosaveMs, (records) => this.fellDue(records)) : undefined,
    );
    this.doubts = new Doubts(store, {
      isSaved: (record, etag) => this.proved(record, etag),
      isNotSaved: (record, error) => this.again(record, error),
      isLost: (record, error) => this.lose(record, error),
      isUnknown: (record, error) => this.unreachable(record, error),
    });
  }

  get dirtyEntities(): number {
    return this.queued + this.snapshots;
  }

  get dirtyBytes(): number {
    return this.bytes;
  }

  /** The store failed, and nothing has been saved since. */
  get isDown(): boolean {
    return this.rest.lastMs > 0 && this.dirtyEntities > 0;
  }

  /** More than may wait for the store does. */
  get isFull(): boolean {
    return this.queued + this.snapshots >= DIRTY_ENTITIES_MAX || this.bytes >= DIRTY_BYTES_MAX;
  }

  storeBusy(what: string): OverloadedError {
    const message = `${what}: ${this.dirtyEntities} entities of this node wait for the store already.`;
    return new OverloadedError('store-busy', message, { retryAfterMs: Math.max(100, this.rest.lastMs) });
  }

  touch(record: EntityRecord): void {
    if (record.queued || record.ended) return;
    record.queued = true;
    this.queued++;
    this.queues[record.keeper.type.index]!.add(record);
  }

  /**
   * As its state is now. Rejects with the StoreError of the store, TypeError for a state that is no plain value, InvalidMessageError
   * (`too-large`), OverloadedError (`store-busy`); the entity is tried further then, but for a state that cannot be saved as it is.
   */
  async save(record: EntityRecord, level: KeepLevel): Promise<void> {
    if (record.ended) throw record.goneError();
    const bytes = this.form.encode(record.keeper.type, record.keeper.entity.state, record.beside);
    const hash = hashOf(bytes);
    if (record.sending === undefined && record.isSavedAs(hash, level)) {
      record.exchange?.saved(record.exchange.changes, record.isFlushed);
      return;
    }
    if (this.bytes + bytes.length > DIRTY_BYTES_MAX) {
      this.touch(record);
      throw this.storeBusy(record.key);
    }
    this.form.keep(bytes);
    await this.keep(record, bytes, hash, level);
  }

  /** Deletes it from the store. */
  async remove(record: EntityRecord): Promise<void> {
    if (record.etag === null && record.sending === undefined) {
      record.exchange?.saved(record.exchange.changes, true);
      return;
    }
    await this.keep(record, null, '', 'best');
  }

  flushSoon(record: EntityRecord): void {
    const exchange = record.exchange!;
    if (exchange.isDue) return;
    exchange.isDue = true;
    queueMicrotask(() => this.flush(record));
  }

  newExchange(record: EntityRecord): Exchange {
    return new Exchange(this.state, record.keeper, record);
  }

  /** Its activation is gone, with all that was to be saved. */
  end(record: EntityRecord): void {
    record.ended = true;
    record.agenda?.release();
    record.exchange?.stop();
    if (record.queued) {
      // It stays in its queue, which forgets it.
      record.queued = false;
      this.queued--;
    }
  }

  agendaOf({ key, keeper }: EntityRecord, due: number): Agenda {
    const slot = this.index.slotOf(keeper.slot);
    return new Agenda(slot, slot.entryOf(key.slice(ENTITY_PREFIX.length), due), due);
  }

  /** What its exchange wants flushed, unless a turn holds the entity or another save is under way: their ends ask again. */
  flush(record: EntityRecord): void {
    const { exchange, keeper } = record;
    if (exchange?.isDue !== true || record.ended) return;
    if (keeper.exclusive !== undefined || record.sending !== undefined) return;
    exchange.isDue = false;
    const bytes = this.encodeIfGood(record);
    if (bytes === undefined) return;
    const hash = hashOf(bytes);
    if (record.isSavedAs(hash, 'best')) exchange.saved(exchange.changes, true);
    // It is looked at again within `autosave`.
    else if (this.bytes + bytes.length > DIRTY_BYTES_MAX) this.touch(record);
    else {
      this.form.keep(bytes);
      this.begin(record, record.snapshot(bytes, hash, 'best'));
    }
  }

  private keep(record: EntityRecord, bytes: Uint8Array | null, hash: string, level: KeepLevel): Promise<void> {
    const snapshot = record.snapshot(bytes, hash, level);
    if (record.sending === undefined) {
      this.begin(record, snapshot);
      return snapshot.settled();
    }
    const { next } = record;
    if (next === undefined) record.next = snapshot;
    else {
      this.bytes -= next.length;
      next.becomes(snapshot);
    }
    this.bytes += record.next!.length;
    return record.next!.settled();
  }

  private begin(record: EntityRecord, snapshot: Snapshot): void {
    record.sending = snapshot;
    this.snapshots++;
    this.bytes += snapshot.length;
    const covered = record.agenda?.cover(snapshot.due, (error) => this.uncovered(record, snapshot, error));
    if (covered === undefined) this.isEncoded(record);
    else void covered.then(() => record.sending === snapshot && this.isEncoded(record));
  }

  private isEncoded(record: EntityRecord): void {
    this.encoded.push(record);
    this.pumpSoon();
  }

  /** The index does not have its tasks, and it is not saved before it has. */
  private uncovered(record: EntityRecord, snapshot: Snapshot, error: Error): void {
    if (record.sending !== snapshot) return;
    if (error instanceof FencedError) this.lose(record, error);
    else snapshot.reject(error);
  }

  private fellDue(records: readonly EntityRecord[]): void {
    for (const record of records) if (!record.ended) this.due.push(record);
    this.pump();
  }

  /** Behind whatever else is saved in this slice. */
  private pumpSoon(): void {
    if (this.isPumpDue) return;
    this.isPumpDue = true;
    queueMicrotask(() => {
      this.isPumpDue = false;
      this.pump();
    });
  }

  private pump(): void {
    while (this.batches < BATCHES_MAX && !this.rest.isOn) {
      const batch = this.encoded.length > 0 ? this.takeEncoded() : this.takeDue();
      if (batch.length === 0) return;
      this.send(batch);
    }
  }

  /** Of one level. */
  private takeEncoded(): EntityRecord[] {
    const { level } = this.encoded[0]!.sending!;
    let bytes = 0;
    let count = 0;
    while (count < this.encoded.length && count < BATCH_RECORDS_MAX) {
      const snapshot = this.encoded[count]!.sending!;
      bytes += snapshot.length;
      if (snapshot.level !== level || (count > 0 && bytes > BATCH_BYTES_MAX)) break;
      count++;
      // Alone, one that the store refuses takes no others with it.
      if (snapshot.tries > 0) break;
    }
    return this.encoded.splice(0, count);
  }

  /** Encodes what is due until there is a batch, or enough of them were looked at for one slice. */
  private takeDue(): EntityRecord[] {
    const batch: EntityRecord[] = [];
    let bytes = 0;
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      const record = this.due[this.dueAt];
      if (record === undefined) {
        this.due = [];
        this.dueAt = 0;
        return batch;
      }
      this.dueAt++;
      const snapshot = this.look(record);
      if (snapshot === undefined) continue;
      if (record.agenda !== undefined) {
        this.begin(record, snapshot);
        continue;
      }
      record.sending = snapshot;
      this.snapshots++;
      this.bytes += snapshot.length;
      batch.push(record);
      bytes += snapshot.length;
      if (batch.length >= BATCH_RECORDS_MAX || bytes >= BATCH_BYTES_MAX) return batch;
    }
    if (!this.goOn.scheduled) this.state.wheel.add(this.goOn, this.state.clock.now() + GO_ON_MS);
    return batch;
  }

  /** Undefined when there is nothing to be saved now. */
  private look(record: EntityRecord): Snapshot | undefined {
    if (record.ended) return undefined;
    record.queued = false;
    this.queued--;
    const { keeper } = record;
    if (record.sending !== undefined || keeper.exclusive !== undefined) {
      this.touch(record);
      return undefined;
    }
    const bytes = this.encodeIfGood(record);
    if (bytes === undefined) return undefined;
    // Later slices of its turns may change it further.
    if (keeper.openTurns > 0) this.touch(record);
    const hash = hashOf(bytes);
    if (record.exchange?.wantsFlush === true) {
      if (record.isSavedAs(hash, 'best')) record.exchange.saved(record.exchange.changes, true);
      else {
        this.form.keep(bytes);
        this.begin(record, record.snapshot(bytes, hash, 'best'));
      }
      return undefined;
    }
    if (hash === record.saved) return undefined;
    this.form.keep(bytes);
    return record.snapshot(bytes, hash, 'committed');
  }

  /** Undefined when its state cannot be saved as it is, which was said then. */
  private encodeIfGood(record: EntityRecord): Uint8Array | undefined {
    try {
      return this.form.encode(record.keeper.type, record.keeper.entity.state, record.beside);
    } catch (error) {
      this.unsavable(record, error);
      return undefined;
    }
  }

  private send(batch: readonly EntityRecord[]): void {
    this.batches++;
    const rows: RecordSave[] = batch.map(({ key, etag, sending, keeper: { slot } }) => {
      return { key, bytes: sending!.bytes, expectedEtag: etag, slot, epoch: this.store.tokenOf(slot) };
    });
    // Behind those of all: which records have parcels from then on, or have none any more.
    const marked = batch.filter(changesMark);
    for (const record of marked) rows.push(markOf(record, this.store.tokenOf(record.keeper.slot)));
    this.store.save(rows, batch[0]!.sending!.level).then(
      (etags) => {
        this.batches--;
        this.rest.saved(this.dirtyEntities);
        for (const [i, record] of marked.entries()) {
          record.parcelsEtag = record.sending!.hasParcels ? etags[batch.length + i]! : null;
        }
        for (const [i, record] of batch.entries()) this.saved(record, etags[i]!);
        this.pump();
      },
      (error: EngineError) => {
        this.batches--;
        this.failed(batch, error);
        this.pump();
      },
    );
  }

  private saved(record: EntityRecord, etag: string): void {
    const snapshot = record.sending!;
    record.etag = snapshot.bytes === null ? null : etag;
    record.saved = snapshot.hash;
    record.isFlushed = snapshot.level !== 'committed';
    this.state.counters.recordsSaved++;
    record.agenda?.saved(snapshot.due, this.state.clock.wallNow());
    this.finish(record);
    snapshot.resolve();
    record.exchange?.saved(snapshot.changes, record.isFlushed);
  }

  /** Its snapshot is over; the next one begins. */
  private finish(record: EntityRecord): void {
    const { next } = record;
    this.snapshots--;
    this.bytes -= record.sending!.length;
    record.sending = undefined;
    record.next = undefined;
    if (next === undefined) {
      this.flush(record);
      return;
    }
    this.bytes -= next.length;
    if (record.ended) next.reject(record.goneError());
    else if (next.bytes === null ? record.etag === null : record.isSavedAs(next.hash, next.level)) {
      next.resolve();
      record.exchange?.saved(next.changes, record.isFlushed);
      this.flush(record);
    } else this.begin(record, next);
  }

  private failed(batch: readonly EntityRecord[], error: EngineError): void {
    this.state.counters.savesFailed += batch.length;
    if (error instanceof OverloadedError) {
      // Not executed: as it is, once there is room.
      this.encoded.unshift(...batch);
      this.rest.begin(error);
    } else if (error.code === 'not-implemented') for (const record of batch) this.drop(record, error);
    else if (error.code === 'too-large') {
      for (const record of batch) {
        if (batch.length > 1) this.again(record, error);
        else this.drop(record, error);
      }
    } else {
      const isKnown = error instanceof FencedError || error.code === 'conflict';
      for (const record of batch) {
        if (error.code === 'full' || error.code === 'read-only') record.sending!.reject(error);
        this.doubts.add(record, error);
      }
      if (!isKnown) this.rest.begin(error);
      else this.doubts.resolve();
    }
  }

  /** The store will not take it as it is: whoever waits is told, and a change may make it better. */
  private drop(record: EntityRecord, error: EngineError): void {
    const snapshot = record.sending!;
    this.finish(record);
    snapshot.reject(error);
    if (error.code === 'too-large') this.unsavable(record, error);
    else this.touch(record);
  }

  private unsavable(record: EntityRecord, error: unknown): void {
    const { type, id } = record.keeper;
    this.state.counters.savesFailed++;
    if (record.isUnsavable) return;
    record.isUnsavable = true;
    this.state.log.error({ err: error, entity: type.name, id: String(id) }, 'the state of an entity cannot be saved');
    const look = new Alarm(() => {
      record.isUnsavable = false;
      this.touch(record);
    });
    this.state.wheel.add(look, this.state.clock.now() + UNSAVABLE_MS);
  }

  // ---- what becomes of doubts

  /** The store has it, though it did not say so. */
  private proved(record: EntityRecord, etag: string | null): void {
    this.rest.saved(this.dirtyEntities);
    const snapshot = record.sending!;
    record.etag = etag;
    if (snapshot.level === 'committed' || snapshot.bytes === null) this.saved(record, etag ?? '');
    // Whether it was flushed is not known: once more, over itself.
    else this.again(record, undefined);
  }

  private again(record: EntityRecord, error: EngineError | undefined): void {
    const snapshot = record.sending!;
    if (error !== undefined && ++snapshot.tries >= TRIES_TOLD) snapshot.reject(error);
    this.isEncoded(record);
  }

  private unreachable(record: EntityRecord, error: EngineError): void {
    record.sending!.reject(
      new StoreError('timeout', `${record.key} may be saved or not: ${error.message}`, { cause: error }),
    );
    this.doubts.add(record, error);
    this.rest.begin(error);
  }

  private lose(record: EntityRecord, error: EngineError): void {
    const { sending, next } = record;
    record.cause = error;
    this.end(record);
    next?.reject(error);
    this.finish(record);
    sending!.reject(error);
    this.events.dispossessed(record, error);
  }
}
