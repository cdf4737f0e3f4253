import type { CallFrame } from '../../transport/client/client-frames.ts';
import { CALL, ERROR, type ErrorBody, RESULT } from '../../transport/client/frames.ts';
import { prepare } from '../../transport/client/prepare.ts';
import { EngineError, GameError, InvalidMessageError } from '../base/errors.ts';
import { mayCall } from './access.ts';
import { engineErrorBody, errorBody, FORBIDDEN, INTERNAL, overloadedBody } from './error-body.ts';
import type { Outbox } from './outbox.ts';
import type { Caller } from './ports.ts';
import { RateBucket } from './rate.ts';
import type { ReachableOperation } from './reachable-operation.ts';
import type { SessionContext } from './session-context.ts';

/** Pause for a client that has too many calls under way. */
const RETRY_CALLS_MS = 100;

/** The calls of one session into the world: checked, counted, handed on in the order of their arrival, answered. */
export class Calls {
  private readonly context: SessionContext;
  private readonly caller: Caller;
  private readonly outbox: Outbox;
  private underWay = 0;
  private buckets: Map<ReachableOperation, RateBucket> | undefined;
  private cancellable: Map<number, AbortController> | undefined;

  constructor(context: SessionContext, caller: Caller, outbox: Outbox) {
    this.context = context;
    this.caller = caller;
    this.outbox = outbox;
  }

  /** A CALL or SEND frame. Of the latter only a refusal is answered. */
  call(kind: number, frame: CallFrame): void {
    const { counters } = this.context;
    const { opSeq } = frame;
    const operation = this.context.reachable.find(frame.contract, frame.operation);
    // One answer for what does not exist and for what this client must not reach: nobody learns which.
    if (operation === undefined || !mayCall(operation.access, this.caller.principal, frame.id)) {
      counters.callsForbidden++;
      this.refuse(opSeq, FORBIDDEN);
      return;
    }
    const pauseMs = this.pause(operation);
    if (pauseMs > 0) {
      counters.callsOverRate++;
      this.refuse(opSeq, overloadedBody('rate', pauseMs));
      return;
    }
    if (this.underWay >= this.context.limits.callsMax) {
      counters.callsOverMax++;
      this.refuse(opSeq, overloadedBody('calls-exhausted', RETRY_CALLS_MS));
      return;
    }
    let args: unknown[];
    try {
      args = operation.admit(this.context.admit, frame.args);
    } catch (error) {
      if (!(error instanceof InvalidMessageError)) {
        this.failInternally(opSeq, operation, error);
        return;
      }
      counters.callsInvalid++;
      // The message tells the client about its own value and nothing else.
      this.refuse(opSeq, { ...engineErrorBody(error), message: error.message });
      return;
    }
    this.send(kind === CALL, frame, operation, args);
  }

  /** The client does not wait any more for the call of that number. */
  cancel(opSeq: number): void {
    this.cancellable?.get(opSeq)?.abort();
  }

  private send(answered: boolean, frame: CallFrame, operation: ReachableOperation, args: unknown[]): void {
    const { opSeq } = frame;
    let signal: AbortSignal | undefined;
    if (answered && frame.timeoutMs !== undefined) {
      const controller = new AbortController();
      this.cancellable ??= new Map();
      this.cancellable.set(opSeq, controller);
      signal = controller.signal;
    }
    let reply: Promise<unknown> | undefined;
    try {
      reply = this.context.entities.call(this.caller, frame.contract, frame.operation, frame.id, args, signal);
    } catch (error) {
      this.cancellable?.delete(opSeq);
      this.fail(opSeq, operation, error);
      return;
    }
    if (reply === undefined) {
      this.cancellable?.delete(opSeq);
      if (answered) this.outbox.send([RESULT, opSeq, null]);
      return;
    }
    this.underWay++;
    reply.then(
      (value) => {
        this.underWay--;
        if (signal !== undefined) this.cancellable?.delete(opSeq);
        if (answered) this.answer(opSeq, operation, value);
      },
      (error) => {
        this.underWay--;
        if (signal !== undefined) this.cancellable?.delete(opSeq);
        this.fail(opSeq, operation, error);
      },
    );
  }

  private answer(opSeq: number, operation: ReachableOperation, value: unknown): void {
    if (operation.returns !== 'value') {
      this.outbox.send([RESULT, opSeq, null]);
      return;
    }
    // Most results are plain, and looking over those costs more than it finds.
    if (typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean') {
      this.outbox.send([RESULT, opSeq, value]);
      return;
    }
    try {
      this.outbox.send([RESULT, opSeq, prepare(value, this.context.rules, operation.label)]);
    } catch (error) {
      this.failInternally(opSeq, operation, error);
    }
  }

  private fail(opSeq: number, operation: ReachableOperation, error: unknown): void {
    if (error instanceof GameError || error instanceof EngineError) {
      this.refuse(opSeq, errorBody(error, this.context.rules));
      return;
    }
    this.failInternally(opSeq, operation, error);
  }

  private failInternally(opSeq: number, operation: ReachableOperation, error: unknown): void {
    this.context.counters.callsFailedInternally++;
    this.context.log.warn({ err: error, operation: operation.label }, 'a call of a client failed internally');
    this.refuse(opSeq, INTERNAL);
  }

  private refuse(opSeq: number, body: ErrorBody): void {
    this.outbox.send([ERROR, opSeq, body]);
  }

  /** Milliseconds to wait before the operation may be called again; 0: go ahead. */
  private pause(operation: ReachableOperation): number {
    const { rate } = operation;
    if (rate === undefined) return 0;
    const now = this.context.clock.now();
    this.buckets ??= new Map();
    let bucket = this.buckets.get(operation);
    if (bucket === undefined) {
      bucket = new RateBucket(rate, now);
      this.buckets.set(operation, bucket);
    }
    return bucket.take(now);
  }
}
