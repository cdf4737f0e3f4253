import type { EntityId } from '../../base/entity-id.ts';
import { type EngineError, FencedError } from '../../base/errors.ts';
import { Alarm } from '../alarm.ts';
import type { EntityTypeEntry } from '../catalogue.ts';
import type { NodeState } from '../node-state.ts';
import type { DueEntry } from './due-entry.ts';
import { encodeMark, isImportMark, MARK_KEY, MARK_SLOT } from './due-pages.ts';
import { DueSlot, type SlotDuties } from './due-slot.ts';
import { type Adopter, ImportedTasks } from './imported-tasks.ts';
import { ENTITY_PREFIX, entityOfKey } from './record-key.ts';
import type { StoreCalls } from './store-calls.ts';

/** Slots of a node that read or write their index at the same time. */
const SLOTS_AT_ONCE = 32;
/** Entities of a node that are being activated for their tasks, or could not be and wait for the next try. */
export const WAKING_MAX = 256;
/** After the store failed, at first and at most. */
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 10_000;
/** Until the next look for durable tasks when the store did not say whether there are any. */
const MARK_MS = 1_000;
/** Until the next try for an entity that could not be activated, and for one that was just about to leave. */
const FAILED_MS = 30_000;
const LEAVING_MS = 500;

/** What became of an entity that was to be activated: it lives, it has no record, it could not be, or it leaves right now. */
export type Woken = 'here' | 'missing' | 'failed' | 'leaving';

/** Activates entities, if they exist; the activations of the node. */
export interface Waker {
  wake(type: EntityTypeEntry, id: EntityId, slot: number, told: (outcome: Woken) => void): void;
}

/** The slot of an entity; a view of the node. */
export interface SlotFinder {
  slotFor(type: EntityTypeEntry, id: EntityId): number;
}

/** Which entities of this node have durable tasks that are due when, whether they are in memory or not: the index of each slot that is its own. */
export class DueIndex implements SlotDuties, Adopter {
  private readonly state: NodeState;
  private readonly store: StoreCalls;
  private readonly waker: Waker;
  private readonly finder: SlotFinder;
  private readonly types = new Map<string, EntityTypeEntry>();
  private readonly slots = new Map<number, { readonly due: DueSlot; readonly epoch: number }>();
  private readonly queue = new Set<DueSlot>();
  private readonly working = new Set<DueSlot>();
  /** They are due, and there was no room. */
  private readonly starved = new Set<DueSlot>();
  private readonly failed = new Set<DueSlot>();
  private readonly start: Alarm;
  private readonly retry: Alarm;
  private readonly imported: ImportedTasks;
  private hasImported = false;
  private retryMs = 0;
  /** The store has the mark: there are or were durable tasks. */
  private isMarked = false;
  private marking: Promise<void> | undefined = undefined;
  private waking = 0;
  private readonly said = new Set<string>();

  constructor(state: NodeState, store: StoreCalls, waker: Waker, finder: SlotFinder) {
    this.state = state;
    this.store = store;
    this.waker = waker;
    this.finder = finder;
    for (const type of state.catalogue.entityTypes) if (type.persistent) this.types.set(type.name, type);
    this.retry = new Alarm(() => this.tryAgain());
    this.imported = new ImportedTasks(state, store, this);
    this.start = new Alarm(() => void this.lookForMark());
    // With the first round, when the node can make calls.
    state.wheel.add(this.start, 0);
  }

  /** Something is not written yet. */
  get isDirty(): boolean {
    for (const { due } of this.slots.values()) if (due.isDirty) return true;
    return false;
  }

  /** Opens the slots that this node has got, and closes those that it has no more, or has again: under another epoch. */
  slotsChanged(): void {
    const { router, index } = this.state;
    for (const [slot, { due, epoch }] of this.slots) {
      if (router.ownerOf(slot) === index && this.store.epochHere(slot) === epoch) continue;
      this.slots.delete(slot);
      due.close(new FencedError('fenced', `Slot ${slot} is not here any more.`));
    }
    if (this.isMarked) this.openAll();
    else void this.lookForMark();
    if (this.hasImported) this.imported.look();
  }

  /** The index of a slot of this node. */
  slotOf(slot: number): DueSlot {
    const open = this.slots.get(slot);
    if (open !== undefined) return open.due;
    const due = new DueSlot(slot, this.store, this.state.wallTimers, this);
    this.slots.set(slot, { due, epoch: this.store.epochHere(slot) });
    this.enqueue(due);
    return due;
  }

  // ---- games without durable tasks: one load

  private async lookForMark(): Promise<void> {
    const { router, index, wheel, clock } = this.state;
    // The gateway's node, and that of the store.
    if (!router.nodes().includes(index)) return;
    try {
      const mark = await this.store.load(MARK_KEY, router.slots + MARK_SLOT);
      if (mark === undefined) return;
      this.hasImported = isImportMark(mark.bytes);
    } catch (error) {
      if (!(error instanceof FencedError)) wheel.add(this.start, clock.now() + MARK_MS);
      return;
    }
    this.isMarked = true;
    this.openAll();
    if (this.hasImported) this.imported.look();
  }

  private openAll(): void {
    const { router } = this.state;
    for (let slot = 0; slot < router.slots; slot++) {
      if (this.isHere(slot)) this.slotOf(slot);
    }
  }

  /** Once for each life of the node. A slot that is opened by an entity that lives is read without it. */
  marked(): Promise<void> | undefined {
    if (this.isMarked) return undefined;
    this.marking ??= this.mark();
    return this.marking;
  }

  private async mark(): Promise<void> {
    try {
      await this.store.ensure(MARK_KEY, this.state.router.slots + MARK_SLOT, encodeMark(false));
      this.isMarked = true;
    } finally {
      this.marking = undefined;
    }
  }

  // ---- entities that were imported

  slotFor(type: EntityTypeEntry, id: EntityId): number {
    return this.finder.slotFor(type, id);
  }

  isHere(slot: number): boolean {
    return this.state.router.ownerOf(slot) === this.state.index && this.store.epochHere(slot) !== 0;
  }

  adopt(slot: number, key: string, due: number): Promise<void> {
    return this.slotOf(slot).adopt(key, due);
  }

  // ---- what slots ask for

  enqueue(slot: DueSlot): void {
    if (this.failed.has(slot)) return;
    this.queue.add(slot);
    this.pump();
  }

  mayWake(): boolean {
    return this.waking < WAKING_MAX && !this.state.draining;
  }

  wantsRoom(slot: DueSlot): void {
    this.starved.add(slot);
  }

  wake(slot: DueSlot, entry: DueEntry): boolean {
    const entity = entityOfKey(ENTITY_PREFIX + entry.key);
    const type = entity && this.types.get(entity.type);
    if (entity === undefined || type === undefined || this.finder.slotFor(type, entity.id) !== slot.slot) {
      const name = entity?.type ?? entry.key;
      const why = type === undefined ? 'this game keeps no such entities' : 'they are in another slot by now';
      this.say(`durable tasks of ${name} are left alone: ${why}`);
      return false;
    }
    this.waking++;
    // About to move: whoever lives there would hold it up.
    if (this.store.epochHere(slot.slot) === 0) {
      this.woken(slot, entry, 'leaving');
      return true;
    }
    this.waker.wake(type, entity.id, slot.slot, (outcome) => this.woken(slot, entry, outcome));
    return true;
  }

  private woken(slot: DueSlot, entry: DueEntry, outcome: Woken): void {
    const isStill = slot.entries.get(entry.key) === entry || !slot.entries.has(entry.key);
    if (outcome === 'here' || outcome === 'missing' || !isStill) {
      this.hasRoom();
      entry.isWaking = false;
      // It has no tasks: whatever they were, they were cancelled.
      if (isStill && !entry.isLiving) slot.release(entry, Number.POSITIVE_INFINITY);
      return;
    }
    slot.hold(entry);
    const again = new Alarm(() => {
      this.hasRoom();
      if (slot.entries.get(entry.key) === entry && !entry.isLiving) slot.release(entry, entry.wanted);
    });
    this.state.wheel.add(again, this.state.clock.now() + (outcome === 'failed' ? FAILED_MS : LEAVING_MS));
  }

  private hasRoom(): void {
    this.waking--;
    if (this.starved.size === 0) return;
    for (const slot of this.starved) this.queue.add(slot);
    this.starved.clear();
    this.pump();
  }

  // ---- whose turn it is

  private pump(): void {
    for (const slot of this.queue) {
      if (this.working.size >= SLOTS_AT_ONCE) return;
      // It goes on by itself with whatever it finds, and comes back for what it has not seen.
      if (this.working.has(slot)) continue;
      this.queue.delete(slot);
      this.working.add(slot);
      void this.work(slot);
    }
  }

  private async work(slot: DueSlot): Promise<void> {
    try {
      await slot.work();
      this.retryMs = 0;
    } catch (error) {
      if (!(error instanceof FencedError)) this.hasFailed(slot, error as EngineError);
    }
    this.working.delete(slot);
    this.pump();
  }

  private hasFailed(slot: DueSlot, error: EngineError): void {
    const { state } = this;
    const isCommon = error.code === 'timeout' || error.code === 'conflict' || error.code === 'store-busy';
    if (!isCommon) this.say(`durable tasks of slot ${slot.slot} wait: ${error.message}`);
    else if (this.retryMs === 0) state.log.warn({ err: error }, 'durable tasks wait for the store');
    this.queue.delete(slot);
    this.failed.add(slot);
    if (this.retry.scheduled) return;
    this.retryMs = Math.min(Math.max(RETRY_MS_MIN, this.retryMs * 2), RETRY_MS_MAX);
    state.wheel.add(this.retry, state.clock.now() + this.retryMs);
  }

  private tryAgain(): void {
    const { failed } = this;
    for (const slot of failed) this.queue.add(slot);
    failed.clear();
    this.pump();
  }

  /** Once. */
  private say(line: string): void {
    if (this.said.has(line)) return;
    this.said.add(line);
    this.state.log.error({}, line);
  }
}
