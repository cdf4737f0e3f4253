import type { ErrorBody } from '../../transport/client/frames.ts';
import { type PrepareRules, prepare } from '../../transport/client/prepare.ts';
import { ENGINE_ERRORS, EngineError, ForbiddenError, GameError, OverloadedError } from '../base/errors.ts';

/** Any error that clients are not told about. */
export const INTERNAL: ErrorBody = Object.freeze({ class: 'EngineError', code: 'internal', outcome: 'unknown' });

/** An operation that does not exist and one that is not for this client are told apart by nobody outside. */
export const FORBIDDEN: ErrorBody = engineErrorBody(new ForbiddenError('forbidden', ''));

/**
 * What a client is told of an error: code and data of a GameError; class, code, outcome and pause of an engine error; nothing but
 * `internal` of everything else. Messages stay here, they name what is inside.
 */
export function errorBody(error: unknown, rules: PrepareRules): ErrorBody {
  if (error instanceof GameError) return gameErrorBody(error, rules);
  return error instanceof EngineError ? engineErrorBody(error) : INTERNAL;
}

function gameErrorBody({ code, data }: GameError, rules: PrepareRules): ErrorBody {
  try {
    const body: ErrorBody = { class: 'GameError', code: prepare(String(code), rules, 'code') as string };
    if (data !== undefined) body.data = prepare(data, rules, 'data');
    return body;
  } catch {
    // Data that cannot travel stays behind; the code is what programs act on.
    return { class: 'GameError', code: String(code).replace(/\p{Surrogate}/gu, '\ufffd') };
  }
}

export function engineErrorBody(error: EngineError): ErrorBody {
  // A game may extend the classes; clients know the engine's.
  const { name } = error.constructor;
  const body: ErrorBody = {
    class: Object.hasOwn(ENGINE_ERRORS, name) ? name : 'EngineError',
    code: error.code,
    outcome: error.outcome,
  };
  const { retryAfterMs } = error as { retryAfterMs?: number };
  if (retryAfterMs !== undefined) body.retryAfterMs = retryAfterMs;
  return body;
}

export function overloadedBody(code: 'rate' | 'calls-exhausted', retryAfterMs: number): ErrorBody {
  return engineErrorBody(new OverloadedError(code, '', { retryAfterMs }));
}
