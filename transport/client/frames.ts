/**
 * The frames between a client and the gateway; `transport/PROTOCOL.md` is their description in words. A WebSocket message is
 * a MessagePack array of frames, a frame is an array that starts with its kind.
 */
import type { EntityId } from '../../engine/base/entity-id.ts';

export const PROTOCOL_VERSION = 1;

// Client to server. CALL to REPLY_ERROR carry opSeq: 1 for the first frame of a session, one more for each that follows, modulo 2^32.
export const HELLO = 1;
export const CALL = 2;
export const SEND = 3;
export const CANCEL = 4;
export const REPLY = 5;
export const REPLY_ERROR = 6;
// Both ways.
export const PING = 7;
export const PONG = 8;
export const GOODBYE = 9;
// Server to client. PUSH and PUSH_CALL carry pushSeq, which counts like opSeq.
export const WELCOME = 16;
export const RESULT = 17;
export const ERROR = 18;
export const PUSH = 19;
export const PUSH_CALL = 20;

export interface HelloBody {
  protocol: number;
  ticket?: unknown;
  /** Reserved: to take up a session after a reconnect. */
  resume?: { token: Uint8Array; pushSeq: number } | null;
}

export interface WelcomeBody {
  session: number;
  principalId: EntityId;
  /** Reserved: the token to resume with. */
  resume: Uint8Array | null;
  resumed: boolean;
  /** The server speaks at least this often; three silent periods mean that it is gone. */
  heartbeatMs: number;
  /** Largest WebSocket message that the server takes. */
  messageBytesMax: number;
  /** Calls of one session that may be under way at a time. */
  callsMax: number;
  /** Contract → operation → how it answers, for all that this principal may reach. */
  operations: Record<string, Record<string, number>>;
}

/** How an operation answers, as `WelcomeBody.operations` says it. */
export const RETURNS = ['void', 'completion', 'value'] as const;

/** An error on the wire; `class` is `GameError` or the name of an engine error. */
export interface ErrorBody {
  class: string;
  code: string;
  data?: unknown;
  message?: string;
  outcome?: 'notExecuted' | 'unknown';
  retryAfterMs?: number;
}

/** Close codes in use. 1009 (message too big) comes from the WebSocket layer. */
export const CLOSE_NORMAL = 1000;
export const CLOSE_GOING_AWAY = 1001;
/** Not MessagePack, or not the strict kind that is taken. */
export const CLOSE_MALFORMED = 1007;
/** Well-formed, but not what the protocol allows here; also refused tickets. */
export const CLOSE_POLICY = 1008;
/** The client reads too slowly, or the server is full. */
export const CLOSE_TRY_LATER = 1013;

/** The number after `seq` of opSeq and pushSeq. */
export function nextSeq(seq: number): number {
  return (seq + 1) >>> 0;
}
