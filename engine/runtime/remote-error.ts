import { decodeCbor, encodeCbor } from '../../transport/codec/cbor.ts';
import {
  ENGINE_ERRORS,
  EngineError,
  type EngineErrorOptions,
  GameError,
  InvalidMessageError,
  RemoteError,
  withoutTrace,
} from '../base/errors.ts';
import type { Log } from './log.ts';

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

/** Hops that an error tells of which came a long way: it must not outgrow the nesting of a value, nor its message itself. */
const CAUSES_MAX = 8;
const MESSAGE_MAX = 2000;

/** What the engine itself answers instead of running the operation. */
export function encodeRefusal(error: EngineError): Uint8Array {
  return encodeCbor(engineRecord(error, error.outcome));
}

/**
 * What an operation threw. A GameError keeps code and data; an engine error of a call that it made keeps its class, with the hop in
 * `cause` and an unknown outcome, because the outer operation did run; anything else becomes a RemoteError.
 */
export function encodeThrown(error: unknown, where: string, log: Log): Uint8Array {
  try {
    if (error instanceof GameError) return encodeGameError(error, where, log);
    if (error instanceof EngineError) {
      const cause = engineRecord(error, error.outcome);
      const message = error.message.length < MESSAGE_MAX ? `${error.message} (in ${where})` : error.message;
      return encodeCbor({ ...cause, message, outcome: 'unknown', cause });
    }
    if (error instanceof Error) {
      return encodeCbor({ kind: 'remote', message: String(error.message), stack: String(error.stack ?? '') });
    }
    return encodeCbor({ kind: 'remote', message: String(error) });
  } catch {
    return encodeCbor({ kind: 'remote', message: 'Something was thrown that cannot be shown.' });
  }
}

/** What is left of an error that is larger than a message may be. */
export function shortened(error: unknown): Error {
  const cut = (text: unknown): string => `${String(text).slice(0, 1000)}…`;
  if (error instanceof GameError) return new GameError(String(error.code).slice(0, 1000));
  if (error instanceof EngineError) return new EngineError(error.code, cut(error.message), { outcome: error.outcome });
  const short = new Error(cut(error instanceof Error ? error.message : error));
  delete short.stack;
  return short;
}

/** Data that does not travel is left out, so that the code still reaches its caller. */
function encodeGameError(error: GameError, where: string, log: Log): Uint8Array {
  const record: ErrorRecord = { kind: 'game', code: String(error.code) };
  try {
    return encodeCbor({ ...record, data: error.data });
  } catch {
    log.error({ operation: where, code: record.code }, 'the data of a GameError does not travel and was left out');
    return encodeCbor(record);
  }
}

/** Throws InvalidMessageError when the bytes are not an error record. */
export function decodeError(bytes: Uint8Array): Error {
  const record = decodeCbor(bytes);
  if (typeof record !== 'object' || record === null)
    throw new InvalidMessageError('invalid', 'An error reply is malformed.');
  return withoutTrace(() => errorOf(record as ErrorRecord));
}

function engineRecord(error: EngineError, outcome: EngineError['outcome'], hops = 0): ErrorRecord {
  const record: ErrorRecord = { kind: classOf(error), code: error.code, message: error.message, outcome };
  const extra = error as { retryAfterMs?: number; chain?: unknown };
  if (extra.retryAfterMs !== undefined) record.retryAfterMs = extra.retryAfterMs;
  if (extra.chain !== undefined) record.chain = extra.chain;
  if (error.cause instanceof EngineError && hops < CAUSES_MAX) {
    record.cause = engineRecord(error.cause, error.cause.outcome, hops + 1);
  }
  return record;
}

/** The engine's own class that it is of: what a game derives from one travels as that one. */
function classOf(error: EngineError): string {
  for (let type = Object.getPrototypeOf(error); type !== null; type = Object.getPrototypeOf(type)) {
    const name: string = type.constructor.name;
    if (Object.hasOwn(ENGINE_ERRORS, name) && ENGINE_ERRORS[name] === type.constructor) return name;
  }
  return 'EngineError';
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
