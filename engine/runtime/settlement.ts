import type { Reader } from '../../transport/codec/reader.ts';
import type { EngineError } from '../base/errors.ts';
import { KIND_REPLY, kindOf, REPLY_HEADER_BYTES, requestIdOf } from './frame.ts';
import type { NodeState } from './node-state.ts';
import type { NodeView } from './node-view.ts';
import { decodeError } from './remote-error.ts';

/** The last step of the route: a reply has come, and the pending call settles. `input` stands at the reply's first byte. */
export function settleCall(state: NodeState, input: Reader): void {
  const { view, at } = input;
  const { pending, counters } = state;
  const requestId = requestIdOf(view, at);
  const operation = pending.operationOf(requestId);
  if (operation === undefined) {
    counters.repliesLate++;
    return;
  }
  input.at = at + REPLY_HEADER_BYTES;
  if (kindOf(view, at) === KIND_REPLY) {
    let value: unknown;
    try {
      input.references = pending.callerOf(requestId) as NodeView;
      value = operation.readResult(input);
    } catch (error) {
      counters.callsFailed++;
      pending.failCall(requestId, error);
      return;
    }
    counters.callsCompleted++;
    pending.resolveCall(requestId, value);
    return;
  }
  counters.callsFailed++;
  let error: Error;
  try {
    error = decodeError(input.bytes.slice(input.at, input.end));
  } catch (reason) {
    error = reason as EngineError;
  }
  pending.failCall(requestId, error);
}
