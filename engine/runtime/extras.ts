import type { Birth } from './birth.ts';
import type { EntityRecord } from './persistence/entity-record.ts';
import type { ActivationTasks } from './tasks-source.ts';

/** What few activations have, made on first need: each word of an activation is there a million times. */
export class Extras {
  /** While it is not active yet, and after it failed. */
  birth: Birth | undefined = undefined;
  /** Of a persistent entity, from before `onActivate` on. */
  record: EntityRecord | undefined = undefined;
  tasks: ActivationTasks | undefined = undefined;
  /** Made by `create` and volatile: there is nothing it could come back from, so idleness does not end it. */
  pinned = false;
  /** Its slot was lost while it lived. */
  forgotten = false;

  get isEmpty(): boolean {
    return this.birth === undefined && this.record === undefined && this.tasks === undefined && !this.pinned;
  }
}
