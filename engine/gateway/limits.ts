import { DEPTH_MAX } from '../contract/wire-type.ts';

/** What one gateway and one session of it may take. Everything a client can make grow has its bound here. */
export interface GatewayLimits {
  /** Sockets, greeted or not; more are answered with 503. */
  connectionsMax: number;
  /** One WebSocket message from a client; a larger one closes the socket with 1009. */
  messageBytesMax: number;
  /** From the open socket to the welcome, `authenticate` included. */
  helloMsMax: number;
  /** Both sides speak at least this often; three silent periods end the session. */
  heartbeatMs: number;
  /** Calls of one session under way at a time; more are refused with OverloadedError. */
  callsMax: number;
  /** Calls to one client that wait for its reply. */
  pushCallsMax: number;
  /** One result or push; a larger one is an error instead. */
  frameBytesMax: number;
  /** Unread bytes of a client beyond which droppable pushes wait and replace each other. */
  droppableBytesMax: number;
  /** Different droppable pushes that may wait like that; more are dropped. */
  droppablesMax: number;
  /** Unread bytes of a client beyond which it is closed with 1013. */
  bufferedBytesMax: number;
  /** How long a closing handshake may take before the socket is cut. */
  closeMsMax: number;
}

export const GATEWAY_LIMITS: Readonly<GatewayLimits> = Object.freeze({
  connectionsMax: 20_000,
  messageBytesMax: 64 * 1024,
  helloMsMax: 5_000,
  heartbeatMs: 15_000,
  callsMax: 1_024,
  pushCallsMax: 1_024,
  frameBytesMax: 1024 * 1024,
  droppableBytesMax: 256 * 1024,
  droppablesMax: 1_024,
  bufferedBytesMax: 1024 * 1024,
  closeMsMax: 5_000,
});

/** Silent heartbeat periods after which a session is over. */
export const SILENT_PERIODS_MAX = 3;

/** Message, frame and list of arguments around a value of DEPTH_MAX. */
export const MESSAGE_DEPTH_MAX = DEPTH_MAX + 3;

/** Frames in one message; the smallest have three bytes. */
export const FRAMES_MAX = 4_096;
