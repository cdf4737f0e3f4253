/** Time as the engine sees it; passed in, so that a whole cluster can run in virtual time. */
export interface Clock {
  /** Milliseconds, monotonic, with fractions; the same origin on every thread of a process. */
  now(): number;
  /** Milliseconds since 1970; may jump. */
  wallNow(): number;
}

export class SystemClock implements Clock {
  /** Threads count `performance.now()` from their own start; hrtime has one origin for the process. */
  private readonly offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

  now(): number {
    return performance.now() + this.offsetMs;
  }

  wallNow(): number {
    return Date.now();
  }
}
