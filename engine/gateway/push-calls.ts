import type { ErrorBody } from '../../transport/client/frames.ts';
import type { Clock } from '../base/clock.ts';
import { EarliestTimer } from '../base/earliest-timer.ts';
import {
  CallTimeoutError,
  ContractMismatchError,
  GameError,
  InvalidMessageError,
  OverloadedError,
  RemoteError,
  UnavailableError,
} from '../base/errors.ts';
import type { WireTypes } from '../contract/wire-type.ts';
import type { Admit, GatewayOperation } from './ports.ts';

interface Waiting {
  readonly operation: GatewayOperation;
  readonly deadline: number;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export interface PushCallsContext {
  readonly clock: Clock;
  readonly admit: Admit;
  readonly types: WireTypes;
  readonly limits: { readonly pushCallsMax: number };
}

/** The calls from the world to one client that wait for its reply, by the number of their push. */
export class PushCalls {
  private readonly context: PushCallsContext;
  private readonly waiting = new Map<number, Waiting>();
  private readonly timer: EarliestTimer;

  constructor(context: PushCallsContext) {
    this.context = context;
    this.timer = new EarliestTimer(
      () => context.clock.now(),
      (now) => this.expire(now),
    );
  }

  /** Throws OverloadedError when the client owes too many replies already; asked before the push goes out. */
  checkRoom(): void {
    if (this.waiting.size >= this.context.limits.pushCallsMax) {
      throw new OverloadedError('calls-exhausted', `The client owes ${this.waiting.size} replies.`);
    }
  }

  /** Of the push with this number, on its way now. */
  wait(pushSeq: number, operation: GatewayOperation, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const deadline = this.context.clock.now() + timeoutMs;
      this.waiting.set(pushSeq, { operation, deadline, resolve, reject });
      this.timer.arm(deadline);
    });
  }

  /** False: nobody waits for it (any more). Throws InvalidMessageError for a value that the operation does not return; the caller has it too. */
  reply(pushSeq: number, value: unknown): boolean {
    const waiting = this.take(pushSeq);
    if (waiting === undefined) return false;
    const { operation } = waiting;
    try {
      waiting.resolve(this.admitted(operation, value));
    } catch (error) {
      waiting.reject(error as Error);
      throw error;
    }
    return true;
  }

  /** Like `reply`, for a client whose handler failed. */
  fail(pushSeq: number, body: unknown): boolean {
    const waiting = this.take(pushSeq);
    if (waiting === undefined) return false;
    const { class: kind, code, data } = (typeof body === 'object' && body !== null ? body : {}) as Partial<ErrorBody>;
    const name = nameOf(waiting.operation);
    if (kind === 'GameError' && typeof code === 'string' && code.length <= CODE_LENGTH_MAX) {
      waiting.reject(new GameError(code, data));
    } else if (code === 'unknown-operation') {
      waiting.reject(new ContractMismatchError('unknown-operation', `The client does not implement ${name}.`));
    } else waiting.reject(new RemoteError(`The client's ${name} failed.`));
    return true;
  }

  /** The session is over: nobody will reply, and nobody knows what the client did. */
  end(): void {
    this.timer.stop();
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const { operation, reject } of waiting) {
      const message = `The client left before it replied to ${nameOf(operation)}.`;
      reject(new UnavailableError('no-session', message, { outcome: 'unknown' }));
    }
  }

  private admitted(operation: GatewayOperation, value: unknown): unknown {
    const { result } = operation.model;
    const path = `${nameOf(operation)}: the client's reply`;
    if (result !== undefined) return this.context.admit(this.context.types, result, value, path);
    if (value === null || value === undefined) return undefined;
    throw new InvalidMessageError('invalid', `${path} has a value where none belongs.`);
  }

  private take(pushSeq: number): Waiting | undefined {
    const waiting = this.waiting.get(pushSeq);
    this.waiting.delete(pushSeq);
    return waiting;
  }

  private expire(now: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const [pushSeq, { operation, deadline, reject }] of this.waiting) {
      if (deadline <= now) {
        this.waiting.delete(pushSeq);
        reject(new CallTimeoutError('timeout', `The client did not reply to ${nameOf(operation)} in time.`));
      } else earliest = Math.min(earliest, deadline);
    }
    return earliest;
  }
}

const CODE_LENGTH_MAX = 256;

function nameOf(operation: GatewayOperation): string {
  return `${operation.contract.name}.${operation.name}`;
}
