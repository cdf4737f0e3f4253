import { readEntityId } from '../../transport/codec/entity-id.ts';
import type { Reader } from '../../transport/codec/reader.ts';
import type { Lane } from '../../transport/link.ts';
import { CallTimeoutError, EngineError } from '../base/errors.ts';
import { callerGaveUp, callerLost } from './abortables.ts';
import type { Compute } from './compute.ts';
import { COMPUTE } from './engine-operations.ts';
import { deadlineOf, HEADER_BYTES, ID_INT32, idKindsOf, requestIdOf, sourceIdOf } from './frame.ts';
import type { NodeState } from './node-state.ts';
import type { Replies } from './reply.ts';
import { Timer } from './timing-wheel.ts';

/**
 * Calls of compute functions, on the node of the host that has the threads for them. The name is the target id of the frame, the input
 * its payload; neither input nor result is decoded here.
 */
export class ComputeDispatcher {
  private readonly state: NodeState;
  private readonly replies: Replies;
  private readonly compute: Compute;
  /** By `source:requestId`. */
  private readonly calls = new Map<string, ComputeCall>();

  constructor(state: NodeState, replies: Replies, compute: Compute) {
    this.state = state;
    this.replies = replies;
    this.compute = compute;
  }

  /** `input` stands at the frame's first byte. Throws InvalidMessageError. */
  request(input: Reader, source: number, lane: Lane): void {
    const { view, at } = input;
    const idKinds = idKindsOf(view, at);
    input.at = at + HEADER_BYTES;
    const name = String(readEntityId(input));
    if (idKinds >> 4 === ID_INT32) sourceIdOf(view, at);
    else readEntityId(input);
    const payload = Uint8Array.from(input.bytes.subarray(input.at, input.end));
    input.at = at;

    const requestId = requestIdOf(view, at);
    const key = keyOf(source, requestId);
    const call = new ComputeCall(source);
    const wire = deadlineOf(view, at);
    if (wire !== 0) this.state.wheel.add(call, this.state.now + ((wire - (this.state.now | 0)) | 0));
    this.calls.set(key, call);
    this.compute
      .run(name, payload, call.controller.signal)
      .then(
        (outcome) => {
          // Who gave up knows already.
          if (call.controller.signal.aborted) return;
          if ('value' in outcome) this.replies.result(source, lane, requestId, COMPUTE, outcome.value);
          else this.replies.failure(source, lane, requestId, COMPUTE, outcome.error);
        },
        (error: unknown) => {
          if (call.controller.signal.aborted) return;
          if (error instanceof EngineError) this.replies.refusal(source, lane, requestId, COMPUTE.code, error);
          else this.replies.thrown(source, lane, requestId, COMPUTE, error);
        },
      )
      .finally(() => {
        this.state.wheel.remove(call);
        if (this.calls.get(key) === call) this.calls.delete(key);
      });
  }

  /** The node behind a return address is gone: nobody waits for what it asked for. */
  lost(source: number): void {
    for (const call of this.calls.values()) if (call.source === source) call.controller.abort(callerLost());
  }

  /** The caller has given up. */
  cancel(source: number, requestId: number): void {
    this.calls.get(keyOf(source, requestId))?.controller.abort(callerGaveUp());
  }
}

/** A call under way; the timer is its deadline. */
class ComputeCall extends Timer {
  /** Return address of the node that called. */
  readonly source: number;
  readonly controller = new AbortController();

  constructor(source: number) {
    super();
    this.source = source;
  }

  fire(): void {
    this.controller.abort(new CallTimeoutError('timeout', 'The deadline of the call has passed.'));
  }
}

const keyOf = (source: number, requestId: number): string => `${source}:${requestId}`;
