import { Timer } from './timing-wheel.ts';

/** Runs the tasks of one activation. */
export interface TaskOwner {
  due(task: Task): void;
  /** A run of it begins. */
  begun(task: Task): void;
}

/** A repeatable or delayed operation of one activation. */
export class Task extends Timer {
  readonly name: string;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Undefined for a task that fires once. */
  readonly everyMs: number | undefined;
  private readonly owner: TaskOwner;
  /** A run of it waits or is in progress. */
  running = false;
  /** Cancelled or replaced; a run of it that waits does not begin. */
  cancelled = false;
  /** How often it fell due while the run before was not over. */
  overruns = 0;

  constructor(owner: TaskOwner, name: string, method: string, args: readonly unknown[], everyMs: number | undefined) {
    super();
    this.owner = owner;
    this.name = name;
    this.method = method;
    this.args = args;
    this.everyMs = everyMs;
  }

  fire(): void {
    this.owner.due(this);
  }

  /** False when it was cancelled while the run waited. */
  begin(): boolean {
    if (this.cancelled) return false;
    this.owner.begun(this);
    return true;
  }
}
