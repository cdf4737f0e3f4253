import { AsyncLocalStorage } from 'node:async_hooks';
import type { Lineage } from './chain.ts';
import type { OpenTurn } from './open-turn.ts';

/** The entity that code may belong to; an activation. */
interface Home {
  readonly openTurns: number;
  readonly exclusive: OpenTurn | undefined;
}

/**
 * Which turn the code belongs to that runs right now, behind whatever awaits, timers and callbacks; only in games with locks.
 *
 * Following costs every promise of the thread something on Node 20, so a turn that takes its entity for itself is not followed when
 * no other turn of it is open: whatever the entity does meanwhile is its doing.
 */
export class TurnFlow {
  private readonly storage = new AsyncLocalStorage<Lineage | undefined>();

  /** Runs the first slice of a turn. */
  run<A, B, C, R>(lineage: Lineage, slice: (a: A, b: B, c: C) => R, a: A, b: B, c: C): R {
    return this.storage.run(lineage, slice, a, b, c);
  }

  /** Runs what belongs to no turn although one causes it: the engine's own rounds. */
  outside(callback: () => void): void {
    if (this.storage.getStore() === undefined) callback();
    else this.storage.run(undefined, callback);
  }

  /** The open turn of this entity that the running code belongs to. */
  turnOf(activation: Home): OpenTurn | undefined {
    if (activation.openTurns === 0) return undefined;
    const lineage = this.storage.getStore();
    if (lineage === undefined) return unfollowed(activation);
    const turn = lineage.turn as OpenTurn | undefined;
    return turn !== undefined && turn.activation === activation ? turn : undefined;
  }
}

/** At most one: it was alone when it began, and keeps out all that do not belong to it. */
function unfollowed(activation: Home): OpenTurn | undefined {
  let turn = activation.exclusive;
  while (turn !== undefined && turn.isFollowed) turn = turn.outer;
  return turn;
}
