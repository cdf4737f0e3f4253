import type { Operation } from './catalogue.ts';
import type { RunningTurn } from './running-turn.ts';

/** A turn as the entity that it is open at knows it: what it holds, and its neighbours in the lists of the activation. */
export interface OpenTurn extends RunningTurn {
  readonly operation: Operation;
  /** The open turns of the activation, the latest first; only in games with locks. */
  next: OpenTurn | undefined;
  previous: OpenTurn | undefined;
  /** Holds the entity for itself, and this one did before it: its chain came back. */
  outer: OpenTurn | undefined;
  /** `TurnFlow` knows its continuations. */
  isFollowed: boolean;
}
