import type { Lane } from '../../transport/link.ts';
import type { EntityId } from '../base/entity-id.ts';
import type { Activation } from './activation.ts';
import type { Call } from './call.ts';
import type { CallContext } from './call-context.ts';
import type { Operation } from './catalogue.ts';
import type { Task } from './task.ts';

/** The `Call` of a turn. */
export interface TurnCall extends Call {
  /** The turn is over: nothing is to be told any more. */
  ended(): void;
}

/** Ends turns; the scheduler. */
export interface TurnEnd {
  fulfilled(turn: Turn, value: unknown): void;
  rejected(turn: Turn, error: unknown): void;
}

/**
 * One operation from dispatch to completion. Pooled, with the two functions that its promise is given made once: a call allocates
 * neither. Whatever game code may hold longer than the turn is copied out (`Call`).
 */
export class Turn implements CallContext {
  activation!: Activation;
  operation!: Operation;
  task: Task | undefined = undefined;
  lane: Lane = 0;
  /** 0 for a one-way operation. */
  requestId = 0;
  /** Index of the node that called. */
  source = 0;
  deadline = Number.POSITIVE_INFINITY;
  traceHigh = 0;
  traceLow = 0;
  /** END_… of frame.ts, and what belongs to it. */
  callerEnd = 0;
  callerType = 0;
  callerId: EntityId = 0;
  principal: Uint8Array | undefined = undefined;
  /** `this.call`, once it was read. */
  call: TurnCall | undefined = undefined;
  /** Made when the caller said that it may abort. */
  abort: AbortController | undefined = undefined;

  readonly fulfilled: (value: unknown) => void;
  readonly rejected: (error: unknown) => void;

  constructor(end: TurnEnd) {
    this.fulfilled = (value) => end.fulfilled(this, value);
    this.rejected = (error) => end.rejected(this, error);
  }

  get abortSignal(): AbortSignal | undefined {
    return this.abort?.signal;
  }
}
