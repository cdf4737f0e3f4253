import type { EntityId } from '../base/entity-id.ts';
import { type EngineError, OverloadedError, withoutTrace } from '../base/errors.ts';
import type { Operation } from './catalogue.ts';
import type { NodeState } from './node-state.ts';

/** So long at most a frame may have to wait for its reader, whatever its deadline, before it is refused. */
export const WAIT_MS_MAX = 1000;
const RETRY_MS_MIN = 50;
const RETRY_MS_MAX = 5000;
/** A power of two. */
const REFUSALS_PER_FLUSH = 256;

/**
 * Gives up the open frame, and throws OverloadedError, when it would wait too long in its link: half of the time it has, and not longer
 * than anybody should wait.
 */
export function admit(state: NodeState, operation: Operation, remainingMs: number, now: number): void {
  const { outbox, counters } = state;
  const waitMs = outbox.waitMs(now);
  if (waitMs <= WAIT_MS_MAX && waitMs + waitMs <= remainingMs) return;
  outbox.abandon();
  // Refusing takes time, too, in which the reader must not run out of what was sent.
  if ((++counters.refusedLinkFull & (REFUSALS_PER_FLUSH - 1)) === 0) outbox.flush();
  throw linkFull(operation, waitMs);
}

/** `waitMs`: how long what waits already will take, as far as known. By then there is room. */
export function linkFull(operation: Operation, waitMs: number): EngineError {
  const retryAfterMs = Math.min(Math.max(Math.ceil(waitMs), RETRY_MS_MIN), RETRY_MS_MAX);
  const message = `${operation.contract.name}.${operation.name}: too much waits for the owner's node already.`;
  return withoutTrace(() => new OverloadedError('link-full', message, { retryAfterMs }));
}

export function mailboxFull(type: string, id: EntityId, waiting: number): EngineError {
  const message = `${waiting} messages wait for ${type}/${id}.`;
  return withoutTrace(() => new OverloadedError('mailbox-full', message));
}
