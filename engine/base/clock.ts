/** Time as the engine sees it; passed in, so that a whole cluster can run in virtual time. */
export interface Clock {
  /** Milliseconds, monotonic, with fractions; the same origin on every thread of a process. */
  now(): number;
  /** Milliseconds since 1970; may jump. */
  wallNow(): number;
}

const ORIGIN_READINGS = 8;

export class SystemClock implements Clock {
  /** Threads count `performance.now()` from their own start; hrtime has one origin for the process. */
  private readonly offsetMs = originMs();

  now(): number {
    return performance.now() + this.offsetMs;
  }

  wallNow(): number {
    return Date.now();
  }
}

/**
 * Between the two readings the thread may be stopped for long, and the clock of this thread would be behind that of others for good: leases of a host are
 * compared with the clocks of all its threads. Never too high; the highest of some is the truth.
 */
function originMs(): number {
  let offset = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < ORIGIN_READINGS; i++) {
    offset = Math.max(offset, Number(process.hrtime.bigint()) / 1e6 - performance.now());
  }
  return offset;
}
