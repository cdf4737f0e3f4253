import { type Duration, milliseconds } from '../base/duration.ts';
import { EngineError, notImplemented } from '../base/errors.ts';
import { type Activation, DEACTIVATING, GONE } from './activation.ts';
import type { TaskOptions, Tasks } from './entity.ts';
import type { NodeState } from './node-state.ts';
import { Task, type TaskOwner } from './task.ts';

/** Runs what fell due; the scheduler. */
export interface TaskRunner {
  runTask(activation: Activation, task: Task): void;
}

/** `this.tasks` of one entity. Tasks live as long as the activation. */
export class EntityTasks implements Tasks<any>, TaskOwner {
  private readonly state: NodeState;
  private readonly activation: Activation;
  private readonly runner: TaskRunner;

  constructor(state: NodeState, activation: Activation, runner: TaskRunner) {
    this.state = state;
    this.activation = activation;
    this.runner = runner;
  }

  async every(name: string, interval: Duration, method: string, options?: TaskOptions): Promise<void> {
    const everyMs = milliseconds(interval, `task '${name}'`);
    if (everyMs < 1) throw new RangeError(`Task '${name}': every ${everyMs} ms is too often; at least 1 ms.`);
    this.add(name, method, everyMs, everyMs, options);
  }

  async once(name: string, delay: Duration, method: string, options?: TaskOptions): Promise<void> {
    this.add(name, method, milliseconds(delay, `task '${name}'`), undefined, options);
  }

  async cron(name: string): Promise<void> {
    throw notImplemented(`tasks.cron('${name}')`);
  }

  async cancel(name: string): Promise<boolean> {
    const task = this.activation.tasks?.get(name);
    if (task === undefined) return false;
    this.drop(task);
    this.activation.tasks?.delete(name);
    return true;
  }

  /** The tasks that the type declares. */
  startDeclared(): void {
    for (const { name, everyMs } of this.activation.type.tasks) this.add(name, name, everyMs, everyMs, undefined);
  }

  cancelAll(): void {
    for (const task of this.activation.tasks?.values() ?? []) this.drop(task);
    this.activation.tasks = undefined;
  }

  /** Drift-free: the next time counts from when this one was due, not from when it ran. Missed times are counted, not made up for. */
  due(task: Task): void {
    if (task.everyMs !== undefined) {
      const now = this.state.now;
      let next = task.due + task.everyMs;
      if (next <= now) {
        const missed = Math.floor((now - next) / task.everyMs) + 1;
        next += missed * task.everyMs;
        this.overran(task, missed);
      }
      this.state.wheel.add(task, next);
      if (task.running) {
        this.overran(task, 1);
        return;
      }
    }
    task.running = true;
    this.runner.runTask(this.activation, task);
  }

  /** One that fires once can be cancelled until now. */
  begun(task: Task): void {
    if (task.everyMs === undefined && this.activation.tasks?.get(task.name) === task) {
      this.activation.tasks.delete(task.name);
    }
  }

  private drop(task: Task): void {
    task.cancelled = true;
    this.state.wheel.remove(task);
  }

  private overran(task: Task, times: number): void {
    task.overruns += times;
    this.state.counters.taskOverruns += times;
  }

  private add(
    name: string,
    method: string,
    delayMs: number,
    everyMs: number | undefined,
    options: TaskOptions | undefined,
  ): void {
    const { activation } = this;
    if (activation.state === DEACTIVATING || activation.state === GONE) {
      throw new EngineError('call-context', `Task '${name}': ${activation.type.name} is being deactivated.`);
    }
    // While the constructor runs there is no entity yet.
    const entity = (activation.entity ?? activation.type.cls.prototype) as unknown as Record<string, unknown>;
    if (typeof entity[method] !== 'function') {
      throw new TypeError(`Task '${name}': ${activation.type.cls.name} has no method '${method}'.`);
    }
    if (options?.durable) throw notImplemented(`durable task '${name}'`);
    activation.tasks ??= new Map();
    const before = activation.tasks.get(name);
    if (before !== undefined) this.drop(before);
    const task = new Task(this, name, method, options?.args ?? [], everyMs);
    activation.tasks.set(name, task);
    this.state.wheel.add(task, this.state.clock.now() + delayMs);
  }
}
