/** A client's end of a WebSocket, whoever provides it. */
export interface ClientSocket {
  /** One binary message; the bytes are copied before it returns. Ignored when the socket is not open. */
  send(message: Uint8Array): void;
  close(code: number, reason: string): void;
  /** Gives the socket up without waiting for the other side. */
  terminate(): void;
  /** Bytes that were sent and have not left yet. */
  readonly bufferedBytes: number;
}

export interface SocketEvents {
  onOpen(): void;
  onMessage(bytes: Uint8Array): void;
  /** Once, also when the socket never opened. */
  onClose(code: number, reason: string): void;
}

export type OpenSocket = (url: string, events: SocketEvents) => ClientSocket;
