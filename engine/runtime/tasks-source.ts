import type { Tasks } from './entity.ts';

/** `this.tasks`, and what the life of its activation asks of it. */
export interface ActivationTasks extends Tasks<any> {
  startDeclared(): void;
  cancelAll(): void;
}

/** Makes the tasks of an entity when it first asks for them; the node. */
export interface TasksSource {
  tasksOf(activation: object): ActivationTasks;
}
