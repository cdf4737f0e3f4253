import type { Instant } from '../../cluster/instant.ts';
import type { VirtualTime } from './virtual-time.ts';

const WALL_START = 1_900_000_000_000;

/** The two clocks of one host: wrong in rate within the bound of the model, and in whatever way a fault makes them. */
export class SimClock {
  private readonly time: VirtualTime;
  private readonly rate: number;
  private readonly monoStart: number;
  private frozenMs = 0;
  private frozenAt: number | undefined;
  private monoSetBackMs = 0;
  private wallJumpMs = 0;
  private fast = { since: 0, gain: 0 };

  /** `rate` of 1.01: shows 1.01 s when 1 s has passed. */
  constructor(time: VirtualTime, rate: number, monoStart: number) {
    this.time = time;
    this.rate = rate;
    this.monoStart = monoStart;
  }

  now(): Instant {
    const real = (this.frozenAt ?? this.time.now) - this.frozenMs;
    return {
      mono: this.monoStart + real * this.rate - this.monoSetBackMs,
      wall: WALL_START + this.time.now * this.rate + this.wallJumpMs + this.gainMs(),
    };
  }

  /** Real milliseconds until the monotonic clock has moved on by `ms`, if nothing happens to it. */
  real(ms: number): number {
    return ms / this.rate;
  }

  /** The machine is suspended: the monotonic clock stands still, the wall is right again afterwards. */
  freeze(): void {
    this.frozenAt ??= this.time.now;
  }

  thaw(): void {
    if (this.frozenAt === undefined) return;
    this.frozenMs += this.time.now - this.frozenAt;
    this.frozenAt = undefined;
  }

  jumpWall(ms: number): void {
    this.wallJumpMs += ms;
  }

  /** The wall runs this many times as fast; 1 is right again, and it keeps what it has gained. */
  speedWall(times: number): void {
    this.wallJumpMs += this.gainMs();
    this.fast = { since: this.time.now, gain: times - 1 };
  }

  /** What monotonic clocks never do, and have done. */
  setBackMono(ms: number): void {
    this.monoSetBackMs += ms;
  }

  private gainMs(): number {
    return (this.time.now - this.fast.since) * this.fast.gain;
  }
}
