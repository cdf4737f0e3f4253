/** Very many WebSocket clients that cost next to nothing, so that what is measured is the server. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What a server says to its clients, as far as counting it needs. */
export interface Dialect {
  /** The first message of a client, if the server waits for one; it answers with one. */
  hello(client: number): Uint8Array | undefined;
  /** A message may hold several. Looks at the first three bytes of its payload, which begin at `at`. */
  countOf(bytes: Uint8Array, at: number): number;
}

const JOINING = 64;

export class Crowd {
  readonly size: number;
  private readonly sockets: Socket[] = [];
  private received = 0;
  private wanted = Number.POSITIVE_INFINITY;
  private arrived: () => void = () => {};

  private constructor(size: number) {
    this.size = size;
  }

  /** Clients `first` … join, 64 at a time; resolves when all are welcome. */
  static async join(port: number, dialect: Dialect, first: number, size: number): Promise<Crowd> {
    const crowd = new Crowd(size);
    let next = 0;
    const joining = async (): Promise<void> => {
      while (next < size) await crowd.joinOne(port, dialect, first + next++);
    };
    await Promise.all(Array.from({ length: JOINING }, joining));
    crowd.received = 0;
    return crowd;
  }

  /** Resolves when all clients together got `messages` more than at the last time. */
  async receive(messages: number): Promise<void> {
    this.wanted = messages;
    if (this.received < messages) {
      await new Promise<void>((resolve) => {
        this.arrived = resolve;
      });
    }
    this.received -= messages;
    this.wanted = Number.POSITIVE_INFINITY;
  }

  async leave(): Promise<void> {
    await Promise.all(
      this.sockets.map((socket) => {
        const closed = once(socket, 'close');
        socket.destroy();
        return closed;
      }),
    );
  }

  private async joinOne(port: number, dialect: Dialect, client: number): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.sockets.push(socket);
    const hello = dialect.hello(client);
    socket.write(
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n',
    );
    const [upgraded] = (await once(socket, 'data')) as [Buffer];
    if (!upgraded.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error('A client was refused.');
    const counter = new MessageCounter(dialect);
    const welcome = new Promise<void>((resolve, reject) => {
      socket.on('data', (bytes) => {
        const count = counter.push(bytes);
        if (count === 0) return;
        resolve();
        this.received += count;
        if (this.received >= this.wanted) this.arrived();
      });
      socket.on('close', () => reject(new Error('A client was sent away.')));
      socket.on('error', reject);
    });
    if (hello === undefined) {
      // Nobody listens to it any more; a crowd that is sent away is missed when messages are waited for.
      welcome.catch(() => {});
      return;
    }
    socket.write(maskedFrame(hello));
    await welcome;
  }
}

/** Counts what a server sends, without looking at more than headers. */
class MessageCounter {
  private readonly dialect: Dialect;
  /** Bytes of a payload that are still to come, and of a header that came in pieces. */
  private skip = 0;
  private rest: Buffer | undefined;

  constructor(dialect: Dialect) {
    this.dialect = dialect;
  }

  push(chunk: Buffer): number {
    const bytes = this.rest === undefined ? chunk : Buffer.concat([this.rest, chunk]);
    this.rest = undefined;
    let at = this.skip;
    let count = 0;
    while (at < bytes.length) {
      const short = at + 1 < bytes.length ? bytes[at + 1]! : 0;
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      // With the first bytes of the payload.
      if (at + header + 3 > bytes.length) {
        this.rest = bytes.subarray(at);
        this.skip = 0;
        return count;
      }
      const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : bytes.readUInt32BE(at + 6);
      count += this.dialect.countOf(bytes, at + header);
      at += header + length;
    }
    this.skip = at - bytes.length;
    return count;
  }
}

/** Clients must mask; a mask of zeros changes nothing. */
export function maskedFrame(payload: Uint8Array): Buffer {
  if (payload.length > 125) throw new RangeError('Only short messages.');
  return Buffer.concat([Buffer.from([0x82, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}
