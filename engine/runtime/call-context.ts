import { InvalidMessageError } from '../base/errors.ts';
import { CHAIN_MAX, type Lineage } from './chain.ts';

const NO_SIGNALS: readonly AbortSignal[] = [];

/** What travels from a call to the calls made on its behalf. */
export interface CallContext {
  /** Milliseconds on the node's clock; Infinity without one. */
  readonly deadline: number;
  readonly traceHigh: number;
  readonly traceLow: number;
  /** Undefined for most calls: their caller cannot abort. */
  readonly abortSignal: AbortSignal | undefined;
  /** The turn that the calls are made in, with the chain that it is the end of; undefined in games without locks. */
  readonly lineage: Lineage | undefined;
}

/** Whatever aborts a call: a signal of its own, and that of what it is made on behalf of. */
export function signalsOf(own: AbortSignal | undefined, context: CallContext | undefined): readonly AbortSignal[] {
  const inherited = context?.abortSignal;
  if (inherited === undefined) return own === undefined ? NO_SIGNALS : [own];
  return own === undefined || own === inherited ? [inherited] : [own, inherited];
}

/** The turn that a call is made in, as its callees have to know it: undefined when no lock can wait for it. Throws InvalidMessageError. */
export function chainIn(context: CallContext | undefined): Lineage | undefined {
  const lineage = context?.lineage;
  if (lineage?.turn === undefined) return undefined;
  const length = lineage.ancestors.length / 2;
  if (length >= CHAIN_MAX)
    throw new InvalidMessageError('too-large', `The call chain is longer than ${CHAIN_MAX} turns.`);
  return length > 0 || lineage.hasLocks ? lineage : undefined;
}
