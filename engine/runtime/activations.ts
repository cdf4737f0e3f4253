import type { EntityId } from '../base/entity-id.ts';
import { EngineError, EntityNotFoundError, FencedError, NodeDownError, UnavailableError } from '../base/errors.ts';
import { ACTIVATING, ACTIVE, Activation, DEACTIVATING, GONE } from './activation.ts';
import { Alarm } from './alarm.ts';
import type { Birth } from './birth.ts';
import type { EntityTypeEntry, Operation } from './catalogue.ts';
import { ACTIVATE, DEACTIVATE, ON_ACTIVATE, ON_DEACTIVATE } from './engine-operations.ts';
import { construct, type DeactivationReason } from './entity.ts';
import type { Census } from './moves/census.ts';
import type { NodeState } from './node-state.ts';
import type { SlotFinder, Waker, Woken } from './persistence/due-index.ts';
import type { EntityRecord } from './persistence/entity-record.ts';
import { type Loaded, Persistence } from './persistence/persistence.ts';
import type { Asker, StoreAccess } from './persistence/store-calls.ts';
import type { StoredTask } from './persistence/stored-task.ts';
import type { KeepingEvents } from './persistence/write-behind.ts';
import { type Heap, Relief } from './relief.ts';
import { Roster } from './roster.ts';
import { Sweeper } from './sweeper.ts';
import { isThenable } from './thenable.ts';
import type { Waiting } from './waiting.ts';
import { Walk } from './walk.ts';

/** What happens to the frames of an activation that begins, fails or ends; the node. */
export interface ActivationEvents {
  /** Runs a hook, in a turn of its own where turns are followed; what it returns. */
  runHook(activation: Activation, operation: Operation, hook: () => unknown): unknown;
  /** It is active: what waits may run. */
  activated(activation: Activation): void;
  /** It is gone: what waits goes back to the dispatcher. */
  orphaned(waiting: readonly Waiting[]): void;
  /** There is no such entity: destroys of it are done, and calls may make it if its type allows that. */
  missing(activation: Activation, waiting: readonly Waiting[]): void;
  /** `onActivate` failed: whoever waits is told. */
  failed(waiting: readonly Waiting[], error: EngineError): void;
}

/**
 * Asynchronous hooks are given up after it: `onActivate` has failed then, `onDeactivate` has ended. Twice the time that calls wait by
 * default, so that only who waits for more than that sees it.
 */
export const HOOK_MS_MAX = 60_000;

/**
 * Why an entity is activated: somebody calls it, and its type makes what is called; somebody creates it; or it is wanted if it exists, which
 * only persistent ones do without being in memory.
 */
export type Wanted = 'any' | 'new' | 'existing';

/** The lives of the entities of one node, from activation to deactivation. */
export class Activations implements KeepingEvents, Waker {
  readonly roster: Roster;
  /** Undefined in games without persistent types. */
  readonly persistence: Persistence | undefined;
  private readonly state: NodeState;
  private readonly events: ActivationEvents;
  /** In a cluster only. */
  private readonly census: Census | undefined;
  private readonly sweeper: Sweeper;
  private readonly relief: Relief | undefined;
  /** Asynchronous `onDeactivate` under way. */
  private ending = 0;

  /** Without a heap entities live as long as they are used. */
  constructor(
    state: NodeState,
    events: ActivationEvents,
    asker: Asker & SlotFinder,
    {
      heap,
      store = { life: 0, isClaimed: false },
      census,
    }: { heap?: Heap | undefined; store?: StoreAccess | undefined; census?: Census | undefined },
  ) {
    this.census = census;
    this.state = state;
    this.events = events;
    this.persistence = state.catalogue.hasPersistent ? new Persistence(state, asker, store, this) : undefined;
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

  /**
   * A new activation. Active at once unless its type is persistent or `onActivate` asynchronous; `initial` (when given) takes the place of
   * `initialState()`.
   */
  activate(
    type: EntityTypeEntry,
    id: EntityId,
    slot: number,
    wanted: Wanted = 'any',
    given?: { initial: unknown },
  ): Activation {
    const activation = new Activation(this.state, type, id, slot);
    this.roster.add(activation);
    this.census?.add(slot);
    this.state.counters.activations++;
    this.sweeper.start();
    const initial = given?.initial === undefined ? undefined : { state: given.initial };
    if (type.persistent) void this.bringBack(activation, wanted, initial);
    else this.bear(activation, initial);
    return activation;
  }

  /** Makes the entity, with this state or its initial one. */
  private bear(
    activation: Activation,
    given: { readonly state: unknown; readonly tasks?: readonly StoredTask[] } | undefined,
  ): void {
    const { state } = this;
    const { type, id } = activation;
    let hook: unknown;
    state.box.begin(ACTIVATE, type.index, id);
    try {
      const entity = construct(type.cls, activation);
      activation.entity = entity;
      if (given !== undefined) entity.state = given.state;
      else {
        if (entity.initialState !== undefined) entity.state = entity.initialState();
        if (activation.record !== undefined) this.persistence!.isInitial(activation.record);
      }
      if (given?.tasks !== undefined && given.tasks.length > 0) activation.tasks.restore(given.tasks);
      if (entity.onActivate !== undefined) {
        hook = this.events.runHook(activation, ON_ACTIVATE, () => entity.onActivate!());
      }
    } catch (error) {
      this.fail(activation, error);
      return;
    } finally {
      state.box.end();
    }
    if (isThenable(hook)) this.awaitBirth(activation, hook);
    else this.becomeActive(activation);
  }

  /** Everything waits until its record is here. */
  private async bringBack(
    activation: Activation,
    wanted: Wanted,
    initial: { readonly state: unknown } | undefined,
  ): Promise<void> {
    const birth = activation.needBirth();
    birth.isLoading = true;
    let loaded: Loaded;
    try {
      loaded = await this.persistence!.load(activation);
    } catch (error) {
      if (error instanceof EngineError) this.refuse(activation, error);
      else this.fail(activation, error);
      return;
    }
    birth.isLoading = false;
    const { record, stored } = loaded;
    if (activation.phase === GONE) {
      this.persistence!.writer.end(record);
      return;
    }
    birth.existed = stored !== undefined;
    if (stored === undefined && wanted === 'existing') {
      const waiting = this.remove(activation);
      birth.failure = new EntityNotFoundError('not-found', `${activation.type.name}/${activation.id} does not exist.`);
      this.settle(birth);
      this.events.missing(activation, waiting);
      return;
    }
    activation.keepIn(record);
    this.bear(activation, stored ?? initial);
  }

  /** For its durable tasks, or for messages that its record has, if it exists. */
  wake(type: EntityTypeEntry, id: EntityId, slot: number, told: (outcome: Woken) => void): void {
    const present = this.roster.find(type, id, slot);
    if (present?.phase === DEACTIVATING) {
      told('leaving');
      return;
    }
    const { draining, epochs, quarantine } = this.state;
    if (present === undefined && (draining || epochs?.[slot] === 0 || quarantine.refusesAll(type.index, id))) {
      told('failed');
      return;
    }
    const activation = present ?? this.activate(type, id, slot, 'existing');
    activation.whenSettled((failure) => {
      if (failure === undefined) told('here');
      else told(failure instanceof EntityNotFoundError ? 'missing' : 'failed');
    });
  }

  /** It cannot live here any more: what runs of it runs without being saved, what waits goes to whoever has its state. */
  dispossessed({ keeper }: EntityRecord, error: EngineError): void {
    const activation = keeper as Activation;
    if (activation.phase === GONE) return;
    const { counters, log } = this.state;
    counters.dispossessed++;
    if (error instanceof FencedError) this.persistence!.sayFenced(error, activation.slot);
    else {
      const about = { err: error, entity: activation.type.name, id: String(activation.id) };
      log.error(about, 'the record of an entity was changed by somebody else');
    }
    activation.cancelTasks();
    const waiting = this.remove(activation);
    this.lookAfter(activation);
    if (activation.birth !== undefined) {
      activation.birth.failure = error;
      this.settle(activation.birth);
    }
    if (!(error instanceof FencedError)) this.events.orphaned(waiting);
    else this.events.failed(waiting, new UnavailableError('fenced', error.message, { cause: error }));
  }

  /**
   * These slots are not this node's any more, or not in the epoch in which their entities live here: they are forgotten, without a hook and without a save. What
   * waits for them is answered; what runs of them goes on, and nothing that it calls leaves.
   */
  forget(slots: ReadonlySet<number>): void {
    if (this.census === undefined || !this.census.anyIn(slots)) return;
    const lost: Activation[] = [];
    for (const activation of this.roster.walk()) if (slots.has(activation.slot)) lost.push(activation);
    const error = new UnavailableError('fenced', 'The slot of the entity has another owner by now.');
    for (const activation of lost) {
      if (activation.phase === GONE) continue;
      this.state.counters.forgotten++;
      activation.cancelTasks();
      const waiting = this.remove(activation);
      activation.forget();
      if (activation.record !== undefined) this.persistence!.writer.end(activation.record);
      this.lookAfter(activation);
      if (activation.birth !== undefined) {
        activation.birth.failure = error;
        this.settle(activation.birth);
      }
      this.events.failed(waiting, error);
    }
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
        const { entity } = activation;
        hook = this.events.runHook(activation, ON_DEACTIVATE, () => entity.onDeactivate!(reason));
      } catch (error) {
        this.logFailure(activation, 'onDeactivate', error);
      } finally {
        this.state.box.end();
      }
    }
    if (isThenable(hook)) return this.awaitEnd(activation, hook, reason);
    if (activation.record !== undefined) return this.keepAndLeave(activation, activation.record, reason);
    // Whoever ends it may be in the middle of a turn: what waits goes on behind that.
    if (activation.waiting > 0) return Promise.resolve().then(() => this.leave(activation));
    this.leave(activation);
    return undefined;
  }

  stop(): void {
    this.persistence?.watch?.stop();
    this.sweeper.stop();
    this.relief?.stop();
  }

  private awaitBirth(activation: Activation, hook: PromiseLike<unknown>): void {
    const alarm = new Alarm(() => this.fail(activation, new Error(`It did not end within ${HOOK_MS_MAX / 1000} s.`)));
    activation.needBirth().alarm = alarm;
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
      activation.born();
    }
    activation.record?.exchange?.start();
    if (activation.waiting > 0) this.events.activated(activation);
  }

  private fail(activation: Activation, error: unknown): void {
    this.logFailure(activation, 'onActivate', error);
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.giveUp(
      activation,
      new NodeDownError('entity-crashed', `${activation.type.name}/${activation.id} could not be activated: ${reason}`),
    );
  }

  /** Its record could not be loaded: nothing of the game has run. */
  private refuse(activation: Activation, error: EngineError): void {
    if (this.persistence!.isWorthSaying(error)) this.logFailure(activation, 'load', error);
    this.giveUp(activation, error);
  }

  private giveUp(activation: Activation, failure: EngineError): void {
    if (activation.phase !== ACTIVATING) return;
    activation.cancelTasks();
    const waiting = this.remove(activation);
    if (activation.record !== undefined) this.persistence!.writer.end(activation.record);
    this.lookAfter(activation);
    const birth = activation.needBirth();
    birth.failure = failure;
    this.settle(birth);
    this.events.failed(waiting, failure);
  }

  private settle(birth: Birth): void {
    if (birth.alarm !== undefined) this.state.wheel.remove(birth.alarm);
    birth.settle();
  }

  /** Not before its state is where the next activation finds it. */
  private async keepAndLeave(activation: Activation, record: EntityRecord, reason: DeactivationReason): Promise<void> {
    this.ending++;
    await this.persistence!.close(record, reason === 'destroyed' ? 'destroyed' : 'kept');
    this.ending--;
    this.leave(activation);
  }

  private async awaitEnd(
    activation: Activation,
    hook: PromiseLike<unknown>,
    reason: DeactivationReason,
  ): Promise<void> {
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
    if (activation.record === undefined) this.leave(activation);
    else await this.keepAndLeave(activation, activation.record, reason);
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
    // Dispossessed meanwhile.
    if (activation.phase === GONE) return;
    const waiting = this.remove(activation);
    this.lookAfter(activation);
    this.state.counters.deactivations++;
    if (waiting.length > 0) this.events.orphaned(waiting);
  }

  /** It may have left messages behind that have not arrived: it is brought back for them. */
  private lookAfter({ record }: Activation): void {
    if (record?.exchange !== undefined && !record.exchange.isThrough) this.persistence!.watch?.soon();
  }

  private remove(activation: Activation): readonly Waiting[] {
    activation.phase = GONE;
    if (this.roster.remove(activation)) this.census?.remove(activation.slot);
    return activation.mailbox?.drain() ?? NOTHING;
  }

  private logFailure({ type, id }: Activation, operation: string, error: unknown): void {
    this.state.log.error({ err: error, entity: type.name, id: String(id), operation }, 'failed');
  }
}

const GIVEN_UP = Symbol('given up');
const NOTHING: readonly Waiting[] = [];
