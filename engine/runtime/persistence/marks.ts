import { StoreError } from '../../base/errors.ts';

/** Senders of whom an entity remembers something. */
export const MARKS_MAX = 16_384;

/** What becomes of a parcel that arrives. */
export type Verdict = 'new' | 'taken' | 'again' | 'full';

/**
 * Up to which parcel of each sender the operations have run on one entity: what comes again is not run again. A mark is forgotten once its sender
 * says that nothing up to it is in its record any more. So that a copy which is still on its way somewhere cannot count as the first one of a new
 * sender then, first parcels must bring a number that is drawn anew with every activation and whenever a mark is forgotten; who does not
 * know it is told, and sends again.
 */
export class Marks {
  private readonly marks = new Map<string, number>();
  private readonly draw: () => number;
  private drawn: number;

  /** `draw` returns whole numbers from 1 on, hardly ever one twice. */
  constructor(draw: () => number) {
    this.draw = draw;
    this.drawn = draw();
  }

  /** What a first parcel has to bring. */
  get welcome(): number {
    return this.drawn;
  }

  get size(): number {
    return this.marks.size;
  }

  /** `after` is the number of the parcel before it that its sender still has; 0 when there is none. */
  judge(sender: string, number: number, after: number, welcome: number): Verdict {
    const mark = this.marks.get(sender);
    if (mark === undefined) {
      if (after !== 0 || welcome !== this.drawn) return 'again';
      return this.marks.size >= MARKS_MAX ? 'full' : 'new';
    }
    if (number <= mark) return 'taken';
    return after <= mark ? 'new' : 'again';
  }

  /** It runs. */
  set(sender: string, number: number): void {
    this.marks.set(sender, number);
  }

  /** False when there is nothing to forget, or more than that is known. */
  forget(sender: string, number: number): boolean {
    const mark = this.marks.get(sender);
    if (mark === undefined || mark > number) return false;
    this.marks.delete(sender);
    this.drawn = this.draw();
    return true;
  }

  /** What is saved of it; undefined when there is nothing. */
  toStored(): unknown {
    return this.marks.size === 0 ? undefined : this.marks;
  }

  /** Throws StoreError (`corrupt`), which names the record. */
  restore(key: string, stored: unknown): void {
    if (!(stored instanceof Map)) throw corrupt(key);
    for (const [sender, number] of stored as Map<unknown, unknown>) {
      if (typeof sender !== 'string' || !Number.isSafeInteger(number)) throw corrupt(key);
      this.marks.set(sender, number as number);
    }
  }
}

const corrupt = (key: string): StoreError =>
  new StoreError('corrupt', `Record ${key} is damaged: its marks cannot be read.`, { outcome: 'notExecuted' });
