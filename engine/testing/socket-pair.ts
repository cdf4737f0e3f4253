import type { ClientSocket, SocketEvents } from '../../transport/client/socket.ts';
import type { AcceptedEvents } from '../../transport/client/ws.ts';
import type { GatewaySocket } from '../gateway/gateway.ts';

/** A server's closing code when the client was simply gone. */
const CLOSE_ABNORMAL = 1006;

/** Sockets that lead from clients to a gateway of the same thread: every message arrives, in order, in a later turn of the event loop. */
export class LocalNetwork {
  private readonly attach: (socket: GatewaySocket) => void;
  private steps = 0;

  /** `attach` is the gateway's. */
  constructor(attach: (socket: GatewaySocket) => void) {
    this.attach = attach;
  }

  /** Is something on its way? */
  get isBusy(): boolean {
    return this.steps > 0;
  }

  /** The `OpenSocket` of clients. */
  readonly open = (_url: string, events: SocketEvents): ClientSocket => {
    const pair = new SocketPair(this, events);
    this.later(() => {
      this.attach(pair);
      events.onOpen();
    });
    return pair.client;
  };

  /** In the next turn of the event loop, behind everything that was to be done there before. */
  later(step: () => void): void {
    this.steps++;
    setImmediate(() => {
      this.steps--;
      step();
    });
  }

  /** A client hands on what it was told after its welcome one timer later (`Connection`); until then there is more to come. */
  greeted(): void {
    this.steps++;
    setTimeout(() => this.steps--, 1);
  }
}

/** Both ends of one connection; this object is the gateway's. */
class SocketPair implements GatewaySocket {
  readonly client: ClientSocket;
  /** Everything is read as soon as it is written. */
  readonly bufferedBytes = 0;
  open = true;
  private readonly network: LocalNetwork;
  private readonly clientEvents: SocketEvents;
  private gatewayEvents: AcceptedEvents | undefined;
  private hasSpoken = false;

  constructor(network: LocalNetwork, clientEvents: SocketEvents) {
    this.network = network;
    this.clientEvents = clientEvents;
    this.client = {
      bufferedBytes: 0,
      send: (message) => this.toGateway(message.slice()),
      close: (code, reason) => this.close(code, reason),
      terminate: () => this.terminate(),
    };
  }

  listen(events: AcceptedEvents): void {
    this.gatewayEvents = events;
  }

  write(frame: Uint8Array): boolean {
    if (!this.open) return true;
    // A whole WebSocket frame of a server: two bytes, then the length when it does not fit into them.
    const header = frame[1]! < 126 ? 2 : frame[1] === 126 ? 4 : 10;
    const message = frame.slice(header);
    const isFirst = !this.hasSpoken;
    this.hasSpoken = true;
    this.network.later(() => {
      this.clientEvents.onMessage(message);
      if (isFirst) this.network.greeted();
    });
    return true;
  }

  notifyDrain(): void {
    this.network.later(() => this.gatewayEvents?.onDrain());
  }

  close(code: number, reason: string): void {
    if (!this.open) return;
    this.open = false;
    this.network.later(() => {
      this.gatewayEvents?.onClose(code);
      this.clientEvents.onClose(code, reason);
    });
  }

  terminate(): void {
    this.close(CLOSE_ABNORMAL, '');
  }

  private toGateway(message: Uint8Array): void {
    if (this.open) this.network.later(() => this.gatewayEvents?.onMessage(message));
  }
}
