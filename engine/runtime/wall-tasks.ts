import { DurableTask, MISSED_MS } from './durable-task.ts';
import type { Task } from './task.ts';
import type { WallTimers } from './wall-timers.ts';

/** A time that the clock jumped over, or the machine slept through, is run late, but not later than this. */
const LATE_MS_MAX = 3_600_000;
/** Times that have passed are counted one by one, up to here. */
const PASSED_MAX = 1000;

/** What the timer of a task that follows the wall clock has found. */
export interface Taken {
  /** When the run that is due now was due first; undefined when none is. */
  readonly due: number | undefined;
  /** Times that have come and are not run. */
  readonly missed: number;
}

const NOTHING: Taken = { due: undefined, missed: 0 };

/** The timer of a task has fired: how many of its times have come that are not run, and whether one is. The timer of the next one is set. */
export function takeDue(task: Task, timers: WallTimers): Taken {
  const wall = timers.wallNow;
  const first = task.dueWall;
  if (wall < first) {
    // The clock was set back since, or runs slower than the other one.
    timers.set(task, first);
    return NOTHING;
  }
  let passed = 0;
  for (let due: number | undefined = first; due !== undefined && due <= wall && passed < PASSED_MAX; passed++) {
    due = task.nextAfter(due);
  }
  const recent = task.nextAfter(Math.max(first, wall - lateMsMax(task)) - 1);
  const isDue = recent !== undefined && recent <= wall;
  setAfter(task, timers, wall);
  if (task instanceof DurableTask) task.lateMsMax = MISSED_MS;
  return isDue ? { due: recent, missed: passed - 1 } : { due: undefined, missed: passed };
}

/** Its next time after this one; none is left of a task that has run once, and of a cron expression at the end of time. */
export function setAfter(task: Task, timers: WallTimers, wall: number): void {
  const due = task.nextAfter(wall);
  if (due === undefined) timers.remove(task);
  else timers.set(task, due);
}

function lateMsMax(task: Task): number {
  if (!(task instanceof DurableTask)) return LATE_MS_MAX;
  return task.missed === 'once' ? Number.POSITIVE_INFINITY : task.lateMsMax;
}
