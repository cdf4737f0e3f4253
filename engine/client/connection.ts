import { detach } from '../../transport/client/detach.ts';
import {
  type ErrorBody,
  GOODBYE,
  HELLO,
  PING,
  PONG,
  PROTOCOL_VERSION,
  WELCOME,
  type WelcomeBody,
} from '../../transport/client/frames.ts';
import type { MessagePack } from '../../transport/client/msgpack.ts';
import type { ClientSocket, OpenSocket } from '../../transport/client/socket.ts';
import { vet } from '../../transport/client/vet.ts';
import { DEPTH_MAX } from '../contract/wire-type.ts';
import { FrameSender } from './frame-sender.ts';

/** Message, frame and arguments around a value. */
const MESSAGE_DEPTH_MAX = DEPTH_MAX + 3;
const SILENT_PERIODS_MAX = 3;
const CLOSE_MS_MAX = 2_000;

export interface ConnectionEvents {
  onWelcome(welcome: WelcomeBody): void;
  onFrame(kind: number, frame: unknown[]): void;
  /** Once. `code` is the WebSocket close code, 1006 when there was no closing handshake. */
  onClose(detail: CloseDetail): void;
}

export interface CloseDetail {
  code: number;
  reason: string;
  /** When the server asked to come back, after how long. */
  retryAfterMs?: number;
}

/**
 * One socket and what goes over it: hello, batches of frames, heartbeats. What frames mean is for others to know.
 *
 * Frames are handed on one turn of the event loop after the welcome at the earliest: whoever waits for `connect()` registers its
 * handlers before the first push is delivered.
 */
export class Connection {
  readonly sender: FrameSender;
  private readonly socket: ClientSocket;
  private readonly events: ConnectionEvents;
  private readonly messagePack: MessagePack;
  private state: 'greeting' | 'open' | 'closed' = 'greeting';
  private held: unknown[][] | undefined = [];
  private heartbeat: ReturnType<typeof setInterval> | undefined;
  private heard = true;
  private silentPeriods = 0;
  private retryAfterMs: number | undefined;
  /** The number of the last push, for the server to know. */
  pushSeq = 0;

  constructor(
    openSocket: OpenSocket,
    url: string,
    ticket: unknown,
    messagePack: MessagePack,
    events: ConnectionEvents,
  ) {
    this.messagePack = messagePack;
    this.events = events;
    const hello = messagePack.encodeCopy([[HELLO, { protocol: PROTOCOL_VERSION, ticket, resume: null }]]);
    this.socket = openSocket(url, {
      onOpen: () => this.socket.send(hello),
      onMessage: (bytes) => this.onMessage(bytes),
      onClose: (code, reason) => this.onClose(code, reason),
    });
    this.sender = new FrameSender(this.socket);
  }

  /** Says goodbye; `onClose` follows, within two seconds even when the server does not answer. */
  close(): void {
    if (this.state === 'open') this.sender.add(this.messagePack.encode([GOODBYE]));
    this.sender.flush();
    this.socket.close(1000, 'goodbye');
    const timer = setTimeout(() => this.socket.terminate(), CLOSE_MS_MAX);
    this.stopTimer = () => clearTimeout(timer);
  }

  /** Gives the connection up at once. */
  terminate(): void {
    this.socket.terminate();
  }

  private stopTimer = (): void => {};

  private onMessage(bytes: Uint8Array): void {
    if (this.state === 'closed') return;
    this.heard = true;
    let frames: unknown;
    try {
      const { hasBytes } = vet(bytes, MESSAGE_DEPTH_MAX);
      frames = this.messagePack.decode(bytes);
      if (hasBytes) frames = detach(frames);
    } catch (error) {
      console.error('The server sent something that is not the protocol:', error);
      this.socket.terminate();
      return;
    }
    for (const frame of Array.isArray(frames) ? frames : []) this.take(frame as unknown[]);
  }

  private take(frame: unknown[]): void {
    if (!Array.isArray(frame)) return;
    const kind = frame[0] as number;
    switch (kind) {
      case PING:
        if (this.state === 'open') this.sender.add(this.messagePack.encode([PONG, this.pushSeq]));
        return;
      case PONG:
        return;
      case GOODBYE:
        if (typeof frame[2] === 'number') this.retryAfterMs = frame[2];
        return;
      case WELCOME:
        if (this.state === 'greeting') this.open(frame[1] as WelcomeBody);
        return;
      default:
        if (this.held !== undefined && this.state === 'open') this.held.push(frame);
        else this.events.onFrame(kind, frame);
    }
  }

  private open(welcome: WelcomeBody): void {
    this.state = 'open';
    this.sender.messageBytesMax = welcome.messageBytesMax;
    this.heartbeat = setInterval(() => this.beat(), welcome.heartbeatMs);
    this.events.onWelcome(welcome);
    setTimeout(() => this.release(), 0);
  }

  private release(): void {
    const frames = this.held ?? [];
    this.held = undefined;
    for (const frame of frames) this.events.onFrame(frame[0] as number, frame);
  }

  /** The server speaks at least once a period. */
  private beat(): void {
    this.silentPeriods = this.heard ? 0 : this.silentPeriods + 1;
    this.heard = false;
    if (this.silentPeriods >= SILENT_PERIODS_MAX) this.socket.terminate();
  }

  private onClose(code: number, reason: string): void {
    if (this.state === 'closed') return;
    // What arrived before the end arrived.
    this.release();
    this.state = 'closed';
    clearInterval(this.heartbeat);
    this.stopTimer();
    const detail: CloseDetail = { code, reason };
    if (this.retryAfterMs !== undefined) detail.retryAfterMs = this.retryAfterMs;
    this.events.onClose(detail);
  }
}

/** An ERROR frame about the connection itself: why the hello was refused. */
export function refusalOf(frame: unknown[]): ErrorBody | undefined {
  return frame[1] === 0 ? (frame[2] as ErrorBody) : undefined;
}
