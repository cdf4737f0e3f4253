import type { EntityId } from '../base/entity-id.ts';
import { type EngineError, NodeDownError } from '../base/errors.ts';
import { ACTIVATING, ACTIVE, Activation, DEACTIVATING, GONE } from './activation.ts';
import type { EntityTypeEntry } from './catalogue.ts';
import { ACTIVATE, DEACTIVATE } from './engine-operations.ts';
import { construct, type DeactivationReason } from './entity.ts';
import type { TaskRunner } from './entity-tasks.ts';
import { EntityView } from './entity-view.ts';
import type { NodeState } from './node-state.ts';
import { isThenable } from './thenable.ts';
import { Timer } from './timing-wheel.ts';
import type { Waiting } from './waiting.ts';

/** What happens to the frames of an activation that begins, fails or ends; the node. */
export interface ActivationEvents extends TaskRunner {
  /** It is active: what waits may run. */
  activated(activation: Activation): void;
  /** It is gone: what waits goes back to the dispatcher. */
  orphaned(waiting: readonly Waiting[]): void;
  /** `onActivate` failed: whoever waits is told. */
  failed(waiting: readonly Waiting[], error: EngineError): void;
}

/** Between two parts of a sweep. */
const SWEEP_MS = 1000;
const SWEEP_ENTRIES_MAX = 20_000;
/** Between two sweeps at most. */
const SWEEP_PAUSE_MS_MAX = 30_000;

/** The live entities of one node: by type and id, from activation to deactivation. */
export class Activations {
  private readonly state: NodeState;
  private readonly events: ActivationEvents;
  private readonly byType: Map<EntityId, Activation>[];
  private readonly sweeper: Sweeper;
  size = 0;

  constructor(state: NodeState, events: ActivationEvents) {
    this.state = state;
    this.events = events;
    this.byType = state.catalogue.entityTypes.map(() => new Map());
    this.sweeper = new Sweeper(state, this);
  }

  find(type: EntityTypeEntry, id: EntityId): Activation | undefined {
    return this.byType[type.index]!.get(id);
  }

  /** A new activation. Active at once unless `onActivate` is asynchronous; `initial` (when given) takes the place of `initialState()`. */
  activate(type: EntityTypeEntry, id: EntityId, slot: number, given?: { initial: unknown }): Activation {
    const view = new EntityView(this.state, this.events, type, id, slot);
    const activation = new Activation(type, id, view, this.state.now);
    view.activation = activation;
    this.byType[type.index]!.set(id, activation);
    this.size++;
    this.state.counters.activations++;
    this.sweeper.start();
    this.state.box.begin(ACTIVATE, type.index, id);
    try {
      const entity = construct(type.cls, view);
      activation.entity = entity;
      if (given !== undefined && given.initial !== undefined) entity.state = given.initial;
      else if (entity.initialState !== undefined) entity.state = entity.initialState();
      const hook: unknown = entity.onActivate?.();
      this.state.box.end();
      if (isThenable(hook)) {
        Promise.resolve(hook).then(
          () => this.becomeActive(activation),
          (error: unknown) => this.fail(activation, error),
        );
      } else this.becomeActive(activation);
    } catch (error) {
      this.state.box.end();
      this.fail(activation, error);
    }
    return activation;
  }

  /** For an activation without open turns. Resolves when it is gone. */
  async deactivate(activation: Activation, reason: DeactivationReason): Promise<void> {
    activation.state = DEACTIVATING;
    if (activation.tasks !== undefined) (activation.scope as EntityView).tasks.cancelAll();
    try {
      await this.sayGoodbye(activation, reason);
    } catch (error) {
      this.state.log.error(
        { err: error, entity: activation.type.name, id: String(activation.id), operation: 'onDeactivate' },
        'failed',
      );
    }
    const waiting = this.remove(activation);
    this.state.counters.deactivations++;
    if (waiting.length > 0) this.events.orphaned(waiting);
  }

  private sayGoodbye(activation: Activation, reason: DeactivationReason): unknown {
    const { box } = this.state;
    if (activation.entity.onDeactivate === undefined) return undefined;
    box.begin(DEACTIVATE, activation.type.index, activation.id);
    try {
      return activation.entity.onDeactivate(reason);
    } finally {
      box.end();
    }
  }

  /** A page of the live ids of a type, from a position of the last page. */
  page(type: EntityTypeEntry, cursor: number, idsMax: number): { ids: EntityId[]; next?: number } {
    const ids: EntityId[] = [];
    let position = 0;
    for (const activation of this.byType[type.index]!.values()) {
      if (position++ < cursor || activation.state === GONE) continue;
      if (ids.length === idsMax) return { ids, next: position - 1 };
      ids.push(activation.id);
    }
    return { ids };
  }

  *all(): Generator<Activation> {
    for (const map of this.byType) yield* map.values();
  }

  /** Whether idleness may end it. */
  isIdle(activation: Activation): boolean {
    return (
      activation.state === ACTIVE &&
      activation.openTurns === 0 &&
      activation.waiting === 0 &&
      !activation.pinned &&
      this.state.now - activation.usedAt >= activation.type.idleMs
    );
  }

  stop(): void {
    this.sweeper.stop();
  }

  private becomeActive(activation: Activation): void {
    if (activation.state !== ACTIVATING) return;
    activation.state = ACTIVE;
    if (activation.type.tasks.length > 0) (activation.scope as EntityView).tasks.startDeclared();
    activation.settle();
    this.events.activated(activation);
  }

  private fail(activation: Activation, error: unknown): void {
    const { type, id } = activation;
    this.state.log.error({ err: error, entity: type.name, id: String(id), operation: 'onActivate' }, 'failed');
    if (activation.tasks !== undefined) (activation.scope as EntityView).tasks.cancelAll();
    const waiting = this.remove(activation);
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const failure = new NodeDownError('entity-crashed', `${type.name}/${id} could not be activated: ${reason}`);
    activation.failure = failure;
    activation.settle();
    this.events.failed(waiting, failure);
  }

  private remove(activation: Activation): Waiting[] {
    activation.state = GONE;
    this.byType[activation.type.index]!.delete(activation.id);
    this.size--;
    return activation.mailbox?.drain() ?? [];
  }
}

/**
 * Looks for idle entities, some at a time, and only while there are entities. Seldom compared with the times that they may be idle:
 * a node that does nothing else is woken for it.
 */
class Sweeper extends Timer {
  private readonly state: NodeState;
  private readonly activations: Activations;
  /** Infinity when idleness ends nobody. */
  private readonly pauseMs: number;
  private position: Iterator<Activation> | undefined = undefined;

  constructor(state: NodeState, activations: Activations) {
    super();
    this.state = state;
    this.activations = activations;
    const idleMs = Math.min(...state.catalogue.entityTypes.map((type) => type.idleMs));
    this.pauseMs =
      idleMs === Number.POSITIVE_INFINITY ? idleMs : Math.min(Math.max(idleMs / 8, SWEEP_MS), SWEEP_PAUSE_MS_MAX);
  }

  start(): void {
    if (this.scheduled || this.pauseMs === Number.POSITIVE_INFINITY) return;
    this.state.wheel.add(this, this.state.now + (this.position === undefined ? this.pauseMs : SWEEP_MS));
  }

  stop(): void {
    this.state.wheel.remove(this);
  }

  fire(): void {
    this.position ??= this.activations.all();
    for (let i = 0; i < SWEEP_ENTRIES_MAX; i++) {
      const { value, done } = this.position.next();
      if (done) {
        this.position = undefined;
        break;
      }
      if (this.activations.isIdle(value)) void this.activations.deactivate(value, 'idle');
    }
    if (this.activations.size > 0) this.start();
  }
}
