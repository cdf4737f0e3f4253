import { EngineError, FencedError, InvalidMessageError, StoreError, UnavailableError } from '../../base/errors.ts';
import { Alarm } from '../alarm.ts';
import type { NodeState } from '../node-state.ts';
import { DueIndex, type SlotFinder, type Waker } from './due-index.ts';
import { EntityRecord, type Keeper } from './entity-record.ts';
import { ParcelWatch } from './parcel-watch.ts';
import { ASIDE_PREFIX, PARCELS_PREFIX, recordKey } from './record-key.ts';
import { hashOf, StateForm } from './state-form.ts';
import { type Asker, type StoreAccess, StoreCalls } from './store-calls.ts';
import { type StoredTask, storedTasks } from './stored-task.ts';
import { type KeepingEvents, WriteBehind } from './write-behind.ts';

/** Between two tries to save what an entity leaves. */
const CLOSE_RETRY_MS = 250;
/** When it may be worth while to ask again for what is in the store of a host that is away. */
const ELSEWHERE_RETRY_MS = 1000;
/** How long an entity that is destroyed waits for what it has sent to arrive. */
const LAST_PARCELS_MS_MAX = 20_000;
/** Between two lines about loads that fail for the same reason. */
const SAY_MS = 1000;
/** Entities that a log line names. */
const UNSAVED_NAMED_MAX = 20;

/** What a load found. */
export interface Loaded {
  readonly record: EntityRecord;
  /** Undefined when there is no record. */
  readonly stored: LoadedState | undefined;
}

/** The state as the code of now has it, and the durable tasks. */
export interface LoadedState {
  readonly state: unknown;
  readonly tasks: readonly StoredTask[];
}

/** The state of the persistent entities of one node: loaded before they live, saved while they do, and when they go. */
export class Persistence {
  readonly writer: WriteBehind;
  /** Who has durable tasks that are due when. */
  readonly due: DueIndex;
  /** Undefined in games without `exactlyOnce`. */
  readonly watch: ParcelWatch | undefined;
  private readonly state: NodeState;
  private readonly store: StoreCalls;
  private readonly form: StateForm;
  private saidFenced = false;
  private saidAt = Number.NEGATIVE_INFINITY;

  constructor(state: NodeState, asker: Asker & SlotFinder, access: StoreAccess, events: KeepingEvents & Waker) {
    this.state = state;
    this.store = new StoreCalls(asker, state.router, access, (ms) => this.pause(ms));
    this.form = new StateForm(state.catalogue.types);
    this.due = new DueIndex(state, this.store, events, asker);
    this.writer = new WriteBehind(state, this.store, this.form, this.due, events);
    this.watch = state.catalogue.hasParcels ? new ParcelWatch(state, this.store, events, asker) : undefined;
  }

  /**
   * Throws StoreError (not executed: nothing of the entity has run), UnavailableError (`fenced`, `store-host-down`), or what the game's `migrate` throws. What
   * cannot be read stays where it is, and a copy is set aside.
   */
  async load(keeper: Keeper): Promise<Loaded> {
    const { type, id, slot } = keeper;
    if (this.store.isElsewhere(slot)) {
      const message = `The record of ${type.name}/${id} is in the store of another host, which is away.`;
      throw new UnavailableError('store-host-down', message, { retryAfterMs: ELSEWHERE_RETRY_MS });
    }
    const record = new EntityRecord(keeper, recordKey(type.name, id), this.writer);
    try {
      await this.store.claimed(slot);
      const found = await this.store.load(record.key, slot);
      if (found === undefined) return { record, stored: undefined };
      record.etag = found.etag;
      record.saved = hashOf(found.bytes);
      const stored = this.decode(record, found.bytes);
      if (record.exchange?.parcels.isEmpty === false) {
        record.parcelsEtag = (await this.store.load(PARCELS_PREFIX + record.key, slot))?.etag ?? null;
      }
      return { record, stored };
    } catch (error) {
      if (error instanceof FencedError) throw this.fenced(keeper, error);
      if (!(error instanceof StoreError)) throw error;
      const { code, message, cause } = error;
      throw new StoreError(code, `${type.name}/${id} could not be loaded: ${message}`, {
        outcome: 'notExecuted',
        cause,
      });
    }
  }

  /** The state of an entity that has no record: it needs one only once somebody changes it. */
  isInitial(record: EntityRecord): void {
    try {
      record.saved = hashOf(this.form.encode(record.keeper.type, record.keeper.entity.state, undefined));
    } catch {
      // Said when it is to be saved.
    }
  }

  /** The record of an entity that was created. Rejects with EngineError. */
  async keepNew(record: EntityRecord): Promise<void> {
    try {
      await this.writer.save(record, 'best');
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw new InvalidMessageError('invalid', `It could not be saved: ${(error as Error).message}`, { cause: error });
    }
  }

  /**
   * Resolves once nothing of the entity is left to be saved, or when it was deleted; later than its activation may live if the store fails. What it
   * has sent with `exactlyOnce` has to arrive before it is deleted: if that takes too long it is not.
   */
  async close(record: EntityRecord, wanted: 'kept' | 'destroyed'): Promise<void> {
    const { writer, state } = this;
    const isDestroyed = wanted === 'destroyed' && (await this.isThrough(record));
    while (!record.ended) {
      try {
        if (isDestroyed) await writer.remove(record);
        else await writer.save(record, 'committed');
        break;
      } catch (error) {
        if (record.ended) return;
        if (!(error instanceof EngineError) || error.code === 'too-large') {
          const { type, id } = record.keeper;
          state.log.error({ err: error, entity: type.name, id: String(id) }, 'the last changes of an entity are lost');
          break;
        }
      }
      await this.pause(CLOSE_RETRY_MS);
    }
    writer.end(record);
  }

  /** Whether everything has arrived that an entity sent with `exactlyOnce`; waits for it. */
  private async isThrough(record: EntityRecord): Promise<boolean> {
    const { exchange, keeper } = record;
    const { state, writer } = this;
    if (exchange === undefined) return true;
    const until = state.clock.now() + LAST_PARCELS_MS_MAX;
    while (!exchange.isThrough && !record.ended) {
      const fields = { entity: keeper.type.name, id: String(keeper.id) };
      if (state.clock.now() >= until || state.draining) {
        state.log.error(fields, 'an entity was not destroyed: messages of it have not arrived yet');
        return false;
      }
      // Also what waits for the end of the turn that destroys it.
      await writer.save(record, 'best').catch(() => {});
      await Promise.race([exchange.through(), this.pause(CLOSE_RETRY_MS)]);
    }
    const { length } = exchange.parcels.aside;
    if (length > 0) {
      state.log.error({ entity: keeper.type.name, id: String(keeper.id), messages: length }, 'lost with their sender');
    }
    return true;
  }

  private pause(ms: number): Promise<void> {
    const { wheel, clock } = this.state;
    return new Promise((resolve) => {
      wheel.add(new Alarm(resolve), clock.now() + ms);
    });
  }

  /** Says whose last changes are lost when the node ends now. */
  tellUnsaved(all: Iterable<{ readonly record: EntityRecord | undefined }>): void {
    const unsaved: string[] = [];
    for (const { record } of all) {
      if (record?.isClean === false) unsaved.push(`${record.keeper.type.name}/${record.keeper.id}`);
    }
    if (unsaved.length === 0) return;
    const some = unsaved.slice(0, UNSAVED_NAMED_MAX);
    this.state.log.error({ entities: unsaved.length, some }, 'the last changes of entities could not be saved');
  }

  gauges(): Record<string, number> {
    const { dirtyEntities, dirtyBytes, isDown } = this.writer;
    return { dirtyEntities, dirtyBytes, storeDown: isDown ? 1 : 0 };
  }

  private decode(record: EntityRecord, bytes: Uint8Array): LoadedState {
    const { type, slot } = record.keeper;
    try {
      const { state, beside } = this.form.decode(type, record.key, bytes);
      const { parcels, marks } = beside ?? {};
      if (parcels !== undefined || marks !== undefined) record.needExchange().restore(record.key, { parcels, marks });
      return { state, tasks: beside?.tasks === undefined ? NO_TASKS : storedTasks(record.key, beside.tasks) };
    } catch (error) {
      if ((error as EngineError).code === 'corrupt') {
        const epoch = this.store.tokenOf(slot);
        const row = { key: ASIDE_PREFIX + record.key, bytes, expectedEtag: null, slot, epoch };
        // Refused when there is one already.
        this.store.save([row], 'best').catch(() => {});
      }
      throw error;
    }
  }

  /** Whether a load that failed is worth a line: when the store is away all of them do. */
  isWorthSaying(error: EngineError): boolean {
    if (error.code !== 'timeout' && error.code !== 'fenced') return true;
    const { now } = this.state;
    if (now - this.saidAt < SAY_MS) return false;
    this.saidAt = now;
    return true;
  }

  /** Once: it is the same for all entities of the node. */
  sayFenced(error: FencedError, slot: number): void {
    if (this.saidFenced) return;
    this.saidFenced = true;
    this.state.log.error({ err: error, slot }, FENCED);
  }

  private fenced({ type, id, slot }: Keeper, error: FencedError): UnavailableError {
    this.sayFenced(error, slot);
    return new UnavailableError('fenced', `${type.name}/${id}: slot ${slot} belongs to another host by now.`, {
      cause: error,
    });
  }
}

const NO_TASKS: readonly StoredTask[] = [];

const FENCED = 'fenced: another host has started on this store; persistent entities do not run here any more';
