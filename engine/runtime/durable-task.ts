import { Task, type TaskOwner, type TaskSchedule } from './task.ts';

/** What becomes of times at which nobody could run a durable task: one run makes up for all of them, or none does. */
export type Missed = 'once' | 'skip';

/** Runs the durable tasks of one activation. */
export interface DurableTaskOwner extends TaskOwner {
  /** A run is over. */
  ended(task: DurableTask): void;
}

/** As much later than it was due a run is not one that was missed. More than the clocks are compared in. */
export const MISSED_MS = 60_000;

/** A task that is part of the record of its entity. Its timer follows the wall clock: its times outlive the process. */
export class DurableTask extends Task {
  readonly missed: Missed;
  /** When the run was due that waits or is in progress. Until it is over this is what the store has, so that a crash repeats it. */
  owedSince: number | undefined = undefined;
  /** Later than this its next run was missed: more for one whose entity was not in memory and has waited for its turn. */
  lateMsMax = MISSED_MS;
  /** It has been in the store. */
  isKept = false;
  private readonly keeper: DurableTaskOwner;

  constructor(
    owner: DurableTaskOwner,
    name: string,
    method: string,
    args: readonly unknown[],
    schedule: TaskSchedule,
    missed: Missed,
  ) {
    super(owner, name, method, args, schedule);
    this.missed = missed;
    this.keeper = owner;
  }

  override end(): void {
    super.end();
    this.keeper.ended(this);
  }
}
