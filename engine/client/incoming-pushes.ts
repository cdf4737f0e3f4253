import { REPLY, REPLY_ERROR } from '../../transport/client/frames.ts';
import { type PrepareRules, prepare } from '../../transport/client/prepare.ts';
import { EngineError, GameError } from '../base/errors.ts';
import type { Contract } from '../contract/contract.ts';
import { Handlers } from './handlers.ts';
import { errorToWire } from './wire-error.ts';

/** What the server calls here, and what it is told in return. */
export class IncomingPushes {
  /** Pushes that nobody here implements. */
  unknown = 0;
  /** Handlers that threw. */
  failed = 0;
  private readonly handlers = new Handlers();
  private readonly rules: PrepareRules;
  private readonly send: (frame: unknown[]) => void;

  /** `send` numbers a frame and sends it; it may throw. */
  constructor(rules: PrepareRules, send: (frame: unknown[]) => void) {
    this.rules = rules;
    this.send = send;
  }

  register(contract: Contract<unknown>, handlers: object): () => void {
    return this.handlers.register(contract, handlers);
  }

  onPush(contract: string, operation: string, args: unknown[]): void {
    const handler = this.handlers.find(contract, operation);
    if (handler === undefined) {
      this.unknown++;
      return;
    }
    try {
      const result = handler(...args);
      // A handler of a void operation may be async all the same.
      if (result instanceof Promise) result.catch((error) => this.report(contract, operation, error));
    } catch (error) {
      this.report(contract, operation, error);
    }
  }

  async onPushCall(pushSeq: number, contract: string, operation: string, args: unknown[]): Promise<void> {
    const handler = this.handlers.find(contract, operation);
    if (handler === undefined) {
      this.unknown++;
      this.reply([REPLY_ERROR, 0, pushSeq, { class: 'ContractMismatchError', code: 'unknown-operation' }]);
      return;
    }
    try {
      const result = await handler(...args);
      const label = `${contract}.${operation}: the result`;
      this.reply([REPLY, 0, pushSeq, result === undefined ? null : prepare(result, this.rules, label)]);
    } catch (error) {
      // A GameError is an answer, for the server to deal with.
      if (!(error instanceof GameError)) this.report(contract, operation, error);
      const body = errorToWire(error);
      try {
        this.reply([REPLY_ERROR, 0, pushSeq, prepare(body, this.rules, 'the error')]);
      } catch {
        this.reply([REPLY_ERROR, 0, pushSeq, { class: 'GameError', code: body.code }]);
      }
    }
  }

  private reply(frame: unknown[]): void {
    try {
      this.send(frame);
    } catch (error) {
      // The connection is gone: the server knows. Anything else is about the frame.
      if (!(error instanceof EngineError && error.code === 'no-session')) throw error;
    }
  }

  private report(contract: string, operation: string, error: unknown): void {
    this.failed++;
    console.error(`The handler of ${contract}.${operation} failed:`, error);
  }
}
