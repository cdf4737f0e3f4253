import type { VirtualTime } from './virtual-time.ts';

/** One thread of a simulated host: does one thing at a time, in order, and may stand still in the middle of it. */
export class SimThread {
  /** Since when it stands still. */
  stillSince: number | undefined;
  private readonly time: VirtualTime;
  private readonly onIdle: () => void;
  private readonly onBusy: () => void;
  private readonly queue: (() => void)[] = [];
  /** What a running slice does when it ends, once it is due. */
  private ending: (() => void) | undefined;
  private due = false;
  private ended = false;

  constructor(time: VirtualTime, onBusy: () => void, onIdle: () => void) {
    this.time = time;
    this.onBusy = onBusy;
    this.onIdle = onIdle;
  }

  get isBusy(): boolean {
    return this.ending !== undefined;
  }

  post(task: () => void): void {
    if (this.ended) return;
    this.queue.push(task);
    this.work();
  }

  /** Within a task: the thread is busy for so long, then `end` runs. */
  slice(ms: number, end: () => void): void {
    this.ending = end;
    this.due = false;
    this.onBusy();
    this.time.after(ms, () => {
      this.due = true;
      this.work();
    });
  }

  halt(): void {
    this.stillSince ??= this.time.now;
  }

  goOn(): void {
    this.stillSince = undefined;
    this.work();
  }

  /** For good. */
  end(): void {
    this.ended = true;
    this.queue.length = 0;
    this.ending = undefined;
  }

  private work(): void {
    while (!this.ended && this.stillSince === undefined) {
      if (this.ending !== undefined) {
        if (!this.due) return;
        const { ending } = this;
        this.ending = undefined;
        ending();
        if (this.ending === undefined) this.onIdle();
      } else {
        const task = this.queue.shift();
        if (task === undefined) return;
        task();
      }
    }
  }
}
