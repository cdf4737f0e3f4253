import type { EntityId } from '../../base/entity-id.ts';
import { StoreError } from '../../base/errors.ts';
import type { EntityTypeEntry } from '../catalogue.ts';
import type { Agenda } from './agenda.ts';
import type { Exchange } from './exchange.ts';
import type { Beside } from './state-form.ts';

/** What a record asks of the activation that it is the state of. */
export interface Keeper {
  readonly type: EntityTypeEntry;
  readonly id: EntityId;
  readonly slot: number;
  readonly entity: { state: unknown };
  readonly openTurns: number;
  /** A turn holds the entity for itself: its state is nobody else's business until the end. */
  readonly exclusive: object | undefined;
}

/** `committed` and `flushed` as stores have them; `best` is `flushed` where the store can, or else `committed`. */
export type KeepLevel = 'committed' | 'flushed' | 'best';

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** Bytes on their way to the store. */
export class Snapshot {
  /** Null: the record is to be deleted. */
  bytes: Uint8Array | null;
  hash: string;
  level: KeepLevel;
  /** When the first durable task of these bytes is due; Infinity when there is none. */
  due: number;
  /** Up to this change of its exchange it is in there, and whether there are parcels. */
  changes = 0;
  hasParcels = false;
  /** How often the store has had it without saving it. */
  tries = 0;
  private waiters: Waiter[] = [];

  constructor(bytes: Uint8Array | null, hash: string, level: KeepLevel, due: number) {
    this.bytes = bytes;
    this.hash = hash;
    this.level = level;
    this.due = due;
  }

  get length(): number {
    return this.bytes === null ? 0 : this.bytes.length;
  }

  /** A later state takes the place of this one, before it was sent. */
  becomes({ bytes, hash, level, due, changes, hasParcels }: Snapshot): void {
    this.bytes = bytes;
    this.due = due;
    this.hash = hash;
    if (this.level === 'committed') this.level = level;
    this.changes = changes;
    this.hasParcels = hasParcels;
  }

  settled(): Promise<void> {
    return new Promise((resolve, reject) => this.waiters.push({ resolve, reject }));
  }

  resolve(): void {
    for (const waiter of this.waiters.splice(0)) waiter.resolve();
  }

  /** Whoever waits is told; the snapshot may still be saved later. */
  reject(error: Error): void {
    for (const waiter of this.waiters.splice(0)) waiter.reject(error);
  }
}

/** Saves records; the write-behind of the node. */
export interface Keeping {
  touch(record: EntityRecord): void;
  save(record: EntityRecord, level: KeepLevel): Promise<void>;
  /** For an entity whose record in the store says that its first durable task is due at `due`; Infinity for one that has none. */
  agendaOf(record: EntityRecord, due: number): Agenda;
  /** Flushes it at the end of this slice, or of the turn that holds the entity. */
  flushSoon(record: EntityRecord): void;
  /** The turn has ended. */
  flush(record: EntityRecord): void;
  newExchange(record: EntityRecord): Exchange;
}

/** What a node knows of the record of an activation. */
export class EntityRecord {
  readonly keeper: Keeper;
  readonly key: string;
  /** Null while there is none in the store. */
  etag: string | null = null;
  /** Hash of what need not be saved: what the store has, or an initial state that nobody has changed. Undefined: save it, whatever it is. */
  saved: string | undefined = undefined;
  /** What the store has was saved as flushed. */
  isFlushed = false;
  /** A turn has run since it was last looked at: it is looked at within `autosave`. */
  queued = false;
  /** In a batch, on its way into one, or in doubt. */
  sending: Snapshot | undefined = undefined;
  /** What is to be saved after that. */
  next: Snapshot | undefined = undefined;
  /** Its state cannot be saved as it is, and that was said. */
  isUnsavable = false;
  /** Of an entity that has or had durable tasks in this life. */
  agenda: Agenda | undefined = undefined;
  /** Nothing is written any more: the activation is gone. */
  ended = false;
  /** Why it has ended, when it was not for want of use. */
  cause: Error | undefined = undefined;
  /** Of an entity that has sent or received something with `exactlyOnce`. */
  exchange: Exchange | undefined = undefined;
  /** Of the record that says that this one has parcels; null while there is none. */
  parcelsEtag: string | null = null;
  private readonly keeping: Keeping;

  constructor(keeper: Keeper, key: string, keeping: Keeping) {
    this.keeper = keeper;
    this.key = key;
    this.keeping = keeping;
  }

  /** What is saved with its state, as it is now. */
  get beside(): Beside | undefined {
    const tasks = this.agenda?.stored();
    const parcels = this.exchange?.parcels.toStored();
    const marks = this.exchange?.marks.toStored();
    if (tasks === undefined && parcels === undefined && marks === undefined) return undefined;
    return {
      ...(tasks !== undefined && { tasks }),
      ...(parcels !== undefined && { parcels }),
      ...(marks !== undefined && { marks }),
    };
  }

  needExchange(): Exchange {
    this.exchange ??= this.keeping.newExchange(this);
    return this.exchange;
  }

  /** Nothing is to be saved, as far as is known. */
  get isClean(): boolean {
    return !this.queued && this.sending === undefined;
  }

  /** Nothing of it is under way: its entity may leave the memory. */
  get isSettled(): boolean {
    return this.isClean && (this.exchange === undefined || this.exchange.isThrough);
  }

  /** Bytes of it as it is now; null to have it deleted. */
  snapshot(bytes: Uint8Array | null, hash: string, level: KeepLevel): Snapshot {
    const due = bytes === null ? undefined : this.agenda?.nextDue();
    const snapshot = new Snapshot(bytes, hash, level, due ?? Number.POSITIVE_INFINITY);
    if (this.exchange !== undefined) {
      snapshot.changes = this.exchange.changes;
      snapshot.hasParcels = bytes !== null && !this.exchange.parcels.isEmpty;
    }
    return snapshot;
  }

  /** Bytes with this hash need not be saved. */
  isSavedAs(hash: string, level: KeepLevel): boolean {
    return hash === this.saved && (level === 'committed' || this.isFlushed);
  }

  /** For whoever wants something of it saved once it has ended. */
  goneError(): Error {
    if (this.cause !== undefined) return this.cause;
    const message = `${this.key}: this activation is gone; its state is not saved any more.`;
    return new StoreError('conflict', message, { outcome: 'notExecuted' });
  }

  /** A turn runs. */
  touch(): void {
    this.keeping.touch(this);
  }

  flushSoon(): void {
    this.keeping.flushSoon(this);
  }

  /** No turn holds the entity any more. */
  released(): void {
    if (this.exchange?.isDue === true) this.keeping.flush(this);
  }

  /** Resolves when flushed. */
  save(): Promise<void> {
    return this.keeping.save(this, 'flushed');
  }

  /** Resolves when flushed, where the store can. */
  keep(): Promise<void> {
    return this.keeping.save(this, 'best');
  }

  needAgenda(due = Number.POSITIVE_INFINITY): Agenda {
    this.agenda ??= this.keeping.agendaOf(this, due);
    return this.agenda;
  }
}
