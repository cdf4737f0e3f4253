/** A token bucket: `count` at once, refilled evenly over `perMs`. */
export class RateBucket {
  private readonly count: number;
  private readonly msPerToken: number;
  private tokens: number;
  private refilledAt: number;

  constructor(rate: { count: number; perMs: number }, now: number) {
    this.count = rate.count;
    this.msPerToken = rate.perMs / rate.count;
    this.tokens = rate.count;
    this.refilledAt = now;
  }

  /** Takes a token: 0. Otherwise milliseconds until there is one. */
  take(now: number): number {
    const tokens = Math.min(this.count, this.tokens + Math.max(0, now - this.refilledAt) / this.msPerToken);
    this.refilledAt = now;
    if (tokens >= 1 - ROUNDING) {
      this.tokens = Math.max(0, tokens - 1);
      return 0;
    }
    this.tokens = tokens;
    return Math.ceil((1 - tokens - ROUNDING) * this.msPerToken);
  }
}

/** A token is a token, whatever its parts add up to. */
const ROUNDING = 1e-9;
