import { type Duration, milliseconds } from '../base/duration.ts';
import type { EntityId } from '../base/entity-id.ts';
import { EngineError, notImplemented } from '../base/errors.ts';
import type { Activation } from './activation.ts';
import type { Call } from './call.ts';
import type { CallContext } from './call-context.ts';
import { callOf } from './call-of.ts';
import type { EntityTypeEntry } from './catalogue.ts';
import type { EntityScope, NodeEntity } from './entity.ts';
import { EntityTasks, type TaskRunner } from './entity-tasks.ts';
import { END_ENTITY } from './frame.ts';
import type { Log } from './log.ts';
import type { NodeState } from './node-state.ts';
import { NodeView } from './node-view.ts';
import { Timer } from './timing-wheel.ts';

/** `this.node` of an entity: the node as this entity sees it, and what stands behind the entity's own members. */
export class EntityView extends NodeView implements EntityScope {
  activation!: Activation;
  private readonly runner: TaskRunner;
  private ownTasks: EntityTasks | undefined = undefined;

  constructor(state: NodeState, runner: TaskRunner, type: EntityTypeEntry, id: EntityId, slot: number) {
    super(state, END_ENTITY, type.index, id, slot);
    this.runner = runner;
  }

  get entityId(): EntityId {
    return this.sourceId;
  }

  get contractNames(): readonly string[] {
    return this.activation.type.contracts;
  }

  /** Made anew each time: entities that log are few, entities that live are many. */
  get log(): Log {
    return this.state.log.child({ entity: this.activation.type.name, id: String(this.sourceId) });
  }

  get tasks(): EntityTasks {
    this.ownTasks ??= new EntityTasks(this.state, this.activation, this.runner);
    return this.ownTasks;
  }

  /** A turn takes the entity for itself, or gives it back: all calls in between are made on its behalf. */
  held(isHeld: boolean): void {
    this.isPlain = !isHeld && this.idInHeader;
  }

  protected override get holder(): CallContext | undefined {
    return this.activation.exclusive;
  }

  currentCall(entity: NodeEntity<any>): Call {
    const turn = this.state.turn;
    if (turn === undefined || turn.activation.entity !== entity) {
      throw new EngineError(
        'call-context',
        'this.call is known before the first await of an operation only: read it there and keep the object.',
      );
    }
    turn.call ??= callOf(turn, this.state, this);
    return turn.call;
  }

  now(): number {
    return this.state.clock.wallNow();
  }

  sleep(duration: Duration): Promise<void> {
    const ms = milliseconds(duration, 'sleep');
    return new Promise((resolve) => {
      // Not the time of the round: that is its beginning, and a long slice would come off the pause.
      this.state.wheel.add(new Sleep(resolve), this.state.clock.now() + ms);
    });
  }

  random(): number {
    return this.state.prng.next();
  }

  track(): void {
    throw notImplemented('this.track()');
  }
}

class Sleep extends Timer {
  private readonly resolve: () => void;

  constructor(resolve: () => void) {
    super();
    this.resolve = resolve;
  }

  fire(): void {
    this.resolve();
  }
}
