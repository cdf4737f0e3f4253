/** At most so many restarts within the window; the next one is one too many. */
export const RESTARTS_MAX = 3;
export const RESTARTS_WINDOW_MS = 60_000;
const BACKOFF_MS = 10_000;
const BACKOFF_MS_MAX = 600_000;

/**
 * How often something may end before that is a pattern: a node of a host, for its supervisor, which then ends the host; a host of the
 * cluster, for the master, which then gives it no slots for a while, longer every time.
 */
export class RestartPolicy {
  private ends: number[] = [];
  private strikes = 0;
  private blockedUntil = 0;

  /** It has ended. False when that was once too often. Milliseconds, monotonic. */
  note(now: number): boolean {
    if (now - this.blockedUntil > BACKOFF_MS_MAX) this.strikes = 0;
    this.ends = this.ends.filter((at) => now - at < RESTARTS_WINDOW_MS);
    this.ends.push(now);
    if (this.ends.length <= RESTARTS_MAX) return true;
    this.ends = [];
    this.blockedUntil = now + Math.min(BACKOFF_MS * 2 ** this.strikes++, BACKOFF_MS_MAX);
    return false;
  }

  isBlocked(now: number): boolean {
    return now < this.blockedUntil;
  }

  get until(): number {
    return this.blockedUntil;
  }
}
