import type { Duration } from '../base/duration.ts';
import type { EntityId } from '../base/entity-id.ts';
import { EngineError } from '../base/errors.ts';
import { ADDRESS, type Addressed } from '../contract/proxy.ts';
import type { Call } from './call.ts';
import type { Log } from './log.ts';
import type { NodeRef } from './node-ref.ts';

export type DeactivationReason = 'idle' | 'memory' | 'move' | 'swap' | 'shutdown' | 'destroyed';

export interface TaskOptions {
  args?: readonly unknown[];
  durable?: boolean;
  missed?: 'once' | 'skip';
}

type Method = (...args: any[]) => unknown;

/**
 * Repeated and delayed operations of one entity. `method` is a public method of its class: `this` asks that the entity has it as one, which
 * holds inside of the class as well, where the type of the entity is still open.
 */
export interface Tasks<E> {
  /** Only for the compiler. */
  readonly $entity?: E;
  /** Fixed rate without drift; a tick that finds the one before still running is skipped and counted. */
  every<M extends keyof E & string>(
    this: Tasks<Record<M, Method>>,
    name: string,
    interval: Duration,
    method: M,
    options?: TaskOptions,
  ): Promise<void>;
  once<M extends keyof E & string>(
    this: Tasks<Record<M, Method>>,
    name: string,
    delay: Duration,
    method: M,
    options?: TaskOptions,
  ): Promise<void>;
  /** In UTC: '0 4 * * *', or with seconds in front. Rejects with TypeError or RangeError for what is no cron expression. */
  cron<M extends keyof E & string>(
    this: Tasks<Record<M, Method>>,
    name: string,
    expression: string,
    method: M,
    options?: TaskOptions,
  ): Promise<void>;
  /** Whether there was one. */
  cancel(name: string): Promise<boolean>;
}

/** What the runtime gives to an entity while it lives. */
export interface EntityScope extends NodeRef {
  readonly entityId: EntityId;
  readonly contractNames: readonly string[];
  readonly log: Log;
  readonly tasks: Tasks<any>;
  currentCall(entity: NodeEntity<any>): Call;
  now(): number;
  sleep(duration: Duration): Promise<void>;
  random(): number;
  track(event: string, fields: Record<string, unknown>): void;
  save(): Promise<void>;
}

/**
 * Set by `construct` around the one call of a constructor, synchronously, so that `id` and `node` stand before field initialisers run
 * although classes are made with `new Class()`. Never set between two statements of anybody else.
 */
let scopeUnderConstruction: EntityScope | undefined;

/** Makes the entity of a scope. */
export function construct<E extends NodeEntity<any>>(cls: new () => E, scope: EntityScope): E {
  const outer = scopeUnderConstruction;
  scopeUnderConstruction = scope;
  try {
    return new cls();
  } finally {
    scopeUnderConstruction = outer;
  }
}

/**
 * The base of every entity: addressed by contract and id, run by one thread, reached through proxies only.
 * `State` is what `initialState()` returns.
 */
export abstract class NodeEntity<State = undefined> implements Addressed {
  readonly id: EntityId;
  readonly node: NodeRef;
  state: State;

  constructor() {
    const scope = scopeUnderConstruction;
    if (scope === undefined) {
      throw new EngineError(
        'call-context',
        'Entities are made by the engine: ask a node for a proxy instead of using new.',
      );
    }
    scopeUnderConstruction = undefined;
    this.id = scope.entityId;
    this.node = scope;
    this.state = undefined as State;
  }

  get log(): Log {
    return (this.node as EntityScope).log;
  }

  get tasks(): Tasks<this> {
    return (this.node as EntityScope).tasks;
  }

  /** The call that runs. Only before the first await of an operation; throws EngineError (call-context) later. */
  get call(): Call {
    return (this.node as EntityScope).currentCall(this);
  }

  initialState?(): State;
  onActivate?(): void | Promise<void>;
  onDeactivate?(reason: DeactivationReason): void | Promise<void>;
  onDehydrate?(): unknown;
  onRehydrate?(state: unknown): void | Promise<void>;

  /**
   * Saves the state as it is now; resolves when it is flushed: it survives power loss as far as the store can tell. Rejects with StoreError,
   * FencedError, OverloadedError (`store-busy`), and TypeError for a state that is no plain value or an entity that is not persistent.
   */
  save(): Promise<void> {
    return (this.node as EntityScope).save();
  }

  /** Milliseconds since 1970, on the clock that tests and simulation control. */
  now(): number {
    return (this.node as EntityScope).now();
  }

  sleep(duration: Duration): Promise<void> {
    return (this.node as EntityScope).sleep(duration);
  }

  /** In [0, 1). */
  random(): number {
    return (this.node as EntityScope).random();
  }

  /** A game event for analytics. */
  track(event: string, fields: Record<string, unknown> = {}): void {
    (this.node as EntityScope).track(event, fields);
  }

  [ADDRESS](): { contracts: readonly string[]; id: EntityId } {
    return { contracts: (this.node as EntityScope).contractNames, id: this.id };
  }
}
