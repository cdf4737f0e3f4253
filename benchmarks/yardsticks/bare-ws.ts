// A process with a WebSocket server and nothing else. Messages that begin with 0 are echoed; [1, n] shows n times 100 bytes to
// all that have never sent anything.
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Order } from '../child-host.ts';
import { heapBytes } from '../games/ping/heap.ts';

const PICTURE_BYTES = 100;

const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
const streams = new Map<WebSocket, Socket>();

server.on('connection', (webSocket, request) => {
  streams.set(webSocket, request.socket);
  webSocket.on('close', () => streams.delete(webSocket));
  webSocket.on('message', (message: Buffer) => {
    streams.delete(webSocket);
    if (message[0] === 0) webSocket.send(message);
    else show(message[1]!);
  });
});

/** All frames in one prebuilt write a socket. */
function show(times: number): void {
  const frame = Buffer.alloc(2 + PICTURE_BYTES);
  frame[0] = 0x82; // final, binary
  frame[1] = PICTURE_BYTES;
  const frames = Buffer.concat(Array(times).fill(frame));
  for (const stream of streams.values()) stream.write(frames);
}

process.on('disconnect', () => process.exit());
process.on('message', ({ kind }: Order) => {
  if (kind !== 'resident') throw new Error(`A bare server does not ${kind}.`);
  heapBytes();
  process.send!(process.memoryUsage.rss());
});
server.on('listening', () => process.send!((server.address() as AddressInfo).port));
