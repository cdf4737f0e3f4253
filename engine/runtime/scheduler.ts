import { readEntityId } from '../../transport/codec/entity-id.ts';
import { Reader } from '../../transport/codec/reader.ts';
import type { Lane } from '../../transport/link.ts';
import { type EngineError, EntityExistsError, InvalidMessageError } from '../base/errors.ts';
import { callerLost } from './abortables.ts';
import { ACTIVE, type Activation } from './activation.ts';
import { nameOf } from './call-errors.ts';
import { callOf } from './call-of.ts';
import { LOCK_NONE, type Operation } from './catalogue.ts';
import { DeadLetters } from './dead-letters.ts';
import { CREATE, DEADLOCKS, DESTROY, LOCKED_TASK, TASK } from './engine-operations.ts';
import type { TaskRunner } from './entity-tasks.ts';
import {
  callerHashOf,
  chainOf,
  deadlineIn,
  END_HOST,
  endsOf,
  FLAG_ABORTABLE,
  FLAG_CHAIN,
  FLAG_ONLY_IF_ACTIVE,
  FLAG_PRINCIPAL,
  flagsOf,
  HEADER_BYTES,
  ID_INT32,
  idKindsOf,
  incarnationOf,
  KIND_REQUEST,
  kindOf,
  readChain,
  readPrincipal,
  requestIdOf,
  sourceIdOf,
  sourceTypeOf,
  traceHighOf,
  traceLowOf,
} from './frame.ts';
import { HookTurns } from './hook-turns.ts';
import { acquire, isFree, reenters, release } from './locks.ts';
import type { NodeState } from './node-state.ts';
import { Pump, type PumpEvents } from './pump.ts';
import type { Replies } from './reply.ts';
import { callTask, type Task } from './task.ts';
import { isThenable } from './thenable.ts';
import { Turn, type TurnCall, type TurnOwner } from './turn.ts';
import { TurnLedger } from './turn-ledger.ts';
import type { Waiting } from './waiting.ts';
import { WaitingRoom, type WaitingRoomEvents } from './waiting-room.ts';

/** Ends the life of an activation; the activations of the node. */
export interface Destroyer {
  destroy(activation: Activation): Promise<boolean>;
}

/** The other nodes; a view of this one. */
export interface Peers {
  tell(operation: Operation, node: number, args: unknown[]): void;
}

const TURNS_POOLED_MAX = 16_384;

/**
 * Decides when what is addressed to an activation runs, runs it, and answers. A frame that finds its entity free runs where it stands, decoded
 * from the link's memory; otherwise it is copied into the mailbox, first in first out per priority.
 */
export class Scheduler implements TurnOwner, TaskRunner, PumpEvents, WaitingRoomEvents {
  private readonly state: NodeState;
  private readonly replies: Replies;
  private readonly destroyer: Destroyer;
  private readonly wake: () => void;
  private readonly deadLetters: DeadLetters;
  private readonly taskOperation: Operation;
  private readonly pump: Pump;
  private readonly pool: Turn[] = [];
  readonly room: WaitingRoom;
  private readonly ledger: TurnLedger | undefined;
  private readonly hooks: HookTurns | undefined;
  private ready: Activation[] = [];
  /** Turns that have begun and not ended, of all activations. */
  openTurns = 0;

  /** `wake` is called when something became ready, on a node that may sleep. */
  constructor(state: NodeState, replies: Replies, destroyer: Destroyer, peers: Peers, wake: () => void) {
    this.state = state;
    this.replies = replies;
    this.destroyer = destroyer;
    this.wake = wake;
    this.deadLetters = new DeadLetters(state);
    this.taskOperation = state.catalogue.game.defaultLock === 'entity' ? LOCKED_TASK : TASK;
    this.pump = new Pump(state, this);
    this.ledger = state.flow && new TurnLedger();
    this.hooks = this.ledger && new HookTurns(state, state.flow!, this.ledger, this);
    this.room = new WaitingRoom(state, this, this.ledger, (node, notes) => peers.tell(DEADLOCKS, node, notes));
  }

  /** A frame for an activation of this node; `input` stands at the frame's first byte. */
  arrive(activation: Activation, operation: Operation, input: Reader, source: number, lane: Lane): void {
    if (activation.waiting === 0 && isFree(activation, operation)) this.run(activation, operation, input, source, lane);
    else if (this.ledger === undefined || !this.letsBack(activation, operation, input, lane)) {
      this.room.enter(activation, operation, input, source, lane);
    } else this.run(activation, operation, input, source, lane);
  }

  runTask(activation: Activation, task: Task): void {
    const operation = this.state.catalogue.operationOf(activation.type, task.method) ?? this.taskOperation;
    const { quarantine, counters } = this.state;
    if (quarantine.size !== 0 && quarantine.refuses(activation.type.index, activation.id, operation.code)) {
      counters.refusedQuarantined++;
      task.skip();
      return;
    }
    if (activation.waiting === 0 && isFree(activation, operation) && !this.state.isShut()) {
      this.runTaskNow(activation, operation, task);
    } else this.room.enterTask(activation, operation, task);
  }

  /** Puts an activation into the queue of those with something to run, when it has. */
  makeReady(activation: Activation): void {
    const { mailbox } = activation;
    if (mailbox === undefined || mailbox.queued || mailbox.size === 0) return;
    mailbox.queued = true;
    this.ready.push(activation);
    this.wake();
  }

  get hasReady(): boolean {
    return this.ready.length > 0;
  }

  /** Runs what waits and can run now, up to about `turnsMax` turns; returns how many. */
  runReady(turnsMax: number): number {
    const batch = this.ready;
    if (batch.length === 0) return 0;
    this.ready = [];
    let turns = 0;
    for (let i = 0; i < batch.length; i++) {
      const activation = batch[i]!;
      activation.mailbox!.queued = false;
      turns += this.pump.pump(activation, turnsMax - turns);
      if (turns >= turnsMax) {
        for (let rest = i + 1; rest < batch.length; rest++) this.ready.push(batch[rest]!);
        break;
      }
    }
    return turns;
  }

  runHook(activation: Activation, operation: Operation, hook: () => unknown): unknown {
    return this.hooks === undefined ? hook() : this.hooks.run(activation, operation, hook);
  }

  callOf(turn: Turn): TurnCall {
    return callOf(turn, this.state, turn.activation, this.room.abortables);
  }

  // A turn ends whatever becomes of its answer, or its entity would wait for it for ever.

  fulfilled(turn: Turn, value: unknown): void {
    try {
      if (turn.requestId !== 0) this.replies.result(turn.source, turn.lane, turn.requestId, turn.operation, value);
    } finally {
      this.end(turn);
    }
  }

  rejected(turn: Turn, error: unknown): void {
    this.state.counters.turnsFailed++;
    try {
      if (turn.requestId !== 0) this.replies.thrown(turn.source, turn.lane, turn.requestId, turn.operation, error);
      else this.logFailure(turn, error);
    } finally {
      this.end(turn);
    }
  }

  expired(waiting: Waiting): void {
    this.room.expired(waiting);
  }

  runWaiting(activation: Activation, waiting: Waiting): void {
    this.room.forget(waiting);
    if (waiting.task !== undefined) {
      this.runTaskNow(activation, waiting.operation, waiting.task);
      return;
    }
    const input = new Reader(waiting.frame!);
    if (waiting.operation === CREATE) {
      // It stood behind a destroy whose caller gave up.
      const error = new EntityExistsError('exists', `${activation.type.name}/${activation.id} exists already.`);
      this.refuse(input, waiting.source, waiting.lane, CREATE, error);
      return;
    }
    this.run(activation, waiting.operation, input, waiting.source, waiting.lane);
  }

  /** Whether a call comes back to the entity in its own chain, and need wait neither for a lock nor behind what waits for one. */
  private letsBack(activation: Activation, operation: Operation, input: Reader, lane: Lane): boolean {
    if (activation.phase !== ACTIVE) return false;
    const chain = chainOf(input);
    if (chain.length === 0 || !reenters(activation, operation, chain, this.state.incarnation)) return false;
    return activation.mailbox?.hasOf(callerHashOf(input.view, input.at), lane) !== true;
  }

  /** Answers a frame that does not run; a one-way one becomes a dead letter. `input` stands at the frame's first byte. */
  refuse(input: Reader, source: number, lane: Lane, operation: Operation | undefined, error: EngineError): void {
    const { view, at } = input;
    if (kindOf(view, at) === KIND_REQUEST) {
      this.replies.refusal(source, lane, requestIdOf(view, at), operation?.code ?? 0, error);
      return;
    }
    this.deadLetters.add(operation === undefined ? 'an unknown operation' : nameOf(operation), error);
  }

  private run(activation: Activation, operation: Operation, input: Reader, source: number, lane: Lane): void {
    const { view, at } = input;
    const state = this.state;
    const turn = this.pool.pop() ?? new Turn(this);
    turn.activation = activation;
    turn.operation = operation;
    turn.lane = lane;
    turn.source = source;
    turn.requestId = requestIdOf(view, at);
    turn.deadline = deadlineIn(view, at, state.now);
    turn.traceHigh = traceHighOf(view, at);
    turn.traceLow = traceLowOf(view, at);
    turn.callerEnd = endsOf(view, at) >> 4;
    turn.callerType = sourceTypeOf(view, at);
    turn.callerIncarnation = incarnationOf(view, at);
    const flags = flagsOf(view, at);
    turn.isUse = (flags & FLAG_ONLY_IF_ACTIVE) === 0;
    const idKinds = idKindsOf(view, at);
    let result: unknown;
    this.begin(turn, operation);
    try {
      input.at = at + HEADER_BYTES;
      if ((idKinds & 15) !== ID_INT32) readEntityId(input);
      turn.callerId = idKinds >> 4 === ID_INT32 ? sourceIdOf(view, at) : readEntityId(input);
      if (flags !== 0) this.readFlagged(turn, flags, input);
      input.references = activation;
      state.turn = turn;
      state.box.begin(operation.code, activation.type.index, activation.id);
      if (operation === DESTROY) result = this.destroyer.destroy(activation);
      else if (state.flow === undefined || !turn.isFollowed) result = operation.dispatch(activation.entity, input);
      else result = state.flow.run(turn.lineage!, dispatch, operation, activation.entity, input);
    } catch (error) {
      state.turn = undefined;
      state.box.end();
      // Other codes are those of calls that the operation itself made.
      if (error instanceof InvalidMessageError && error.code === 'invalid') this.invalid(turn, error);
      else this.rejected(turn, error);
      return;
    }
    state.turn = undefined;
    state.box.end();
    this.settle(turn, result);
  }

  private runTaskNow(activation: Activation, operation: Operation, task: Task): void {
    if (!task.begin()) return;
    const turn = this.pool.pop() ?? new Turn(this);
    turn.activation = activation;
    turn.operation = operation;
    turn.task = task;
    turn.isUse = false;
    turn.callerEnd = END_HOST;
    turn.requestId = 0;
    turn.deadline = Number.POSITIVE_INFINITY;
    turn.traceHigh = this.state.incarnation;
    turn.traceLow = this.state.nextTrace();
    this.begin(turn, operation);
    this.state.counters.tasksRun++;
    let result: unknown;
    this.state.turn = turn;
    this.state.box.begin(operation.code, activation.type.index, activation.id);
    try {
      const { flow } = this.state;
      if (flow === undefined || !turn.isFollowed) result = task.call(activation.entity);
      else result = flow.run(turn.lineage!, callTask, task, activation.entity, undefined);
    } catch (error) {
      this.state.turn = undefined;
      this.state.box.end();
      this.rejected(turn, error);
      return;
    }
    this.state.turn = undefined;
    this.state.box.end();
    this.settle(turn, result);
  }

  private settle(turn: Turn, result: unknown): void {
    if (result instanceof Promise) result.then(turn.fulfilled, turn.rejected);
    else if (isThenable(result)) Promise.resolve(result).then(turn.fulfilled, turn.rejected);
    else this.fulfilled(turn, result);
  }

  private begin(turn: Turn, operation: Operation): void {
    const { activation } = turn;
    this.state.counters.turnsRun++;
    activation.openTurns++;
    this.openTurns++;
    if (this.ledger !== undefined) {
      this.ledger.add(turn);
      turn.since = this.state.now;
    }
    if (operation.readOnly) activation.openReadOnly++;
    else if (activation.record !== undefined && activation.record.queued === false) activation.record.touch();
    if (operation.lock === LOCK_NONE) return;
    acquire(activation, turn);
    this.tellScope(activation);
  }

  /** Its calls are made on behalf of the turn that holds it. */
  private tellScope(activation: Activation): void {
    activation.held(activation.exclusive !== undefined);
  }

  private end(turn: Turn): void {
    const { activation, operation } = turn;
    activation.openTurns--;
    this.openTurns--;
    if (turn.isUse) activation.used(this.state.now);
    if (operation.readOnly) activation.openReadOnly--;
    if (operation.lock !== LOCK_NONE) {
      release(activation, turn);
      this.tellScope(activation);
    }
    if (this.ledger !== undefined) this.ledger.remove(turn);
    if (turn.task !== undefined) {
      turn.task.end();
      turn.task = undefined;
    }
    if (turn.call !== undefined) {
      turn.call.ended();
      turn.call = undefined;
    }
    if (turn.abort !== undefined) {
      this.room.abortables.delete(turn.source, turn.requestId);
      turn.abort = undefined;
    }
    turn.principal = undefined;
    if (activation.waiting > 0) this.makeReady(activation);
    if (this.pool.length < TURNS_POOLED_MAX) this.pool.push(turn);
  }

  private readFlagged(turn: Turn, flags: number, input: Reader): void {
    if (flags & FLAG_PRINCIPAL) turn.principal = readPrincipal(input);
    if (flags & FLAG_CHAIN) {
      const chain = readChain(input);
      if (turn.lineage !== undefined) turn.lineage.ancestors = chain;
    }
    if (flags & FLAG_ABORTABLE) {
      turn.abort = new AbortController();
      this.room.abortables.add(turn.source, turn.requestId, turn.abort);
      if (this.state.outbox.isLost(turn.source)) turn.abort.abort(callerLost());
    }
  }

  private invalid(turn: Turn, error: InvalidMessageError): void {
    this.state.counters.invalidMessages++;
    if (turn.requestId !== 0) {
      this.replies.refusal(turn.source, turn.lane, turn.requestId, turn.operation.code, error);
    } else this.logFailure(turn, error);
    this.end(turn);
  }

  private logFailure(turn: Turn, error: unknown): void {
    const { activation, operation, task } = turn;
    const what = task === undefined ? nameOf(operation) : `task '${task.name}'`;
    this.state.log.error(
      { err: error, entity: activation.type.name, id: String(activation.id), operation: what },
      'failed',
    );
  }
}

const dispatch = (operation: Operation, entity: unknown, input: Reader): unknown => operation.dispatch(entity, input);
