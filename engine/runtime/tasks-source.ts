import type { Tasks } from './entity.ts';
import type { StoredTask } from './persistence/stored-task.ts';

/** `this.tasks`, and what the life of its activation asks of it. */
export interface ActivationTasks extends Tasks<any> {
  startDeclared(): void;
  /** Durable tasks, as the record has them. */
  restore(stored: readonly StoredTask[]): void;
  /** The activation ends; durable tasks stay in its record. */
  cancelAll(): void;
}

/** Makes the tasks of an entity when it first asks for them; the node. */
export interface TasksSource {
  tasksOf(activation: object): ActivationTasks;
}
