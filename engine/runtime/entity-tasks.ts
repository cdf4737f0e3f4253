import { encodeCbor } from '../../transport/codec/cbor.ts';
import { type Duration, milliseconds } from '../base/duration.ts';
import { EngineError, OverloadedError } from '../base/errors.ts';
import { type Activation, DEACTIVATING, GONE } from './activation.ts';
import { Alarm } from './alarm.ts';
import { CronSchedule } from './cron.ts';
import { DurableTask, type DurableTaskOwner, MISSED_MS } from './durable-task.ts';
import type { TaskOptions, Tasks } from './entity.ts';
import type { NodeState } from './node-state.ts';
import type { Agenda } from './persistence/agenda.ts';
import type { EntityRecord } from './persistence/entity-record.ts';
import { type StoredTask, storedTask } from './persistence/stored-task.ts';
import { everyMsOf, Task, type TaskSchedule } from './task.ts';
import { checkOptions } from './task-options.ts';
import { setAfter, takeDue } from './wall-tasks.ts';

/** Of one entity. */
export const TASKS_MAX = 131_072;
/** Of one entity: they are part of its record. */
export const DURABLE_TASKS_MAX = 1024;
/** Each of its runs is saved. */
const DURABLE_EVERY_MS_MIN = 1000;
/** A durable task whose run was refused, because it is in quarantine, is tried again. */
const REFUSED_MS = 60_000;

/** Runs what fell due; the scheduler. */
export interface TaskRunner {
  runTask(activation: Activation, task: Task): void;
}

/** `this.tasks` of one entity. Tasks live as long as the activation; durable ones also in its record. */
export class EntityTasks implements Tasks<any>, DurableTaskOwner {
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
    if (options?.durable === true && everyMs < DURABLE_EVERY_MS_MIN) {
      throw new RangeError(`task '${name}': every ${everyMs} ms is too often for a durable task; at least 1 s.`);
    }
    await this.add(name, method, everyMs, { everyMs }, options);
  }

  async once(name: string, delay: Duration, method: string, options?: TaskOptions): Promise<void> {
    await this.add(name, method, milliseconds(delay, `task '${name}'`), {}, options);
  }

  async cron(name: string, expression: string, method: string, options?: TaskOptions): Promise<void> {
    await this.add(name, method, 0, { cron: new CronSchedule(expression, `task '${name}'`) }, options);
  }

  async cancel(name: string): Promise<boolean> {
    const { agenda } = this;
    const task = this.tasks.get(name);
    if (task === undefined && agenda?.aside.has(name) !== true) return false;
    if (task !== undefined) this.drop(task);
    this.tasks.delete(name);
    if (agenda !== undefined && this.forget(agenda, name)) await this.record!.keep();
    return true;
  }

  /** The tasks that the type declares. */
  startDeclared(): void {
    for (const { name, schedule } of this.activation.type.tasks) {
      const before = this.tasks.get(name);
      if (before instanceof DurableTask) this.setAside(storedTask(before), 'its name is that of a declared task');
      this.start(name, new Task(this, name, name, [], schedule), schedule.everyMs ?? 0);
    }
  }

  restore(stored: readonly StoredTask[]): void {
    const { activation } = this;
    const inIndex = stored.filter(({ isAside }) => !isAside).map(({ due }) => due);
    const agenda = activation.record!.needAgenda(Math.min(...inIndex));
    for (const one of stored) {
      const { name, method, args, schedule, due, missed } = one;
      if (typeof (activation.entity as unknown as Record<string, unknown>)[method] !== 'function') {
        this.setAside(one, `${activation.type.cls.name} has no method '${method}'`);
        continue;
      }
      let timing: TaskSchedule;
      try {
        timing = scheduleOf(schedule);
      } catch (error) {
        this.setAside(one, (error as Error).message);
        continue;
      }
      const task = new DurableTask(this, name, method, args, timing, missed);
      this.tasks.set(name, task);
      agenda.tasks.set(name, task);
      task.isKept = true;
      task.lateMsMax = agenda.servedMs() + MISSED_MS;
      // It can run again: the index has to know.
      if (one.isAside) activation.record!.touch();
      this.state.wallTimers.set(task, due);
    }
  }

  cancelAll(): void {
    for (const task of this.tasks.values()) this.drop(task);
    this.tasks.clear();
  }

  /** Drift-free: the next time counts from when this one was due, not from when it ran. Missed times are counted, not made up for. */
  due(task: Task): void {
    const isDurable = task instanceof DurableTask;
    if (isDurable || task.cron !== undefined) {
      const { due, missed } = takeDue(task, this.state.wallTimers);
      if (missed > 0) this.overran(task, missed);
      if (isDurable && (due !== undefined || missed > 0)) this.record!.touch();
      if (due === undefined) {
        if (isDurable && !task.isRepeated && missed > 0) this.isOver(task);
        return;
      }
      if (isDurable) task.owedSince ??= due;
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
    this.run(task);
  }

  /** One that fires once can be cancelled until now. */
  begun(task: Task): void {
    if (!task.isRepeated && !(task instanceof DurableTask)) this.isOver(task);
  }

  ended(task: DurableTask): void {
    task.owedSince = undefined;
    if (!task.isRepeated) this.isOver(task);
    // Also when all that ran was read-only.
    this.record!.touch();
  }

  refused(task: Task): void {
    if (!(task instanceof DurableTask)) {
      this.begun(task);
      return;
    }
    const again = new Alarm(() => {
      if (!task.cancelled && !task.running && task.owedSince !== undefined) this.run(task);
    });
    this.state.wheel.add(again, this.state.clock.now() + REFUSED_MS);
  }

  wasSetBack(task: Task, wall: number, byMs: number): void {
    const { wallTimers } = this.state;
    if (task.cron !== undefined) setAfter(task, wallTimers, wall);
    else if (task.everyMs === undefined) wallTimers.set(task, task.dueWall - byMs);
    else wallTimers.set(task, wall + ((((task.dueWall - wall) % task.everyMs) + task.everyMs) % task.everyMs));
    if (task instanceof DurableTask) this.record!.touch();
  }

  private get record(): EntityRecord | undefined {
    return this.activation.record;
  }

  private get agenda(): Agenda | undefined {
    return this.record?.agenda;
  }

  private run(task: Task): void {
    task.running = true;
    this.runner.runTask(this.activation, task);
  }

  /** Nothing of it is left to run. */
  private isOver(task: Task): void {
    const { name } = task;
    if (this.tasks.get(name) === task) this.tasks.delete(name);
    if (this.agenda?.tasks.get(name) === task) this.agenda.tasks.delete(name);
  }

  private drop(task: Task): void {
    task.cancelled = true;
    if (task instanceof DurableTask || task.cron !== undefined) this.state.wallTimers.remove(task);
    else this.state.wheel.remove(task);
  }

  /** Whether there was a durable one of this name. */
  private forget(agenda: Agenda, name: string): boolean {
    const wasTask = agenda.tasks.delete(name);
    const wasAside = agenda.aside.delete(name);
    return wasTask || wasAside;
  }

  /** It stays in the record, and does not run. Said when it comes to that, and not in each life from then on. */
  private setAside(task: StoredTask, why: string): void {
    const { type, id } = this.activation;
    const agenda = this.agenda!;
    agenda.tasks.delete(task.name);
    agenda.aside.set(task.name, { ...task, isAside: true });
    if (task.isAside) return;
    this.record!.touch();
    const fields = { entity: type.name, id: String(id), task: task.name, why };
    this.state.log.error(fields, 'a durable task cannot run; it is kept');
  }

  private overran(task: Task, times: number): void {
    task.overruns += times;
    this.state.counters.taskOverruns += times;
  }

  private async add(
    name: string,
    method: string,
    delayMs: number,
    schedule: TaskSchedule,
    options: TaskOptions | undefined,
  ): Promise<void> {
    this.check(name, method);
    const { args, missed } = checkOptions(this.state.catalogue.types, `Task '${name}'`, options);
    if (missed === undefined) {
      const { agenda } = this;
      const wasDurable = agenda !== undefined && this.forget(agenda, name);
      this.start(name, new Task(this, name, method, args, schedule), delayMs);
      if (wasDurable) await this.record!.keep();
      return;
    }
    const agenda = this.agendaFor(name);
    const task = new DurableTask(this, name, method, args, schedule, missed);
    const before = agenda.tasks.get(name);
    // Who says on each activation what is to be done every day does not want to begin anew, and lose the day that is due.
    if (before === undefined || !task.isRepeated || !isSame(task, before)) {
      this.forget(agenda, name);
      this.start(name, task, delayMs);
      agenda.tasks.set(name, task);
    } else if (before.isKept) return;
    await this.record!.keep();
    task.isKept = true;
  }

  private start(name: string, task: Task, delayMs: number): void {
    const before = this.tasks.get(name);
    if (before !== undefined) this.drop(before);
    else if (this.tasks.size >= TASKS_MAX) throw this.tooMany(name, TASKS_MAX, '');
    this.tasks.set(name, task);
    const { wallTimers, wheel, clock } = this.state;
    if (task.cron !== undefined) setAfter(task, wallTimers, clock.wallNow());
    else if (task instanceof DurableTask) wallTimers.set(task, clock.wallNow() + delayMs);
    else wheel.add(task, clock.now() + delayMs);
  }

  private check(name: string, method: string): void {
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
  }

  /** Throws for an entity that can have no durable task of this name. */
  private agendaFor(name: string): Agenda {
    const { type, entity } = this.activation;
    if (!type.persistent) {
      const hint = `write entity(${type.name}, ${type.cls.name}, { persistent: true })`;
      throw new TypeError(`Task '${name}': durable tasks are part of the stored state: ${hint}.`);
    }
    if (entity === undefined) throw new TypeError(`Task '${name}': a constructor has no state to save yet.`);
    if (type.tasks.some((declared) => declared.name === name)) {
      throw new TypeError(`Task '${name}': entity(${type.name}) declares a task of this name.`);
    }
    const agenda = this.record!.needAgenda();
    if (agenda.size >= DURABLE_TASKS_MAX && !agenda.tasks.has(name) && !agenda.aside.has(name)) {
      throw this.tooMany(name, DURABLE_TASKS_MAX, 'durable ');
    }
    return agenda;
  }

  private tooMany(name: string, most: number, kind: string): OverloadedError {
    const { type, id } = this.activation;
    const message = `Task '${name}': ${type.name}/${id} has ${most} ${kind}tasks already.`;
    return new OverloadedError('calls-exhausted', message);
  }
}

function scheduleOf(schedule: StoredTask['schedule']): TaskSchedule {
  if (schedule === null) return {};
  return typeof schedule === 'number' ? { everyMs: schedule } : { cron: new CronSchedule(schedule, 'a durable task') };
}

function isSame(a: DurableTask, b: DurableTask): boolean {
  return (
    a.method === b.method &&
    a.missed === b.missed &&
    a.everyMs === b.everyMs &&
    a.cron?.expression === b.cron?.expression &&
    Buffer.compare(encodeCbor(a.args), encodeCbor(b.args)) === 0
  );
}
