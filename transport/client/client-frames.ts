/** What a client may say after its hello, as far as that shows without knowing contracts. */
import type { EntityId } from '../../engine/base/entity-id.ts';
import { checkEntityId } from '../../engine/base/entity-id.ts';
import { CALL, CANCEL, GOODBYE, HELLO, PING, PONG, REPLY, REPLY_ERROR, SEND } from './frames.ts';

export interface CallFrame {
  opSeq: number;
  contract: string;
  operation: string;
  id: EntityId;
  args: unknown[];
  /** Present when the client may cancel the call. */
  timeoutMs: number | undefined;
}

/** A well-formed message that breaks the protocol. The message names the rule and never the content. */
export class ProtocolError extends Error {
  override name = 'ProtocolError';
}

/** Throws ProtocolError for anything that is not a frame a client sends. */
export function frameKind(frame: unknown): number {
  if (!Array.isArray(frame)) throw new ProtocolError('a frame that is not an array');
  const kind = frame[0];
  switch (kind) {
    case HELLO:
    case CALL:
    case SEND:
    case CANCEL:
    case REPLY:
    case REPLY_ERROR:
    case PING:
    case PONG:
    case GOODBYE:
      return kind;
    default:
      throw new ProtocolError('an unknown kind of frame');
  }
}

/** CALL and SEND. */
export function readCall(frame: unknown[]): CallFrame {
  const [, opSeq, contract, operation, id, args, timeoutMs] = frame;
  const proper =
    isSeq(opSeq) &&
    typeof contract === 'string' &&
    typeof operation === 'string' &&
    Array.isArray(args) &&
    (timeoutMs === undefined || timeoutMs === null || (typeof timeoutMs === 'number' && timeoutMs >= 0));
  if (!proper) throw new ProtocolError('a call of the wrong form');
  return {
    opSeq,
    contract,
    operation,
    id: readId(id),
    args,
    timeoutMs: (timeoutMs ?? undefined) as number | undefined,
  };
}

/** CANCEL, REPLY, REPLY_ERROR: their own number and the one that they are about. */
export function readSeqs(frame: unknown[]): { opSeq: number; about: number } {
  const [, opSeq, about] = frame;
  if (!isSeq(opSeq) || !isSeq(about)) throw new ProtocolError('a frame without its numbers');
  return { opSeq, about };
}

/** Throws ProtocolError for what is no id of an entity. */
export function readId(id: unknown): EntityId {
  try {
    checkEntityId(id);
  } catch {
    throw new ProtocolError('an id that is none');
  }
  // −0 and 0 are one entity.
  return id === 0 ? 0 : id;
}

function isSeq(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}
