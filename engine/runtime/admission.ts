import type { Lane } from '../../transport/link.ts';
import type { EntityId } from '../base/entity-id.ts';
import { type EngineError, OverloadedError, withoutTrace } from '../base/errors.ts';
import type { Operation } from './catalogue.ts';
import type { NodeState } from './node-state.ts';

/** So long at most a frame may have to wait for its reader, whatever its deadline, before it is refused. */
export const WAIT_MS_MAX = 1000;
const RETRY_MS_MIN = 50;
const MAILBOX_RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5000;
/** So few messages may always wait for an entity, however long its operations take. */
const WAITING_FEW = 64;
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

/** An activation as far as a newcomer to its mailbox needs to know. */
interface Addressee {
  readonly id: EntityId;
  readonly type: { readonly name: string; readonly mailboxMax: number };
  readonly waiting: number;
  readonly mailbox: { first(lane: Lane): { readonly since: number } | undefined } | undefined;
}

/**
 * Why a message may not wait for an entity; undefined when it may. Besides the bound in messages: when many wait, and the first of its lane has
 * waited for half of the time that this one has, it would be answered too late, and so would everyone behind it.
 */
export function mailboxRefusal(to: Addressee, lane: Lane, remainingMs: number, now: number): EngineError | undefined {
  const { waiting } = to;
  if (waiting < Math.min(WAITING_FEW, to.type.mailboxMax)) return undefined;
  const since = to.mailbox?.first(lane)?.since ?? now;
  const waitMs = now - since;
  if (waiting < to.type.mailboxMax && waitMs + waitMs <= remainingMs) return undefined;
  const retryAfterMs = Math.min(Math.max(Math.ceil(waitMs), MAILBOX_RETRY_MS_MIN), RETRY_MS_MAX);
  const message = `${waiting} messages wait for ${to.type.name}/${to.id}.`;
  return withoutTrace(() => new OverloadedError('mailbox-full', message, { retryAfterMs }));
}
