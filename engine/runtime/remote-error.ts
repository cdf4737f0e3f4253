import { decodeCbor, encodeCbor } from '../../transport/codec/cbor.ts';
import {
  ENGINE_ERRORS,
  EngineError,
  type EngineErrorOptions,
  GameError,
  InvalidMessageError,
  RemoteError,
} from '../base/errors.ts';

/** An error on its way: what a caller is told, as plain data. */
interface ErrorRecord {
  /** `game`, `remote`, or the name of an engine class. */
  kind: string;
  code?: string;
  message?: string;
  outcome?: 'notExecuted' | 'unknown';
  data?: unknown;
  stack?: string;
  retryAfterMs?: number;
  chain?: unknown;
  cause?: ErrorRecord;
}

/** What the engine itself answers instead of running the operation. */
export function encodeRefusal(error: EngineError): Uint8Array {
  return encodeCbor(engineRecord(error, error.outcome));
}

/**
 * What an operation threw. A GameError keeps code and data; an engine error of a call that it made keeps its class, with the hop in
 * `cause` and an unknown outcome, because the outer operation did run; anything else becomes a RemoteError.
 */
export function encodeThrown(error: unknown, where: string): Uint8Array {
  if (error instanceof GameError) {
    try {
      return encodeCbor({ kind: 'game', code: String(error.code), data: error.data });
    } catch {
      return encodeCbor({ kind: 'game', code: String(error.code) });
    }
  }
  if (error instanceof EngineError) {
    const cause = engineRecord(error, error.outcome);
    return encodeCbor({ ...cause, message: `${error.message} (in ${where})`, outcome: 'unknown', cause });
  }
  if (error instanceof Error) {
    return encodeCbor({ kind: 'remote', message: `${error.name}: ${error.message}`, stack: String(error.stack ?? '') });
  }
  let message: string;
  try {
    message = String(error);
  } catch {
    message = 'a value that cannot be shown was thrown';
  }
  return encodeCbor({ kind: 'remote', message });
}

/** Throws InvalidMessageError when the bytes are not an error record. */
export function decodeError(bytes: Uint8Array): Error {
  const record = decodeCbor(bytes);
  if (typeof record !== 'object' || record === null)
    throw new InvalidMessageError('invalid', 'An error reply is malformed.');
  return errorOf(record as ErrorRecord);
}

function engineRecord(error: EngineError, outcome: EngineError['outcome']): ErrorRecord {
  const record: ErrorRecord = { kind: error.constructor.name, code: error.code, message: error.message, outcome };
  const extra = error as { retryAfterMs?: number; chain?: unknown };
  if (extra.retryAfterMs !== undefined) record.retryAfterMs = extra.retryAfterMs;
  if (extra.chain !== undefined) record.chain = extra.chain;
  if (error.cause instanceof EngineError) record.cause = engineRecord(error.cause, error.cause.outcome);
  return record;
}

function errorOf(record: ErrorRecord): Error {
  const code = String(record.code ?? 'unknown');
  if (record.kind === 'game') return new GameError(code, record.data);
  const known = Object.hasOwn(ENGINE_ERRORS, record.kind) ? ENGINE_ERRORS[record.kind] : undefined;
  if (known === undefined) return new RemoteError(String(record.message ?? ''), record.stack);
  const options: EngineErrorOptions = { outcome: record.outcome === 'notExecuted' ? 'notExecuted' : 'unknown' };
  if (typeof record.retryAfterMs === 'number') options.retryAfterMs = record.retryAfterMs;
  if (Array.isArray(record.chain)) options.chain = record.chain as NonNullable<EngineErrorOptions['chain']>;
  if (record.cause !== undefined) options.cause = errorOf(record.cause);
  return new known(code, String(record.message ?? ''), options);
}
