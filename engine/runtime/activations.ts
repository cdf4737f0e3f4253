import type { EntityId } from '../base/entity-id.ts';
import { type EngineError, NodeDownError } from '../base/errors.ts';
import {
  ACTIVATING,
  ACTIVE,
  Activation,
  type ActivationTasks,
  DEACTIVATING,
  GONE,
  type TasksSource,
} from './activation.ts';
import { Alarm } from './alarm.ts';
import { Birth } from './birth.ts';
import type { EntityTypeEntry } from './catalogue.ts';
import { ACTIVATE, DEACTIVATE } from './engine-operations.ts';
import { construct, type DeactivationReason } from './entity.ts';
import { EntityTasks, type TaskRunner } from './entity-tasks.ts';
import type { NodeState } from './node-state.ts';
import { type Heap, Relief } from './relief.ts';
import { Roster } from './roster.ts';
import { Sweeper } from './sweeper.ts';
import { isThenable } from './thenable.ts';
import type { Waiting } from './waiting.ts';
import { Walk } from './walk.ts';

/** What happens to the frames of an activation that begins, fails or ends; the node. */
export interface ActivationEvents extends TaskRunner {
  /** It is active: what waits may run. */
  activated(activation: Activation): void;
  /** It is gone: what waits goes back to the dispatcher. */
  orphaned(waiting: readonly Waiting[]): void;
  /** `onActivate` failed: whoever waits is told. */
  failed(waiting: readonly Waiting[], error: EngineError): void;
}

/**
 * Asynchronous hooks are given up after it: `onActivate` has failed then, `onDeactivate` has ended. Twice the time that calls wait by
 * default, so that only who waits for more than that sees it.
 */
export const HOOK_MS_MAX = 60_000;

/** The lives of the entities of one node, from activation to deactivation. */
export class Activations implements TasksSource {
  readonly roster: Roster;
  private readonly state: NodeState;
  private readonly events: ActivationEvents;
  private readonly sweeper: Sweeper;
  private readonly relief: Relief | undefined;
  /** Asynchronous `onDeactivate` under way. */
  private ending = 0;

  /** Without a heap entities live as long as they are used. */
  constructor(state: NodeState, events: ActivationEvents, heap: Heap | undefined) {
    this.state = state;
    this.events = events;
    this.roster = new Roster(state.catalogue.entityTypes.length);
    const walk = (): Walk => new Walk(state, this.roster, () => this.ending);
    this.sweeper = new Sweeper(
      state,
      walk(),
      () => this.roster.size > 0,
      (activation) => void this.deactivate(activation, 'idle'),
    );
    this.relief = heap && new Relief(state, heap, walk(), (activation) => void this.deactivate(activation, 'memory'));
  }

  /** A new activation. Active at once unless `onActivate` is asynchronous; `initial` (when given) takes the place of `initialState()`. */
  activate(type: EntityTypeEntry, id: EntityId, slot: number, given?: { initial: unknown }): Activation {
    const { state } = this;
    const activation = new Activation(state, this, type, id, slot);
    this.roster.add(activation);
    state.counters.activations++;
    this.sweeper.start();
    let hook: unknown;
    state.box.begin(ACTIVATE, type.index, id);
    try {
      const entity = construct(type.cls, activation);
      activation.entity = entity;
      if (given !== undefined && given.initial !== undefined) entity.state = given.initial;
      else if (entity.initialState !== undefined) entity.state = entity.initialState();
      hook = entity.onActivate?.();
    } catch (error) {
      this.fail(activation, error);
      return activation;
    } finally {
      state.box.end();
    }
    if (isThenable(hook)) this.awaitBirth(activation, hook);
    else this.becomeActive(activation);
    return activation;
  }

  /** For an activation without open turns. Undefined when it is gone already, else a promise that resolves when it is. */
  deactivate(activation: Activation, reason: DeactivationReason): Promise<void> | undefined {
    activation.phase = DEACTIVATING;
    activation.cancelTasks();
    if (reason === 'memory') this.state.counters.deactivationsForMemory++;
    let hook: unknown;
    if (activation.entity.onDeactivate !== undefined) {
      this.state.box.begin(DEACTIVATE, activation.type.index, activation.id);
      try {
        hook = activation.entity.onDeactivate(reason);
      } catch (error) {
        this.logFailure(activation, 'onDeactivate', error);
      } finally {
        this.state.box.end();
      }
    }
    if (isThenable(hook)) return this.awaitEnd(activation, hook);
    // Whoever ends it may be in the middle of a turn: what waits goes on behind that.
    if (activation.waiting > 0) return Promise.resolve().then(() => this.leave(activation));
    this.leave(activation);
    return undefined;
  }

  tasksOf(activation: Activation): ActivationTasks {
    return new EntityTasks(this.state, activation, this.events);
  }

  stop(): void {
    this.sweeper.stop();
    this.relief?.stop();
  }

  private awaitBirth(activation: Activation, hook: PromiseLike<unknown>): void {
    activation.birth ??= new Birth();
    const alarm = new Alarm(() => this.fail(activation, new Error(`It did not end within ${HOOK_MS_MAX / 1000} s.`)));
    activation.birth.alarm = alarm;
    this.state.wheel.add(alarm, this.state.clock.now() + HOOK_MS_MAX);
    Promise.resolve(hook).then(
      () => this.becomeActive(activation),
      (error: unknown) => this.fail(activation, error),
    );
  }

  private becomeActive(activation: Activation): void {
    // Given up meanwhile.
    if (activation.phase !== ACTIVATING) return;
    activation.phase = ACTIVE;
    if (activation.type.tasks.length > 0) activation.tasks.startDeclared();
    const { birth } = activation;
    if (birth !== undefined) {
      this.settle(birth);
      activation.birth = undefined;
    }
    if (activation.waiting > 0) this.events.activated(activation);
  }

  private fail(activation: Activation, error: unknown): void {
    this.logFailure(activation, 'onActivate', error);
    if (activation.phase !== ACTIVATING) return;
    activation.cancelTasks();
    const waiting = this.remove(activation);
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const failure = new NodeDownError(
      'entity-crashed',
      `${activation.type.name}/${activation.id} could not be activated: ${reason}`,
    );
    activation.birth ??= new Birth();
    activation.birth.failure = failure;
    this.settle(activation.birth);
    this.events.failed(waiting, failure);
  }

  private settle(birth: Birth): void {
    if (birth.alarm !== undefined) this.state.wheel.remove(birth.alarm);
    birth.settle();
  }

  private async awaitEnd(activation: Activation, hook: PromiseLike<unknown>): Promise<void> {
    this.ending++;
    const { promise: givenUp, alarm } = this.patience();
    try {
      if ((await Promise.race([hook, givenUp])) === GIVEN_UP) {
        throw new Error(`It did not end within ${HOOK_MS_MAX / 1000} s.`);
      }
    } catch (error) {
      this.logFailure(activation, 'onDeactivate', error);
    }
    this.state.wheel.remove(alarm);
    this.ending--;
    this.leave(activation);
  }

  private patience(): { promise: Promise<symbol>; alarm: Alarm } {
    let alarm!: Alarm;
    const promise = new Promise<symbol>((resolve) => {
      alarm = new Alarm(() => resolve(GIVEN_UP));
      this.state.wheel.add(alarm, this.state.clock.now() + HOOK_MS_MAX);
    });
    return { promise, alarm };
  }

  private leave(activation: Activation): void {
    const waiting = this.remove(activation);
    this.state.counters.deactivations++;
    if (waiting.length > 0) this.events.orphaned(waiting);
  }

  private remove(activation: Activation): readonly Waiting[] {
    activation.phase = GONE;
    this.roster.remove(activation);
    return activation.mailbox?.drain() ?? NOTHING;
  }

  private logFailure({ type, id }: Activation, operation: string, error: unknown): void {
    this.state.log.error({ err: error, entity: type.name, id: String(id), operation }, 'failed');
  }
}

const GIVEN_UP = Symbol('given up');
const NOTHING: readonly Waiting[] = [];
