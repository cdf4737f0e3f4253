import type { EntityId } from '../../base/entity-id.ts';
import type { EntityTypeEntry } from '../catalogue.ts';
import type { Agenda } from './agenda.ts';
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
  private readonly keeping: Keeping;

  constructor(keeper: Keeper, key: string, keeping: Keeping) {
    this.keeper = keeper;
    this.key = key;
    this.keeping = keeping;
  }

  /** What is saved with its state, as it is now. */
  get beside(): Beside | undefined {
    const tasks = this.agenda?.stored();
    return tasks && { tasks };
  }

  /** Nothing is to be saved, as far as is known. */
  get isClean(): boolean {
    return !this.queued && this.sending === undefined;
  }

  /** A turn runs. */
  touch(): void {
    this.keeping.touch(this);
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
