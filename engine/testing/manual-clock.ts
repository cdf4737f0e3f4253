import type { Clock } from '../base/clock.ts';

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  private ms: number;
  private wallOffsetMs: number;

  /** `ms` is the monotonic time to begin with. */
  constructor(ms = 1000, wallOffsetMs = Date.UTC(2030, 0, 1)) {
    this.ms = ms;
    this.wallOffsetMs = wallOffsetMs;
  }

  now(): number {
    return this.ms;
  }

  wallNow(): number {
    return this.wallOffsetMs + this.ms;
  }

  /** Nodes notice at their next round: `LocalHost.advance` moves the clock and gives them one. */
  move(ms: number): void {
    if (!(ms >= 0)) throw new RangeError(`Time goes forwards only, not by ${ms} ms.`);
    this.ms += ms;
  }

  /** Sets the wall clock forwards or backwards, as an operator or a time server does, or a machine that slept. */
  setWall(byMs: number): void {
    this.wallOffsetMs += byMs;
  }
}
