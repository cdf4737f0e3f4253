/** How calls are called in messages, and what the caller's side refuses or ends them with. */
import { CallTimeoutError, InvalidMessageError, UnavailableError, withoutTrace } from '../base/errors.ts';
import type { Operation } from './catalogue.ts';

export const nameOf = (operation: { name: string; contract: { name: string } }): string =>
  `${operation.contract.name}.${operation.name}`;

export function timeoutOf(operation: { name: string; contract: { name: string } }): CallTimeoutError {
  return withoutTrace(() => new CallTimeoutError('timeout', `${nameOf(operation)} got no reply before its deadline.`));
}

export const keepsNothing = (operation: Operation): TypeError =>
  new TypeError(`${nameOf(operation)} is exactlyOnce: only persistent entities can call it.`);

/** Its host is, and the session with it. */
export const gatewayGone = (operation: Operation): UnavailableError =>
  new UnavailableError('no-session', `${nameOf(operation)}: the client is not connected.`);

/** Where it was that a message is too large, which the outbox cannot know. */
export function withPlace(error: unknown, operation: Operation): unknown {
  if (!(error instanceof InvalidMessageError)) return error;
  return new InvalidMessageError(error.code, `${nameOf(operation)}: ${error.message}`, { outcome: error.outcome });
}
