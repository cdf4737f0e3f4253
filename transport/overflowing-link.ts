import type { LinkCounters } from './link.ts';
import type { Overflow } from './overflow.ts';

/** What every link counts alike whose frames wait in an `Overflow` when there is no room. */
export abstract class OverflowingLink implements LinkCounters {
  abstract readonly bytes: number;
  protected abstract readonly overflow: Overflow;
  /** Whole frames of all lanes that found room. */
  protected abstract readonly framesWritten: number;

  get frames(): number {
    return this.framesWritten + this.overflow.frames + this.overflow.replaced;
  }

  get backlog(): number {
    return this.overflow.frames;
  }

  get backlogHighest(): number {
    return this.overflow.framesHighest;
  }

  get spilled(): number {
    return this.overflow.spilled;
  }

  get replaced(): number {
    return this.overflow.replaced;
  }

  get refused(): number {
    return this.overflow.refused;
  }
}
