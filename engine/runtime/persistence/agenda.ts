import type { DurableTask } from '../durable-task.ts';
import type { DueEntry } from './due-entry.ts';
import { rowOf, type StoredTask, storedTask } from './stored-task.ts';

/** Notes when an entity is due; the index of its slot. */
export interface DueNotes {
  /** For how long this node has looked after the slot, in milliseconds. */
  servedMs(): number;
  cover(entry: DueEntry, due: number, failed: (error: Error) => void): Promise<void> | undefined;
  move(entry: DueEntry, due: number): void;
  release(entry: DueEntry, due: number): void;
}

/** The index is told of a later time only when it is so much later: until then it would activate an entity that lives anyway. */
const LATER_MS_MIN = 60_000;

/** The durable tasks of an activation: part of its record, and noted in the index of its slot before the record is saved. */
export class Agenda {
  readonly tasks = new Map<string, DurableTask>();
  /** Tasks that this code cannot run, by name: they are kept as they are. */
  readonly aside = new Map<string, StoredTask>();
  private readonly notes: DueNotes;
  private readonly entry: DueEntry;
  /** What its record in the store says is due first. */
  private savedDue: number;
  private isReleased = false;

  constructor(notes: DueNotes, entry: DueEntry, savedDue: number) {
    this.notes = notes;
    this.entry = entry;
    this.savedDue = savedDue;
    entry.isLiving = true;
  }

  get size(): number {
    return this.tasks.size + this.aside.size;
  }

  servedMs(): number {
    return this.notes.servedMs();
  }

  /** For the record; undefined when there are none. */
  stored(): unknown[] | undefined {
    if (this.size === 0) return undefined;
    const rows = [...this.aside.values()].map(rowOf);
    for (const task of this.tasks.values()) rows.push(rowOf(storedTask(task)));
    return rows;
  }

  /** When the first one is due, in milliseconds since 1970; Infinity for never. */
  nextDue(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const { owedSince, dueWall } of this.tasks.values()) due = Math.min(due, owedSince ?? dueWall);
    return due;
  }

  /**
   * Before a record is saved that says so: undefined when the index has it already. `failed` is called whenever it could not be noted; it is
   * tried again.
   */
  cover(due: number, failed: (error: Error) => void): Promise<void> | undefined {
    return due === Number.POSITIVE_INFINITY ? undefined : this.notes.cover(this.entry, due, failed);
  }

  /** The record in the store says so from now on. */
  saved(due: number, wallNow: number): void {
    this.savedDue = due;
    if (this.isReleased) return;
    const { entry } = this;
    const next = Math.min(due, this.nextDue());
    if (next - Math.max(entry.upper, wallNow) > LATER_MS_MIN || next === Number.POSITIVE_INFINITY) {
      this.notes.move(entry, next);
    }
  }

  /** The activation is gone. */
  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.notes.release(this.entry, this.savedDue);
  }
}
