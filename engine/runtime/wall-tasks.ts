import type { Clock } from '../base/clock.ts';
import type { CronSchedule } from './cron.ts';
import type { Task } from './task.ts';
import { Timer, type TimingWheel } from './timing-wheel.ts';

/** How often the two clocks are compared, and how far they may come apart before timers are set anew. */
const LOOK_MS = 30_000;
const APART_MS_MAX = 50;
/** A clock that is set back by more was wrong: its times count anew. Set back by less, it shows times that have been already. */
const BACK_MS_MAX = 3 * 3_600_000;
/** A time that the clock jumped over, or the machine slept through, is run late, but not later than this. */
const LATE_MS_MAX = 3_600_000;
/** Times that have passed are counted one by one, up to here. */
const PASSED_MAX = 1000;

interface WallTask extends Task {
  readonly cron: CronSchedule;
}

/**
 * The tasks of a node that follow the wall clock. Each has a timer at the time that is due by now; the wall clock may be set, and stands
 * ahead after a machine slept, so it is compared with the monotonic one every half minute, and all timers are set anew when
 * the two have come apart. No task: no timer.
 */
export class WallTasks extends Timer {
  private readonly clock: Clock;
  private readonly wheel: TimingWheel;
  private readonly tasks = new Set<WallTask>();
  /** Wall time minus monotonic time, when the timers were last set. */
  private apart = 0;

  constructor(clock: Clock, wheel: TimingWheel) {
    super();
    this.clock = clock;
    this.wheel = wheel;
  }

  add(task: Task): void {
    this.tasks.add(task as WallTask);
    if (!this.scheduled) {
      this.apart = this.clock.wallNow() - this.clock.now();
      this.wheel.add(this, this.clock.now() + LOOK_MS);
    }
    this.setAfter(task as WallTask, this.clock.wallNow());
  }

  remove(task: Task): void {
    this.tasks.delete(task as WallTask);
    this.wheel.remove(task);
    if (this.tasks.size === 0) this.wheel.remove(this);
  }

  /**
   * The timer of a task has fired: how many of its times have come that are not run, and whether one is. The timer of the
   * next one is set.
   */
  take(task: Task): { isDue: boolean; missed: number } {
    const { cron } = task as WallTask;
    const wall = this.clock.wallNow();
    if (wall < task.dueWall) {
      // The clock was set back since, or runs slower than the other one.
      this.set(task as WallTask, wall);
      return { isDue: false, missed: 0 };
    }
    let passed = 0;
    let due: number | undefined = task.dueWall;
    while (due !== undefined && due <= wall && passed < PASSED_MAX) {
      passed++;
      due = cron.nextAfter(due);
    }
    const recent = cron.nextAfter(Math.max(task.dueWall, wall - LATE_MS_MAX) - 1);
    const isDue = recent !== undefined && recent <= wall;
    this.setAfter(task as WallTask, wall);
    return { isDue, missed: isDue ? passed - 1 : passed };
  }

  /** Compares the clocks. */
  fire(): void {
    const wall = this.clock.wallNow();
    const apart = wall - this.clock.now();
    const jump = apart - this.apart;
    if (Math.abs(jump) > APART_MS_MAX) {
      this.apart = apart;
      for (const task of [...this.tasks]) {
        if (jump < -BACK_MS_MAX) this.setAfter(task, wall);
        else this.set(task, wall);
      }
    }
    if (this.tasks.size > 0) this.wheel.add(this, this.clock.now() + LOOK_MS);
  }

  private setAfter(task: WallTask, wall: number): void {
    const due = task.cron.nextAfter(wall);
    if (due === undefined) {
      // No such day is left before the end of time.
      this.remove(task);
      return;
    }
    task.dueWall = due;
    this.set(task, wall);
  }

  private set(task: WallTask, wall: number): void {
    this.wheel.add(task, this.clock.now() + task.dueWall - wall);
  }
}
