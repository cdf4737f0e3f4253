import type { Clock } from '../base/clock.ts';
import { Timer, type TimingWheel } from './timing-wheel.ts';

/** How often the two clocks are compared, and how far they may come apart before timers are set anew. */
const LOOK_MS = 30_000;
const APART_MS_MAX = 50;
/** A clock that is set back by more was wrong: its times count anew. Set back by less, it shows times that have been already. */
const BACK_MS_MAX = 3 * 3_600_000;

/** Something that happens at a time of the wall clock. */
export abstract class WallTimer extends Timer {
  /** In milliseconds since 1970: the wall clock may jump, the wheel's does not. */
  dueWall = 0;

  /** The wall clock shows `wall` now, `byMs` less than it did, and was wrong before: it may be due at another time. */
  abstract wasSetBack(wall: number, byMs: number): void;
}

/**
 * The timers of a node that follow the wall clock. It may be set, and stands ahead after a machine slept, so it is compared with the monotonic
 * one every half minute, and all timers are set anew when the two have come apart. One may fire when its time has not come. No timer: no look.
 */
export class WallTimers extends Timer {
  private readonly clock: Clock;
  private readonly wheel: TimingWheel;
  private readonly timers = new Set<WallTimer>();
  /** Wall time minus monotonic time, when the timers were last set. */
  private apart = 0;

  constructor(clock: Clock, wheel: TimingWheel) {
    super();
    this.clock = clock;
    this.wheel = wheel;
  }

  /** On the clock that cannot jump. */
  get now(): number {
    return this.clock.now();
  }

  get wallNow(): number {
    return this.clock.wallNow();
  }

  set(timer: WallTimer, dueWall: number): void {
    this.timers.add(timer);
    if (!this.scheduled) {
      this.apart = this.clock.wallNow() - this.clock.now();
      this.wheel.add(this, this.clock.now() + LOOK_MS);
    }
    timer.dueWall = dueWall;
    this.place(timer, this.clock.wallNow());
  }

  remove(timer: WallTimer): void {
    this.timers.delete(timer);
    this.wheel.remove(timer);
    if (this.timers.size === 0) this.wheel.remove(this);
  }

  /** Compares the clocks. */
  fire(): void {
    const wall = this.clock.wallNow();
    const apart = wall - this.clock.now();
    const jump = apart - this.apart;
    if (Math.abs(jump) > APART_MS_MAX) {
      this.apart = apart;
      for (const timer of [...this.timers]) {
        if (jump < -BACK_MS_MAX) timer.wasSetBack(wall, -jump);
        else this.place(timer, wall);
      }
    }
    if (this.timers.size > 0) this.wheel.add(this, this.clock.now() + LOOK_MS);
  }

  private place(timer: WallTimer, wall: number): void {
    this.wheel.add(timer, this.clock.now() + timer.dueWall - wall);
  }
}
