import { Reader } from '../../transport/codec/reader.ts';
import type { Lane } from '../../transport/link.ts';
import type { EngineError } from '../base/errors.ts';
import { Abortables, callerGaveUp, callerLost } from './abortables.ts';
import type { Activation } from './activation.ts';
import { mailboxRefusal } from './admission.ts';
import type { Operation } from './catalogue.ts';
import { NO_CHAIN } from './chain.ts';
import { DeadlockWatch, type Tell, type WaitingLine } from './deadlock-watch.ts';
import { callerHashOf, chainOf, deadlineIn, FLAG_ABORTABLE, flagsOf, incarnationOf, requestIdOf } from './frame.ts';
import { comesBack } from './locks.ts';
import { Mailbox } from './mailbox.ts';
import type { NodeState } from './node-state.ts';
import type { Task } from './task.ts';
import type { TurnLedger } from './turn-ledger.ts';
import { Waiting } from './waiting.ts';

/** Answers what does not run, and lets others run in its place; the scheduler. */
export interface WaitingRoomEvents {
  /** `input` stands at the frame's first byte. */
  refuse(input: Reader, source: number, lane: Lane, operation: Operation, error: EngineError): void;
  makeReady(activation: Activation): void;
}

/** Those that wait for an entity of this node: how they come, and all ways out of a mailbox but that of running. */
export class WaitingRoom implements WaitingLine {
  /** Undefined in games without locks, like `waiting`. */
  readonly ledger: TurnLedger | undefined;
  /** All that waits for an entity of this node, in order of arrival; those that were looked at for a deadlock go to the end. */
  readonly waiting: Map<Waiting, Activation> | undefined = undefined;
  readonly deadlocks: DeadlockWatch | undefined = undefined;
  readonly abortables = new Abortables();
  private readonly state: NodeState;
  private readonly events: WaitingRoomEvents;

  constructor(state: NodeState, events: WaitingRoomEvents, ledger: TurnLedger | undefined, tell: Tell) {
    this.state = state;
    this.events = events;
    this.ledger = ledger;
    if (ledger === undefined) return;
    this.waiting = new Map();
    this.deadlocks = new DeadlockWatch(state, this, tell);
  }

  /** A copy of a frame, or its refusal. `input` stands at the frame's first byte. */
  enter(activation: Activation, operation: Operation, input: Reader, source: number, lane: Lane): void {
    const { view, at } = input;
    const { state } = this;
    const { now } = state;
    const deadline = deadlineIn(view, at, now);
    const chain = this.ledger === undefined ? NO_CHAIN : chainOf(input);
    const isBack = chain.length > 0 && comesBack(activation, chain, state.incarnation);
    const refusal = mailboxRefusal(activation, lane, isBack ? Number.POSITIVE_INFINITY : deadline - now, now);
    if (refusal !== undefined) {
      state.counters.refusedMailboxFull++;
      this.events.refuse(input, source, lane, operation, refusal);
      return;
    }
    const waiting = new Waiting(operation, lane, input.bytes.slice(at, input.end), source, undefined, now, deadline);
    if (flagsOf(view, at) & FLAG_ABORTABLE) {
      this.abortables.add(source, requestIdOf(view, at), { activation, waiting });
    }
    if (this.ledger !== undefined) {
      waiting.chain = chain;
      waiting.comesBack = isBack;
      waiting.caller = callerHashOf(view, at);
      waiting.callerIncarnation = incarnationOf(view, at);
      waiting.requestId = requestIdOf(view, at);
    }
    this.wait(activation, waiting);
  }

  enterTask(activation: Activation, operation: Operation, task: Task): void {
    const { now } = this.state;
    this.wait(activation, new Waiting(operation, operation.lane, undefined, 0, task, now, Number.POSITIVE_INFINITY));
  }

  private wait(activation: Activation, waiting: Waiting): void {
    activation.mailbox ??= new Mailbox();
    activation.mailbox.push(waiting);
    if (this.waiting !== undefined) {
      this.state.counters.lockWaits++;
      this.waiting.set(waiting, activation);
      this.deadlocks!.noticed(waiting);
    }
    this.events.makeReady(activation);
  }

  /** What has left its mailbox. */
  forget(waiting: Waiting): void {
    this.waiting?.delete(waiting);
    if (waiting.frame === undefined) return;
    const view = new DataView(waiting.frame.buffer, waiting.frame.byteOffset);
    if (flagsOf(view, 0) & FLAG_ABORTABLE) this.abortables.delete(waiting.source, requestIdOf(view, 0));
  }

  expired(waiting: Waiting): void {
    this.forget(waiting);
    this.state.counters.expiredBeforeRun++;
  }

  giveUp(activation: Activation, waiting: Waiting): void {
    this.leave(activation, waiting);
    this.state.counters.expiredBeforeRun++;
  }

  refuseWaiting(activation: Activation, waiting: Waiting, error: EngineError): void {
    this.leave(activation, waiting);
    this.events.refuse(new Reader(waiting.frame!), waiting.source, waiting.lane, waiting.operation, error);
  }

  /** The caller has given up: what waits does not run, what runs is told. */
  cancel(source: number, requestId: number): void {
    const target = this.abortables.find(source, requestId);
    if (target === undefined) return;
    if (target instanceof AbortController) target.abort(callerGaveUp());
    else this.leave(target.activation, target.waiting);
  }

  /** The node behind a return address is gone: nobody waits for what runs for it. What waits runs all the same, for it was sent. */
  lost(source: number): void {
    for (const turn of [...this.abortables.turnsFrom(source)]) turn.abort(callerLost());
  }

  private leave(activation: Activation, waiting: Waiting): void {
    activation.mailbox!.take(waiting);
    this.forget(waiting);
    // It may have held others back.
    this.events.makeReady(activation);
  }
}
