/**
 * The turns that a call was made on behalf of, outermost first: two words each, the incarnation of the node and the turn's number there.
 * Turns of entities without locks are left out, for nobody waits for a lock of theirs, but for those of hooks.
 */
export type Chain = Int32Array;

/** Turns in a chain; a call that would make it longer is refused. */
export const CHAIN_MAX = 1024;
export const NO_CHAIN: Chain = new Int32Array(0);

const NO_CALL = -1;

/**
 * A turn as its continuations, its calls and the turns that they cause know it; only in games with locks. Continuations may outlive
 * the turn, whose object is pooled: they find it ended here.
 */
export class Lineage {
  readonly number: number;
  /** The `Turn`; undefined once it has ended. */
  turn: object | undefined;
  /** Somebody may wait for it: of an entity whose type has locks, or one of the engine's own. It is part of the chain. */
  readonly hasLocks: boolean;
  ancestors: Chain = NO_CHAIN;
  /** The latest of its calls that still wait for a reply, an index of `TurnCalls`. */
  latestCall = NO_CALL;

  constructor(number: number, turn: object, hasLocks: boolean) {
    this.number = number;
    this.turn = turn;
    this.hasLocks = hasLocks;
  }
}

export function includes(chain: Chain, incarnation: number, number: number): boolean {
  for (let i = 0; i < chain.length; i += 2) {
    if (chain[i] === incarnation && chain[i + 1] === number) return true;
  }
  return false;
}
