import { atMostOnce, documentedOutcomes, everyCallEnds, inOrder, lanesAddUp } from './call-invariants.ts';
import type { Invariant } from './checker.ts';
import { deathBeforeFailover, leaseBoundsTurns, noStaleEffect, oneLineage, oneOwner } from './ownership-invariants.ts';

/** What must hold in every history, whoever recorded it, by its number in the protocol. Made anew for each history. */
export function invariants(execMs: number): Record<string, Invariant> {
  return {
    I1: oneLineage(),
    I2: oneOwner(),
    I3: noStaleEffect(),
    I4: leaseBoundsTurns(execMs),
    I5: deathBeforeFailover(),
    I6: atMostOnce(),
    I7: everyCallEnds(),
    I8: inOrder(),
    I13: lanesAddUp(),
    I17: documentedOutcomes(),
  };
}

/**
 * What still holds when the control store has lost writes that it had acknowledged: who remembers puts itself on hold, but who never knew cannot.
 * Entities then rest on the epochs that their store remembers.
 */
export function invariantsWithoutStore(execMs: number): Record<string, Invariant> {
  const { I4, I6, I7, I8, I13, I17 } = invariants(execMs) as Record<string, Invariant>;
  return { I4: I4!, I6: I6!, I7: I7!, I8: I8!, I13: I13!, I17: I17! };
}
