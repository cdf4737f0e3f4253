import { StoreError } from '../../base/errors.ts';
import type { DurableTask, Missed } from '../durable-task.ts';

/** A durable task as the record of its entity has it. */
export interface StoredTask {
  readonly name: string;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Milliseconds, a cron expression, or null for once. */
  readonly schedule: number | string | null;
  /** Milliseconds since 1970. Past: a run is owed. */
  readonly due: number;
  readonly missed: Missed;
  /** It could not be run by the code that saved it: the index did not have it. */
  readonly isAside: boolean;
}

export const storedTask = (task: DurableTask): StoredTask => ({
  name: task.name,
  method: task.method,
  args: task.args,
  schedule: task.everyMs ?? task.cron?.expression ?? null,
  due: task.owedSince ?? task.dueWall,
  missed: task.missed,
  isAside: false,
});

export function rowOf({ name, method, args, schedule, due, missed, isAside }: StoredTask): unknown[] {
  const row = [name, method, args, schedule, due, missed];
  return isAside ? [...row, true] : row;
}

/** What `rowOf` made of them. Throws StoreError (`corrupt`), which names the record. */
export function storedTasks(key: string, rows: unknown): StoredTask[] {
  if (!Array.isArray(rows)) throw corrupt(key);
  return rows.map((row): StoredTask => {
    if (!Array.isArray(row) || row.length < 6 || row.length > 7) throw corrupt(key);
    const [name, method, args, schedule, due, missed, isAside = false] = row as unknown[];
    const isSchedule =
      schedule === null || typeof schedule === 'string' || (Number.isFinite(schedule) && (schedule as number) > 0);
    if (
      typeof name !== 'string' ||
      typeof method !== 'string' ||
      !Array.isArray(args) ||
      !isSchedule ||
      !Number.isFinite(due) ||
      (missed !== 'once' && missed !== 'skip') ||
      typeof isAside !== 'boolean'
    ) {
      throw corrupt(key);
    }
    return { name, method, args, schedule: schedule as StoredTask['schedule'], due: due as number, missed, isAside };
  });
}

const corrupt = (key: string): StoreError =>
  new StoreError('corrupt', `Record ${key} is damaged: its tasks are none.`, { outcome: 'notExecuted' });
