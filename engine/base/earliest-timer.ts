/**
 * One timer for many deadlines: it stands at the earliest. Deadlines are rarely reached, so adding one is a comparison, and one that
 * is not needed any more is noticed when the timer next fires.
 */
export class EarliestTimer {
  private readonly now: () => number;
  private readonly sweep: (now: number) => number;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private at = Number.POSITIVE_INFINITY;

  /** `sweep` handles everything due at `now` and returns the earliest deadline that is left, or Infinity. */
  constructor(now: () => number, sweep: (now: number) => number) {
    this.now = now;
    this.sweep = sweep;
  }

  /** There is something due at `deadline`, in milliseconds of `now`. */
  arm(deadline: number): void {
    if (deadline >= this.at) return;
    this.stop();
    this.at = deadline;
    // A timer may fire up to a millisecond early; longer waits than setTimeout takes are cut and start again.
    const delayMs = Math.min(Math.max(0, deadline - this.now()) + 1, 2 ** 31 - 1);
    this.timer = setTimeout(() => {
      this.at = Number.POSITIVE_INFINITY;
      this.arm(this.sweep(this.now()));
    }, delayMs);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.at = Number.POSITIVE_INFINITY;
  }
}
