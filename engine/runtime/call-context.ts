import type { Lineage } from './chain.ts';

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
