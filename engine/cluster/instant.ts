/** A moment on one host, read from both of its clocks: neither can be trusted alone. Milliseconds. */
export interface Instant {
  /** Monotonic. Its rate is off by at most `CLOCK_RATE_ERROR`; it may stand still while a virtual machine is suspended. */
  readonly mono: number;
  /** Since 1970; may jump. */
  readonly wall: number;
}

/** By how much the rate of a monotonic clock may differ from real time. */
export const CLOCK_RATE_ERROR = 0.01;

/**
 * For whoever has to stop in time: never less than what passed, up to the rate error. A suspended machine's monotonic clock stands still, so
 * the wall counts as well; a wall that jumps forward over-estimates, which is safe, and one that jumps backward is ignored.
 * A monotonic clock that runs backward is broken: Infinity.
 */
export function longestElapsedMs(since: Instant, now: Instant): number {
  const mono = now.mono - since.mono;
  if (mono < 0) return Number.POSITIVE_INFINITY;
  return Math.max(mono, now.wall - since.wall);
}

/** For whoever waits until another one has stopped: never more than what passed, up to the rate error. */
export function shortestElapsedMs(since: Instant, now: Instant): number {
  return now.mono - since.mono;
}
