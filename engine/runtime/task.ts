import { type Duration, milliseconds } from '../base/duration.ts';
import type { CronSchedule } from './cron.ts';
import { Timer } from './timing-wheel.ts';

/** When a task is due: every so many milliseconds, at the times of a cron expression, or (both left out) once. */
export interface TaskSchedule {
  readonly everyMs?: number;
  readonly cron?: CronSchedule;
}

/** Throws TypeError or RangeError, naming `what`. */
export function everyMsOf(interval: Duration, what: string): number {
  const everyMs = milliseconds(interval, what);
  if (everyMs >= 1) return everyMs;
  throw new RangeError(`${what}: every ${everyMs} ms is too often; at least 1 ms.`);
}

/** Runs the tasks of one activation. */
export interface TaskOwner {
  due(task: Task): void;
  /** A run of it begins. */
  begun(task: Task): void;
}

/** A repeated or delayed operation of one activation. */
export class Task extends Timer {
  readonly name: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly everyMs: number | undefined;
  readonly cron: CronSchedule | undefined;
  private readonly owner: TaskOwner;
  /** When a task with `cron` is due, in milliseconds since 1970: the wall clock may jump, the wheel's does not. */
  dueWall = 0;
  /** A run of it waits or is in progress. */
  running = false;
  /** Cancelled or replaced; a run of it that waits does not begin. */
  cancelled = false;
  /** How often it fell due while the run before was not over. */
  overruns = 0;

  constructor(owner: TaskOwner, name: string, method: string, args: readonly unknown[], schedule: TaskSchedule) {
    super();
    this.owner = owner;
    this.name = name;
    this.method = method;
    this.args = args;
    this.everyMs = schedule.everyMs;
    this.cron = schedule.cron;
  }

  get isRepeated(): boolean {
    return this.everyMs !== undefined || this.cron !== undefined;
  }

  fire(): void {
    this.owner.due(this);
  }

  /** Runs the method. */
  call(entity: object): unknown {
    return (entity as Record<string, (...args: readonly unknown[]) => unknown>)[this.method]!(...this.args);
  }

  /** False when it was cancelled while the run waited. */
  begin(): boolean {
    if (this.cancelled) return false;
    this.owner.begun(this);
    return true;
  }

  /** This run is refused: the next one may come. */
  skip(): void {
    if (!this.cancelled) this.owner.begun(this);
    this.running = false;
  }
}

export const callTask = (task: Task, entity: object): unknown => task.call(entity);
