import { type Duration, milliseconds } from '../base/duration.ts';
import type { CronSchedule } from './cron.ts';
import { WallTimer } from './wall-timers.ts';

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
  /** A run of it is refused. */
  refused(task: Task): void;
  /** The wall clock was set back, see `WallTimer`. */
  wasSetBack(task: Task, wall: number, byMs: number): void;
}

/** A repeated or delayed operation of one activation. Its timer follows the wall clock when it has a cron expression. */
export class Task extends WallTimer {
  readonly name: string;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly everyMs: number | undefined;
  readonly cron: CronSchedule | undefined;
  private readonly owner: TaskOwner;
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

  /** The first time after `wall` at which it is due, for one that follows the wall clock; undefined when there is none. */
  nextAfter(wall: number): number | undefined {
    if (this.cron !== undefined) return this.cron.nextAfter(wall);
    if (this.dueWall > wall) return this.dueWall;
    if (this.everyMs === undefined) return undefined;
    return this.dueWall + (Math.floor((wall - this.dueWall) / this.everyMs) + 1) * this.everyMs;
  }

  fire(): void {
    this.owner.due(this);
  }

  wasSetBack(wall: number, byMs: number): void {
    this.owner.wasSetBack(this, wall, byMs);
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

  /** The run that began is over. */
  end(): void {
    this.running = false;
  }

  /** This run is refused: the next one may come. */
  skip(): void {
    this.running = false;
    if (!this.cancelled) this.owner.refused(this);
  }
}

export const callTask = (task: Task, entity: object): unknown => task.call(entity);
