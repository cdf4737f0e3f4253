import type { ClientSocket, SocketEvents } from './socket.ts';

/** The client's end on the WebSocket that browsers bring along. */
export function openSocket(url: string, events: SocketEvents): ClientSocket {
  const webSocket = new WebSocket(url);
  webSocket.binaryType = 'arraybuffer';
  let closed = false;
  const close = (code: number, reason: string) => {
    if (closed) return;
    closed = true;
    events.onClose(code, reason);
  };
  webSocket.onopen = () => {
    if (!closed) events.onOpen();
  };
  webSocket.onmessage = ({ data }) => {
    if (!closed && data instanceof ArrayBuffer) events.onMessage(new Uint8Array(data));
  };
  webSocket.onclose = ({ code, reason }) => close(code, reason);
  return {
    send(message) {
      if (webSocket.readyState === WebSocket.OPEN) webSocket.send(message as Uint8Array<ArrayBuffer>);
    },
    close: (code, reason) => webSocket.close(code, reason),
    terminate() {
      // Browsers offer nothing harder than close(), and its event can take minutes.
      webSocket.close();
      close(1006, 'terminated');
    },
    get bufferedBytes() {
      return webSocket.bufferedAmount;
    },
  };
}
