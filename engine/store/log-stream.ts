/** A message as the server has it. */
export interface StreamMessage {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** What became of a message. */
export type Appended =
  | { readonly sequence: number }
  /** Not there: another message is the last one, or, when not `isSure`, it may be there already and was not acknowledged. */
  | { readonly sequence: undefined; readonly isSure: boolean };

/**
 * One log per slot, in a stream whose messages have ascending numbers. `deadline` is an instant of `performance.now()`: after it a StoreError (`timeout`) says that nothing is known.
 * StoreErrors of other codes are refusals.
 */
export interface LogStream {
  /** Bytes of one message. */
  readonly bytesMax: number;
  /** Only if the last message of the slot is `expected`; 0: there is none. */
  append(slot: number, expected: number, bytes: Uint8Array, deadline: number): Promise<Appended>;
  /** As it is now, never as it was. */
  last(slot: number, deadline: number): Promise<StreamMessage | undefined>;
  get(sequence: number, deadline: number): Promise<Uint8Array | undefined>;
  /** Removing what is not there is fine. */
  remove(sequence: number, deadline: number): Promise<void>;
}
