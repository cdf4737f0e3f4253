import type { EntityId } from '../base/entity-id.ts';
import type { EngineError } from '../base/errors.ts';
import type { CallContext } from './call-context.ts';
import type { EntityTypeEntry } from './catalogue.ts';
import type { EntityScope, NodeEntity } from './entity.ts';
import type { Mailbox } from './mailbox.ts';
import type { Task } from './task.ts';
import type { Waiting } from './waiting.ts';

/** `onActivate` runs; everything waits. */
export const ACTIVATING = 0;
export const ACTIVE = 1;
/** `onDeactivate` runs; everything waits, for the next activation if there is one. */
export const DEACTIVATING = 2;
export const GONE = 3;

/** The incarnation of an entity in the memory of one node. */
export class Activation {
  readonly type: EntityTypeEntry;
  readonly id: EntityId;
  readonly scope: EntityScope;
  entity!: NodeEntity<any>;
  state = ACTIVATING;
  /** Made on first need: most entities are free whenever a frame arrives. */
  mailbox: Mailbox<Waiting> | undefined = undefined;
  /** In the scheduler's queue of activations with something to run. */
  queued = false;
  /** Turns that have begun and not ended, and how many of them are read-only. */
  openTurns = 0;
  openReadOnly = 0;
  /** An `entity` lock is held: exclusively by this turn, or shared by so many read-only operations. */
  exclusive: CallContext | undefined = undefined;
  shared = 0;
  /** Operations under a `method` lock that are in flight. */
  lockedMethods: Set<number> | undefined = undefined;
  /** When a turn last began; ticks do not count. Milliseconds on the node's clock. */
  usedAt: number;
  /** Made by `create` and volatile: there is nothing it could come back from, so idleness does not end it. */
  pinned = false;
  tasks: Map<string, Task> | undefined = undefined;
  /** Why it could not be activated; set with GONE. */
  failure: EngineError | undefined = undefined;
  private settled: ((failure: EngineError | undefined) => void)[] | undefined = undefined;

  constructor(type: EntityTypeEntry, id: EntityId, scope: EntityScope, now: number) {
    this.type = type;
    this.id = id;
    this.scope = scope;
    this.usedAt = now;
  }

  /** Calls back once it is active or has failed. */
  whenSettled(callback: (failure: EngineError | undefined) => void): void {
    if (this.state !== ACTIVATING) callback(this.failure);
    else {
      this.settled ??= [];
      this.settled.push(callback);
    }
  }

  /** The state has just left ACTIVATING. */
  settle(): void {
    const { settled } = this;
    this.settled = undefined;
    for (const callback of settled ?? []) callback(this.failure);
  }

  get waiting(): number {
    return this.mailbox === undefined ? 0 : this.mailbox.size;
  }
}
