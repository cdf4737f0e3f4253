/** A client that sends whatever it is told to, proper or not, and shows what comes back. */
import type { ExecutionContext } from 'ava';
import { HELLO, WELCOME } from '../../transport/client/frames.ts';
import { MessagePack } from '../../transport/client/msgpack.ts';
import { prepare } from '../../transport/client/prepare.ts';
import type { ClientSocket } from '../../transport/client/socket.ts';
import { openSocket } from '../../transport/client/ws.ts';

const RULES = { depthMax: 100, finite: false, isReference: () => false };

export class RawClient {
  readonly frames: unknown[][] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  /** WebSocket messages received. */
  messages = 0;
  private readonly socket: ClientSocket;
  private readonly messagePack = new MessagePack({
    addressOf: () => undefined,
    reference: (contract, id) => ({ contract, id }),
  });
  private readonly waiting: (() => void)[] = [];
  private over = false;

  private constructor(url: string, onOpen: () => void) {
    let onClose: (end: { code: number; reason: string }) => void;
    this.closed = new Promise((resolve) => {
      onClose = resolve;
    });
    this.socket = openSocket(url, {
      onOpen,
      onMessage: (bytes) => {
        this.messages++;
        this.frames.push(...(this.messagePack.decode(bytes) as unknown[][]));
        this.wake();
      },
      onClose: (code, reason) => {
        this.over = true;
        onClose({ code, reason });
        this.wake();
      },
    });
  }

  /** An open socket that has said nothing yet. */
  static async open(t: ExecutionContext<any>, url: string): Promise<RawClient> {
    let client: RawClient;
    await new Promise<void>((resolve) => {
      client = new RawClient(url, resolve);
      void client.closed.then(() => resolve());
    });
    t.teardown(() => client.socket.terminate());
    return client!;
  }

  /** Welcomed; the welcome is the first of `frames` and already taken. */
  static async join(t: ExecutionContext<any>, url: string, ticket: unknown): Promise<RawClient> {
    const client = await RawClient.open(t, url);
    client.send([HELLO, { protocol: 1, ticket }]);
    const welcome = await client.next();
    if (welcome?.[0] !== WELCOME) throw new Error(`no welcome but ${JSON.stringify(welcome)}`);
    return client;
  }

  /** One message with these frames. */
  send(...frames: unknown[]): void {
    this.sendBytes(this.messagePack.encodeCopy(prepare(frames, RULES, 'a frame')));
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.send(bytes);
  }

  /** The next frame; undefined when the socket closes first. */
  async next(): Promise<unknown[] | undefined> {
    while (this.frames.length === 0) {
      if (this.over) return undefined;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    return this.frames.shift();
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
