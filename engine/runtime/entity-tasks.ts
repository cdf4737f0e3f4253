import { type Duration, milliseconds } from '../base/duration.ts';
import { EngineError, notImplemented, OverloadedError } from '../base/errors.ts';
import { type Activation, DEACTIVATING, GONE } from './activation.ts';
import { CronSchedule } from './cron.ts';
import type { TaskOptions, Tasks } from './entity.ts';
import type { NodeState } from './node-state.ts';
import { everyMsOf, Task, type TaskOwner, type TaskSchedule } from './task.ts';

/** Of one entity. */
export const TASKS_MAX = 131_072;

const OPTIONS: readonly string[] = ['args', 'durable', 'missed'] satisfies (keyof TaskOptions)[];

/** Runs what fell due; the scheduler. */
export interface TaskRunner {
  runTask(activation: Activation, task: Task): void;
}

/** `this.tasks` of one entity. Tasks live as long as the activation. */
export class EntityTasks implements Tasks<any>, TaskOwner {
  private readonly state: NodeState;
  private readonly activation: Activation;
  private readonly runner: TaskRunner;
  private readonly tasks = new Map<string, Task>();

  constructor(state: NodeState, activation: Activation, runner: TaskRunner) {
    this.state = state;
    this.activation = activation;
    this.runner = runner;
  }

  async every(name: string, interval: Duration, method: string, options?: TaskOptions): Promise<void> {
    const everyMs = everyMsOf(interval, `task '${name}'`);
    this.add(name, method, everyMs, { everyMs }, options);
  }

  async once(name: string, delay: Duration, method: string, options?: TaskOptions): Promise<void> {
    this.add(name, method, milliseconds(delay, `task '${name}'`), {}, options);
  }

  async cron(name: string, expression: string, method: string, options?: TaskOptions): Promise<void> {
    this.add(name, method, 0, { cron: new CronSchedule(expression, `task '${name}'`) }, options);
  }

  async cancel(name: string): Promise<boolean> {
    const task = this.tasks.get(name);
    if (task === undefined) return false;
    this.drop(task);
    this.tasks.delete(name);
    return true;
  }

  /** The tasks that the type declares. */
  startDeclared(): void {
    for (const { name, schedule } of this.activation.type.tasks) {
      this.add(name, name, schedule.everyMs ?? 0, schedule, undefined);
    }
  }

  cancelAll(): void {
    for (const task of this.tasks.values()) this.drop(task);
    this.tasks.clear();
  }

  /** Drift-free: the next time counts from when this one was due, not from when it ran. Missed times are counted, not made up for. */
  due(task: Task): void {
    if (task.cron !== undefined) {
      const { isDue, missed } = this.state.wallTasks.take(task);
      if (missed > 0) this.overran(task, missed);
      if (!isDue) return;
    } else if (task.everyMs !== undefined) {
      const now = this.state.now;
      let next = task.due + task.everyMs;
      if (next <= now) {
        const missed = Math.floor((now - next) / task.everyMs) + 1;
        next += missed * task.everyMs;
        this.overran(task, missed);
      }
      this.state.wheel.add(task, next);
    }
    if (task.running) {
      this.overran(task, 1);
      return;
    }
    task.running = true;
    this.runner.runTask(this.activation, task);
  }

  /** One that fires once can be cancelled until now. */
  begun(task: Task): void {
    if (!task.isRepeated && this.tasks.get(task.name) === task) this.tasks.delete(task.name);
  }

  private drop(task: Task): void {
    task.cancelled = true;
    if (task.cron === undefined) this.state.wheel.remove(task);
    else this.state.wallTasks.remove(task);
  }

  private overran(task: Task, times: number): void {
    task.overruns += times;
    this.state.counters.taskOverruns += times;
  }

  private add(
    name: string,
    method: string,
    delayMs: number,
    schedule: TaskSchedule,
    options: TaskOptions | undefined,
  ): void {
    const { activation } = this;
    if (typeof name !== 'string') throw new TypeError(`The name of a task is a string, not ${String(name)}.`);
    if (activation.phase === DEACTIVATING || activation.phase === GONE) {
      throw new EngineError('call-context', `Task '${name}': ${activation.type.name} is being deactivated.`);
    }
    // While the constructor runs there is no entity yet.
    const entity = (activation.entity ?? activation.type.cls.prototype) as unknown as Record<string, unknown>;
    if (typeof entity[method] !== 'function') {
      throw new TypeError(`Task '${name}': ${activation.type.cls.name} has no method '${method}'.`);
    }
    if (options !== undefined) checkOptions(name, options);
    const before = this.tasks.get(name);
    if (before !== undefined) this.drop(before);
    else if (this.tasks.size >= TASKS_MAX) {
      throw new OverloadedError(
        'calls-exhausted',
        `Task '${name}': ${activation.type.name}/${activation.id} has ${TASKS_MAX} tasks already.`,
      );
    }
    const task = new Task(this, name, method, options?.args ?? [], schedule);
    this.tasks.set(name, task);
    if (task.cron === undefined) this.state.wheel.add(task, this.state.clock.now() + delayMs);
    else this.state.wallTasks.add(task);
  }
}

function checkOptions(name: string, options: TaskOptions): void {
  for (const option of Object.keys(options)) {
    if (!OPTIONS.includes(option)) throw new TypeError(`Task '${name}': unknown option '${option}'.`);
  }
  const { args, durable = false, missed } = options;
  if (args !== undefined && !Array.isArray(args)) throw new TypeError(`Task '${name}': args is a list.`);
  if (typeof durable !== 'boolean') throw new TypeError(`Task '${name}': durable is true or false.`);
  if (missed !== undefined) {
    if (missed !== 'once' && missed !== 'skip') throw new TypeError(`Task '${name}': missed is 'once' or 'skip'.`);
    if (!durable) throw new TypeError(`Task '${name}': missed is for durable tasks: it needs durable: true.`);
  }
  // The seam: a durable task goes to the store instead of the wheel, under type, id and name.
  if (durable) throw notImplemented(`Task '${name}': durable: true (it needs a store)`);
}
