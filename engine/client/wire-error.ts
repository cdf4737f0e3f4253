import type { ErrorBody } from '../../transport/client/frames.ts';
import { ENGINE_ERRORS, EngineError, type EngineErrorOptions, GameError } from '../base/errors.ts';

/** The error that the server told about. What it says nothing of is an EngineError with the code `internal`. */
export function errorFromWire(body: unknown, where: string): Error {
  const {
    class: kind,
    code,
    data,
    message,
    outcome,
    retryAfterMs,
  } = (typeof body === 'object' && body !== null ? body : {}) as Partial<ErrorBody>;
  const known = String(code ?? 'internal');
  if (kind === 'GameError') return new GameError(known, data);
  const options: EngineErrorOptions = { outcome: outcome === 'notExecuted' ? 'notExecuted' : 'unknown' };
  if (typeof retryAfterMs === 'number') options.retryAfterMs = retryAfterMs;
  const Class = typeof kind === 'string' && Object.hasOwn(ENGINE_ERRORS, kind) ? ENGINE_ERRORS[kind]! : EngineError;
  const words = typeof message === 'string' ? message : (WORDS[known] ?? known);
  // What the server says of an argument begins with the operation already.
  return new Class(known, words.startsWith(`${where}: `) ? words : `${where}: ${words}`, options);
}

/** Servers send codes; these are for people. */
const WORDS: Readonly<Record<string, string>> = {
  internal: 'the operation failed on the server.',
  forbidden: 'there is no such operation for this client.',
  rate: 'called more often than the operation allows.',
  'calls-exhausted': 'too many calls are under way.',
  timeout: 'no reply in time.',
  'not-found': 'there is no such entity.',
  'no-owner': 'not available at the moment.',
  'node-lost': 'the node that ran it is gone.',
  'too-large': 'the result is too large.',
};

/** What travels back when a handler of this client failed. */
export function errorToWire(error: unknown): ErrorBody {
  if (!(error instanceof GameError)) return { class: 'EngineError', code: 'internal' };
  const body: ErrorBody = { class: 'GameError', code: String(error.code) };
  if (error.data !== undefined) body.data = error.data;
  return body;
}
