import { MISMATCH, OVERFLOW, type Writer } from '../../transport/codec/writer.ts';
import type { Lane } from '../../transport/link.ts';
import { EngineError, InvalidMessageError, OverloadedError } from '../base/errors.ts';
import { explain } from '../contract/check.ts';
import { nameOf } from './call-errors.ts';
import type { Operation } from './catalogue.ts';
import { KIND_ERROR, KIND_REPLY, REPLY_HEADER_BYTES, writeReply } from './frame.ts';
import type { NodeState } from './node-state.ts';
import { FULL } from './outbox.ts';
import { decodeError, encodeRefusal, encodeThrown, shortened } from './remote-error.ts';

/** The callee's side of the way back. A reply goes to the node that asked, on the lane of the request. */
export class Replies {
  private readonly state: NodeState;

  constructor(state: NodeState) {
    this.state = state;
  }

  result(source: number, lane: Lane, requestId: number, operation: Operation, value: unknown): void {
    const { outbox } = this.state;
    try {
      let out = outbox.begin(source, lane, REPLY_HEADER_BYTES + 16);
      writeReply(out, KIND_REPLY, operation.code, requestId);
      outbox.endHeader();
      for (;;) {
        try {
          operation.writeResult(out, value);
          break;
        } catch (error) {
          if (error !== OVERFLOW) throw error;
          out = outbox.grow();
        }
      }
      if (outbox.commit() === FULL) this.refusal(source, lane, requestId, operation.code, noRoom(operation));
    } catch (error) {
      outbox.abandon();
      this.resultRefused(source, lane, requestId, operation, value, error);
    }
  }

  /** What the engine answers instead of running the operation. */
  refusal(source: number, lane: Lane, requestId: number, code: number, error: EngineError): void {
    this.error(source, lane, requestId, code, encodeRefusal(error));
  }

  /** What the operation threw. */
  thrown(source: number, lane: Lane, requestId: number, operation: Operation, error: unknown): void {
    const { log } = this.state;
    const where = nameOf(operation);
    if (this.error(source, lane, requestId, operation.code, encodeThrown(error, where, log))) return;
    log.error({ operation: where }, 'an error was too large to be sent; the caller gets a part of it');
    this.error(source, lane, requestId, operation.code, encodeThrown(shortened(error), where, log));
  }

  /** An error record that was made elsewhere. */
  failure(source: number, lane: Lane, requestId: number, operation: Operation, record: Uint8Array): void {
    if (this.error(source, lane, requestId, operation.code, record)) return;
    this.thrown(source, lane, requestId, operation, shortened(decodeError(record)));
  }

  private resultRefused(
    source: number,
    lane: Lane,
    requestId: number,
    operation: Operation,
    value: unknown,
    error: unknown,
  ): void {
    const reason = error === MISMATCH ? this.explainResult(operation, value) : error;
    this.state.counters.resultsRefused++;
    this.state.log.error({ err: reason, operation: nameOf(operation) }, 'a result could not be sent');
    // Not an engine error to the caller: the operation ran, and it is the callee that is wrong.
    const plain = reason instanceof EngineError ? new Error(`${nameOf(operation)}: result: ${reason.message}`) : reason;
    this.thrown(source, lane, requestId, operation, plain);
  }

  private explainResult(operation: Operation, value: unknown): Error {
    const name = nameOf(operation);
    const { result } = operation.model;
    let found: Error | undefined;
    try {
      found = result && explain(this.state.catalogue.types, result, value, `${name}: result`);
    } catch {
      // A getter in the result that throws when looked at again.
    }
    return found ?? new TypeError(`${name}: the result does not fit its type.`);
  }

  /** False when it is larger than a message may be. */
  private error(source: number, lane: Lane, requestId: number, code: number, record: Uint8Array): boolean {
    const { outbox } = this.state;
    let out: Writer;
    try {
      out = outbox.begin(source, lane, REPLY_HEADER_BYTES + record.length);
    } catch (error) {
      if (error instanceof InvalidMessageError) return false;
      // There is no way to the caller any more.
      this.state.counters.deadLetters++;
      return true;
    }
    writeReply(out, KIND_ERROR, code, requestId);
    out.bytes.set(record, out.at);
    out.at += record.length;
    if (outbox.commit() === FULL) this.state.counters.deadLetters++;
    return true;
  }
}

/** Instead of a result that the link has no room for: the caller must not wait for it until its deadline. */
const noRoom = (operation: Operation): EngineError =>
  new OverloadedError('link-full', `${nameOf(operation)} ran, and there was no room for its result on the way back.`, {
    outcome: 'unknown',
  });
