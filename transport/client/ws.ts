import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { ClientSocket, SocketEvents } from './socket.ts';

export interface AcceptorLimits {
  /** Largest message taken; a larger one closes the socket with 1009 before it is allocated. */
  messageBytesMax: number;
  /** How long a closed socket may take to say goodbye before it is cut. */
  closeMsMax: number;
}

/** What arrives on an accepted socket. None of it may throw. */
export interface AcceptedEvents {
  /** The bytes are part of a larger buffer that nobody writes to any more. Undefined for a text message. */
  onMessage(bytes: Uint8Array | undefined): void;
  onClose(code: number): void;
  /** Asked for with `notifyDrain`. */
  onDrain(): void;
}

/** Makes WebSockets of HTTP upgrade requests. */
export class Acceptor {
  private readonly server: WebSocketServer;

  constructor(limits: AcceptorLimits) {
    this.server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: limits.messageBytesMax,
      // A message of many tiny fragments costs far more memory than its bytes.
      maxFragments: 64,
      maxBufferedChunks: 1024,
      closeTimeout: limits.closeMsMax,
    } as ConstructorParameters<typeof WebSocketServer>[0]);
  }

  /** Answers the upgrade; `accepted` is called at once, or never when the request is no proper one (it is answered then). */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, accepted: (socket: AcceptedSocket) => void): void {
    this.server.handleUpgrade(request, socket, head, (webSocket) => accepted(new AcceptedSocket(webSocket, socket)));
  }
}

/** A client's socket at the server. */
export class AcceptedSocket {
  private readonly webSocket: WebSocket;
  private readonly stream: Duplex;
  private events: AcceptedEvents | undefined;
  private drainAwaited = false;

  constructor(webSocket: WebSocket, stream: Duplex) {
    this.webSocket = webSocket;
    this.stream = stream;
    // A protocol error of the peer: ws closes the socket itself, and 'close' follows.
    webSocket.on('error', () => {});
  }

  /** Called once, before anything can arrive. */
  listen(events: AcceptedEvents): void {
    this.events = events;
    this.webSocket.on('message', (data: Buffer, isBinary: boolean) => events.onMessage(isBinary ? data : undefined));
    this.webSocket.once('close', (code: number) => events.onClose(code));
  }

  /**
   * Writes one complete WebSocket frame, straight to the stream: the frame was built with its header, and without compression ws keeps no
   * queue of its own that it could overtake. False: the stream still holds on to the bytes.
   */
  write(frame: Uint8Array): boolean {
    if (this.webSocket.readyState !== WebSocket.OPEN || !this.stream.writable) return true;
    this.stream.write(frame);
    return this.stream.writableLength === 0;
  }

  /** Bytes written that have not left yet. */
  get bufferedBytes(): number {
    return this.stream.writableLength;
  }

  get open(): boolean {
    return this.webSocket.readyState === WebSocket.OPEN;
  }

  /** Calls `onDrain` once, when the stream wants to be written to again; never from within this call. */
  notifyDrain(): void {
    if (this.drainAwaited) return;
    this.drainAwaited = true;
    const drained = () => {
      this.drainAwaited = false;
      if (this.open) this.events?.onDrain();
    };
    // The event only follows a write() that said stop.
    if (this.stream.writableNeedDrain) this.stream.once('drain', drained);
    else setImmediate(drained);
  }

  /** Starts the closing handshake. */
  close(code: number, reason: string): void {
    this.webSocket.close(code, reason);
  }

  terminate(): void {
    this.webSocket.terminate();
  }
}

/** The client's end, for Node.js; browsers bring their own. */
export function openSocket(url: string, events: SocketEvents): ClientSocket {
  const webSocket = new WebSocket(url, {
    perMessageDeflate: false,
    followRedirects: false,
    handshakeTimeout: 10_000,
    maxPayload: 64 * 1024 * 1024,
  });
  let failure = '';
  webSocket.on('open', () => events.onOpen());
  webSocket.on('message', (data: Buffer, isBinary: boolean) => {
    if (isBinary) events.onMessage(data);
  });
  webSocket.on('error', (error) => {
    failure = error.message;
  });
  webSocket.on('close', (code: number, reason: Buffer) => events.onClose(code, failure || reason.toString()));
  return {
    send: (message) => webSocket.send(message),
    close: (code, reason) => webSocket.close(code, reason),
    terminate: () => webSocket.terminate(),
    get bufferedBytes() {
      return webSocket.bufferedAmount;
    },
  };
}
