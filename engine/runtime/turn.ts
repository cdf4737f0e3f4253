import type { Lane } from '../../transport/link.ts';
import type { EntityId } from '../base/entity-id.ts';
import type { Activation } from './activation.ts';
import type { Call } from './call.ts';
import type { Operation } from './catalogue.ts';
import type { Lineage } from './chain.ts';
import type { OpenTurn } from './open-turn.ts';
import type { Task } from './task.ts';

/** The `Call` of a turn. */
export interface TurnCall extends Call {
  /** The turn is over: nothing is to be told any more. */
  ended(): void;
}

/** Begins and ends turns; the scheduler. */
export interface TurnOwner {
  fulfilled(turn: Turn, value: unknown): void;
  rejected(turn: Turn, error: unknown): void;
  callOf(turn: Turn): TurnCall;
}

/**
 * One operation from dispatch to completion. Pooled, with the two functions that its promise is given made once: a call allocates
 * neither. Whatever game code may hold longer than the turn is copied out (`Call`).
 */
export class Turn implements OpenTurn {
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
  /** Its entity has been used: not for a tick, nor for a call that wants it only if it is active anyway. */
  isUse = false;
  /** Made when the caller said that it may abort. */
  abort: AbortController | undefined = undefined;

  // Only in games with locks (`TurnLedger`).
  lineage: Lineage | undefined = undefined;
  /** When it began, in ms on the node's clock; the incarnation of the node that called. */
  since = 0;
  callerIncarnation = 0;
  /** Among the open turns of the node. */
  place = 0;
  next: OpenTurn | undefined = undefined;
  previous: OpenTurn | undefined = undefined;
  outer: OpenTurn | undefined = undefined;
  isFollowed = true;

  readonly fulfilled: (value: unknown) => void;
  readonly rejected: (error: unknown) => void;

  private readonly owner: TurnOwner;

  constructor(owner: TurnOwner) {
    this.owner = owner;
    this.fulfilled = (value) => owner.fulfilled(this, value);
    this.rejected = (error) => owner.rejected(this, error);
  }

  currentCall(): Call {
    this.call ??= this.owner.callOf(this);
    return this.call;
  }

  get abortSignal(): AbortSignal | undefined {
    return this.abort?.signal;
  }
}
