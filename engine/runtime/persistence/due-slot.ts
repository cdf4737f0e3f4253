import { FencedError, StoreError } from '../../base/errors.ts';
import type { RecordSave } from '../entity-store.ts';
import { WallTimer, type WallTimers } from '../wall-timers.ts';
import type { DueNotes } from './agenda.ts';
import { DueEntry } from './due-entry.ts';
import {
  changePages,
  type Directory,
  type Due,
  decodeDirectory,
  decodePage,
  directoryKey,
  EMPTY_DIRECTORY,
  encodeDirectory,
  encodePage,
  pageKey,
  pagesOf,
} from './due-pages.ts';
import type { StoreCalls } from './store-calls.ts';

/** Entries that one write changes. */
const CHANGES_MAX = 256;

/** What a slot asks of the index of its node. */
export interface SlotDuties {
  /** Before the first write of all: undefined when there was one. */
  marked(): Promise<void> | undefined;
  /** It has something to do: `work` is called, when it is its turn. */
  enqueue(slot: DueSlot): void;
  /** There is room for one more that is activated for its tasks. */
  mayWake(): boolean;
  /** Activates the entity of a key; false for one that this game does not have. */
  wake(slot: DueSlot, entry: DueEntry): boolean;
  /** The slot is worked on again when there is room. */
  wantsRoom(slot: DueSlot): void;
}

/** What a slot asks of the store. */
export type DueStore = Pick<StoreCalls, 'claimed' | 'claimAgain' | 'load' | 'save' | 'tokenOf'>;

interface LoadedPage {
  readonly dues: readonly Due[];
  readonly etag: string;
}

/**
 * The index of durable tasks of one slot, while this node owns it: which entities are due when. Its directory is in memory, its pages are read
 * when something in them is due or changes. Every write replaces the directory, so writes of which it is not known whether they took effect
 * cannot take effect behind later ones.
 */
export class DueSlot extends WallTimer implements DueNotes {
  readonly slot: number;
  /** Entities that live or are to be written, by key. */
  readonly entries = new Map<string, DueEntry>();
  private readonly store: DueStore;
  private readonly timers: WallTimers;
  private readonly duties: SlotDuties;
  private directory: Directory | undefined = undefined;
  private etag: string | null = null;
  private dirty = new Set<DueEntry>();
  /** Nobody who is not held is due before. */
  private least = Number.POSITIVE_INFINITY;
  private isClosed = false;
  private readonly openedAt: number;

  constructor(slot: number, store: DueStore, timers: WallTimers, duties: SlotDuties) {
    super();
    this.slot = slot;
    this.store = store;
    this.timers = timers;
    this.duties = duties;
    this.openedAt = timers.now;
  }

  servedMs(): number {
    return this.timers.now - this.openedAt;
  }

  /** Has something that the store does not have yet. */
  get isDirty(): boolean {
    return this.dirty.size > 0;
  }

  /** The entry of an entity. If it is new, its record says that it is due first at `due`, and so the index has it by then; Infinity for one without tasks. */
  entryOf(key: string, due: number): DueEntry {
    let entry = this.entries.get(key);
    if (entry !== undefined) return entry;
    entry = new DueEntry(key);
    this.entries.set(key, entry);
    if (due === Number.POSITIVE_INFINITY) return entry;
    entry.positions.push(due);
    entry.upper = due;
    entry.wanted = due;
    return entry;
  }

  /** Undefined when the index has it by `due` already. `failed` is called whenever it could not be written; it is tried again. */
  cover(entry: DueEntry, due: number, failed: (error: Error) => void): Promise<void> | undefined {
    const isThere = entry.upper <= due;
    const covered = isThere ? undefined : entry.covered(due, failed);
    // Never later than it was to stand: its record may still say so. And what was to make it later does not any more.
    if (!isThere || entry.wanted > due) this.move(entry, Math.min(due, entry.wanted));
    return covered;
  }

  /** An entity that the index does not have, whatever else was believed of it; its record says that it is due first at `due`. */
  async adopt(key: string, due: number): Promise<void> {
    const entry = this.entryOf(key, Number.POSITIVE_INFINITY);
    entry.upper = Number.POSITIVE_INFINITY;
    await this.cover(entry, due, () => {});
  }

  /** It is to stand at `due`. */
  move(entry: DueEntry, due: number): void {
    entry.wanted = due;
    if (this.isClosed) return;
    if (entry.isClean) {
      this.dirty.delete(entry);
      this.settle(entry);
      return;
    }
    this.dirty.add(entry);
    this.duties.enqueue(this);
  }

  /** The activation that held it is gone, or could not be made; it is due again at `due`. */
  release(entry: DueEntry, due: number): void {
    entry.isLiving = false;
    entry.isWaking = false;
    this.move(entry, due);
  }

  /** Takes it out of sight for a while: it could not be activated. */
  hold(entry: DueEntry): void {
    entry.isWaking = true;
    this.entries.set(entry.key, entry);
  }

  /** Nothing of it is written any more. */
  close(error: Error): void {
    this.isClosed = true;
    this.timers.remove(this);
    this.dirty.clear();
    for (const entry of this.entries.values()) entry.failed(error);
    this.entries.clear();
  }

  fire(): void {
    if (!this.isClosed) this.duties.enqueue(this);
  }

  wasSetBack(): void {
    this.arm();
  }

  /** Writes what is to be written, activates who is due. Rejects with EngineError when the store failed: it is to be tried again. */
  async work(): Promise<void> {
    try {
      if (this.directory === undefined) await this.read();
      while (!this.isClosed) {
        if (this.dirty.size > 0) await this.write();
        else if (this.least <= this.timers.wallNow && this.duties.mayWake()) await this.look();
        else break;
      }
      if (this.isClosed) return;
      if (this.least <= this.timers.wallNow) this.duties.wantsRoom(this);
      else this.arm();
    } catch (reason) {
      this.directory = undefined;
      const error = reason instanceof FencedError ? await this.isStillOurs(reason) : (reason as Error);
      if (error instanceof FencedError) this.close(error);
      else for (const entry of this.dirty) entry.failed(error);
      throw error;
    }
  }

  /** A store that was slow may have refused what was sent before the claim. What is wrong instead. */
  private async isStillOurs(refusal: FencedError): Promise<Error> {
    try {
      await this.store.claimAgain(this.slot);
      return new StoreError('conflict', refusal.message, { cause: refusal });
    } catch (error) {
      return error as Error;
    }
  }

  private arm(): void {
    if (this.least === Number.POSITIVE_INFINITY) this.timers.remove(this);
    else this.timers.set(this, this.least);
  }

  private async read(): Promise<void> {
    await this.store.claimed(this.slot);
    const key = directoryKey(this.slot);
    const found = await this.store.load(key, this.slot);
    this.etag = found?.etag ?? null;
    this.directory = found === undefined ? EMPTY_DIRECTORY : decodeDirectory(key, found.bytes);
    this.least = this.directory.rows[0]?.from.at ?? Number.POSITIVE_INFINITY;
  }

  private async page(number: number): Promise<LoadedPage> {
    const key = pageKey(this.slot, number);
    const found = await this.store.load(key, this.slot);
    // The directory and its pages are written together: it can only have been taken out by hand.
    if (found === undefined) return { dues: [], etag: '' };
    return { dues: decodePage(key, found.bytes), etag: found.etag };
  }

  private async write(): Promise<void> {
    await this.duties.marked();
    const { slot, store } = this;
    const directory = this.directory!;
    const changes: { entry: DueEntry; target: number }[] = [];
    const out: Due[] = [];
    const into: Due[] = [];
    for (const entry of this.dirty) {
      const { key, wanted: target, positions } = entry;
      changes.push({ entry, target });
      for (const at of positions) if (at !== target) out.push({ at, key });
      entry.writing(target);
      if (target !== Number.POSITIVE_INFINITY) into.push({ at: target, key });
      if (changes.length >= CHANGES_MAX) break;
    }
    const loaded = new Map<number, LoadedPage>();
    await Promise.all(
      [...pagesOf(directory, [...out, ...into])].map(async (page) => loaded.set(page, await this.page(page))),
    );
    if (this.isClosed) return;
    const dues = new Map([...loaded].map(([page, one]) => [page, one.dues]));
    const next = changePages(directory, dues, out, into);
    const epoch = store.tokenOf(slot);
    const rows: RecordSave[] = [];
    for (const [number, content] of next.pages) {
      const etag = loaded.get(number)?.etag || null;
      if (content !== null || etag !== null) {
        const bytes = content && encodePage(content);
        rows.push({ key: pageKey(slot, number), bytes, expectedEtag: etag, slot, epoch });
      }
    }
    const isLeft = next.directory.rows.length > 0 || this.etag !== null;
    if (isLeft) {
      const bytes = encodeDirectory(next.directory);
      rows.push({ key: directoryKey(slot), bytes, expectedEtag: this.etag, slot, epoch });
    }
    for (const { entry } of changes) this.dirty.delete(entry);
    try {
      if (isLeft) this.etag = (await store.save(rows, 'best')).at(-1)!;
    } catch (error) {
      // They may stand in two places by now, so none of them is clean: what may have taken effect is followed by a write.
      for (const { entry } of changes) this.dirty.add(entry);
      throw error;
    }
    this.directory = next.directory;
    for (const { entry, target } of changes) {
      entry.written(target);
      if (this.isClosed) continue;
      if (!entry.isClean) this.dirty.add(entry);
      else this.settle(entry);
    }
  }

  /** Nothing is to be written for it: it is forgotten, unless somebody holds it. */
  private settle(entry: DueEntry): void {
    if (entry.isHeld) return;
    this.entries.delete(entry.key);
    if (entry.wanted < this.least) {
      this.least = entry.wanted;
      this.duties.enqueue(this);
    }
  }

  /** Activates who is due, as far as there is room. */
  private async look(): Promise<void> {
    // Whoever is settled while a page is read makes it less.
    this.least = Number.POSITIVE_INFINITY;
    const least = await this.wakeDue(this.directory!);
    this.least = Math.min(this.least, least);
  }

  /** When the first one is due who is not: of those that are not held. */
  private async wakeDue({ rows }: Directory): Promise<number> {
    for (const { page, from } of rows) {
      if (from.at > this.timers.wallNow) return from.at;
      const { dues } = await this.page(page);
      if (this.isClosed) return Number.POSITIVE_INFINITY;
      for (const due of dues) {
        if (due.at > this.timers.wallNow) return due.at;
        if (!this.wake(due)) return due.at;
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  /** False when there is no room. */
  private wake({ at, key }: Due): boolean {
    const present = this.entries.get(key);
    if (present !== undefined) {
      // Where it stood before a crash, or before its last life.
      if (!present.positions.includes(at)) {
        present.positions.push(at);
        this.dirty.add(present);
      }
      return true;
    }
    if (!this.duties.mayWake()) return false;
    const entry = this.entryOf(key, at);
    entry.isWaking = true;
    if (!this.duties.wake(this, entry)) this.entries.delete(key);
    return true;
  }
}
