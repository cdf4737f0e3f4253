import type { Reader } from '../../transport/codec/reader.ts';
import type { Lane } from '../../transport/link.ts';
import type { EntityId } from '../base/entity-id.ts';
import { UnavailableError } from '../base/errors.ts';
import type { CallTarget } from '../contract/proxy.ts';
import { Caller } from './caller.ts';
import { type Operation, RETURNS_VOID } from './catalogue.ts';
import { deadlineIn, END_HOST, FLAG_PASSED_ON, traceHighOf, traceLowOf } from './frame.ts';
import type { NodeState } from './node-state.ts';

/** Sends what came to one gateway on to another: the same payload under a header of its own, with the deadline and the trace that it had. */
export class PassOn extends Caller {
  constructor(state: NodeState) {
    super(state, END_HOST, 0xffff, 0, 0);
  }

  /**
   * `input` stands at the payload of the frame that begins at `frameStart`, to a principal or a group. Undefined for a void operation.
   * Throws and rejects with what a proxy throws and rejects with.
   */
  pass(
    input: Reader,
    frameStart: number,
    node: number,
    operation: Operation,
    end: number,
    id: EntityId,
    lane: Lane,
  ): Promise<unknown> | undefined {
    const { view } = input;
    const { outbox, now } = this.state;
    if (!outbox.hasLink(node)) throw new UnavailableError('no-session', 'The host of the client is gone.');
    const options = {
      timeoutMs: undefined,
      signal: undefined,
      lane,
      flags: FLAG_PASSED_ON,
      context: {
        deadline: deadlineIn(view, frameStart, now),
        traceHigh: traceHighOf(view, frameStart),
        traceLow: traceLowOf(view, frameStart),
        abortSignal: undefined,
        lineage: undefined,
      },
    };
    const target: CallTarget = { $id: id, $slot: -1 - node, $end: end, $options: options };
    const length = input.end - input.at;
    const out = this.openFrame(operation, id, target.$slot, end, options, length);
    out.bytes.set(input.bytes.subarray(input.at, input.end), out.at);
    out.at += length;
    try {
      if (operation.returns !== RETURNS_VOID) return this.callFrame(operation, options, target);
      this.sendFrame(operation, target);
      return undefined;
    } catch (error) {
      outbox.abandon();
      throw error;
    }
  }
}
