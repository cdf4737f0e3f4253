/** What travels from a call to the calls made on its behalf. */
export interface CallContext {
  /** Milliseconds on the node's clock; Infinity without one. */
  readonly deadline: number;
  readonly traceHigh: number;
  readonly traceLow: number;
  /** Undefined for most calls: their caller cannot abort. */
  readonly abortSignal: AbortSignal | undefined;
}
