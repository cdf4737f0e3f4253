import type { OverloadedError } from '../base/errors.ts';

/** Something to be written in one piece or not at all. */
export interface Write {
  /** What it changes, and what else it looks at: it waits for whatever is on its way and changes one of these. */
  readonly keys: readonly (string | number)[];
  readonly reads: readonly (string | number)[];
  /** Why what is there speaks against it. */
  refusal(): Error | undefined;
}

/** A store that can write under the condition that nobody else has written since `take`. */
export interface Pen<W extends Write> {
  /** From now on we are the one who writes. Rejects when it cannot be had. */
  take(): Promise<void>;
  /** Resolves once written; with false when somebody else has the pen, and nothing was written. Rejects when it may have been written. */
  write(write: W): Promise<boolean>;
}

interface Place<W> {
  readonly write: W;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
  /** How often the pen was lost before it was written. */
  losses: number;
}

/** Writes on their way at the same time: of lmdb-js, that is what fits into one transaction while the one before it is flushed. */
const UNDER_WAY_MAX = 1024;
/** Two that take the pen from each other for ever are told so. */
const LOSSES_MAX = 32;

/**
 * Writes in the order in which they came, each looked at with what is there just before it is sent: as long as nobody else writes, and nothing
 * under way has the same keys, what is there then is what will be there when it is written. That nobody else has is checked by the store,
 * within its transaction.
 */
export class WriteLine<W extends Write> {
  private readonly pen: Pen<W>;
  private readonly max: number;
  private readonly busy: () => OverloadedError;
  private waiting: Place<W>[] = [];
  private waitingAt = 0;
  private underWay = 0;
  private readonly touched = new Set<string | number>();
  /** In their order; sent again once nothing is under way. */
  private readonly lost: Place<W>[] = [];
  private hasPen = false;
  private isTaking = false;
  private whenIdle: (() => void) | undefined = undefined;

  /** Refuses what comes with `busy` while `max` others have not come to their end. */
  constructor(pen: Pen<W>, max: number, busy: () => OverloadedError) {
    this.pen = pen;
    this.max = max;
    this.busy = busy;
  }

  /** Rejects with its refusal, or with what the pen says. */
  run(write: W): Promise<void> {
    if (this.size >= this.max) return Promise.reject(this.busy());
    return new Promise((resolve, reject) => {
      this.waiting.push({ write, resolve, reject, losses: 0 });
      this.pump();
    });
  }

  /** Resolves when there is nothing left to do. */
  idle(): Promise<void> {
    if (this.size === 0 && !this.isTaking) return Promise.resolve();
    return new Promise((resolve) => {
      this.whenIdle = resolve;
    });
  }

  private get size(): number {
    return this.waiting.length - this.waitingAt + this.underWay + this.lost.length;
  }

  private pump(): void {
    for (;;) {
      const place = this.waiting[this.waitingAt];
      if (place === undefined) break;
      if (!this.hasPen) {
        if (this.underWay === 0 && !this.isTaking) void this.take();
        return;
      }
      if (this.underWay >= UNDER_WAY_MAX || this.isTouched(place.write)) return;
      this.waitingAt++;
      const refusal = this.look(place.write);
      if (refusal === undefined) this.send(place);
      else place.reject(refusal);
    }
    this.waiting = [];
    this.waitingAt = 0;
    if (this.size === 0) this.whenIdle?.();
  }

  private isTouched({ keys, reads }: W): boolean {
    const { touched } = this;
    if (touched.size === 0) return false;
    for (const key of keys) if (touched.has(key)) return true;
    for (const key of reads) if (touched.has(key)) return true;
    return false;
  }

  private look(write: W): unknown {
    try {
      return write.refusal();
    } catch (error) {
      return error;
    }
  }

  private send(place: Place<W>): void {
    this.underWay++;
    for (const key of place.write.keys) this.touched.add(key);
    this.pen.write(place.write).then(
      (isWritten) => {
        this.isBack(place);
        if (isWritten) place.resolve();
        else this.lose(place);
        this.goOn();
      },
      (error: unknown) => {
        this.isBack(place);
        // What is there now is not known: it is read anew.
        this.hasPen = false;
        place.reject(error);
        this.goOn();
      },
    );
  }

  private isBack({ write }: Place<W>): void {
    this.underWay--;
    for (const key of write.keys) this.touched.delete(key);
  }

  private lose(place: Place<W>): void {
    this.hasPen = false;
    if (++place.losses > LOSSES_MAX) place.reject(this.busy());
    else this.lost.push(place);
  }

  private goOn(): void {
    if (this.underWay === 0 && this.lost.length > 0) {
      this.waiting = [...this.lost.splice(0), ...this.waiting.slice(this.waitingAt)];
      this.waitingAt = 0;
    }
    this.pump();
  }

  private async take(): Promise<void> {
    this.isTaking = true;
    try {
      await this.pen.take();
      this.hasPen = true;
    } catch (error) {
      // Nothing of what waits can be written; whoever comes later tries anew.
      for (const { reject } of this.waiting.splice(0).slice(this.waitingAt)) reject(error);
      this.waitingAt = 0;
    }
    this.isTaking = false;
    this.pump();
  }
}
