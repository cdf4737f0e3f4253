/**
 * Drives a gateway with a client written from transport/PROTOCOL.md alone: nothing here comes from the engine's own codec or client, bytes are
 * put together and taken apart by hand.
 */
import { createHash, randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { operation, serving } from './gateway.fixture.ts';

const ext = Symbol('extension');
type Extension = { [ext]: number; payload: Buffer };
const extension = (type: number, payload: Buffer): Extension => ({ [ext]: type, payload });

function write(value: unknown): Buffer {
  if (value === null) return Buffer.from([0xc0]);
  if (typeof value === 'boolean') return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === 'bigint') {
    const bytes = Buffer.alloc(9, value < 0n ? 0xd3 : 0xcf);
    if (value < 0n) bytes.writeBigInt64BE(value, 1);
    else bytes.writeBigUInt64BE(value, 1);
    return bytes;
  }
  if (typeof value === 'number') {
    if (Number.isInteger(value) && value >= 0 && value < 128) return Buffer.from([value]);
    if (Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31) {
      const bytes = Buffer.alloc(5, 0xd2);
      bytes.writeInt32BE(value, 1);
      return bytes;
    }
    const bytes = Buffer.alloc(9, 0xcb);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([Buffer.from([0xda, text.length >> 8, text.length & 255]), text]);
  }
  if (value instanceof Uint8Array)
    return Buffer.concat([Buffer.from([0xc5, value.length >> 8, value.length & 255]), value]);
  if (Array.isArray(value)) {
    return Buffer.concat([Buffer.from([0xdc, value.length >> 8, value.length & 255]), ...value.map(write)]);
  }
  if (ext in (value as object)) {
    const { [ext]: type, payload } = value as Extension;
    return Buffer.concat([Buffer.from([0xc8, payload.length >> 8, payload.length & 255, type & 255]), payload]);
  }
  const entries = Object.entries(value as object);
  return Buffer.concat([Buffer.from([0xde, 0, entries.length]), ...entries.flat(1).map(write)]);
}

function read(bytes: Buffer): unknown {
  let at = 0;
  const take = (count: number) => {
    at += count;
    return bytes.subarray(at - count, at);
  };
  const items = (count: number) => Array.from({ length: count }, value);
  const text = (count: number) => take(count).toString();
  const record = (count: number) => Object.fromEntries(Array.from({ length: count }, () => [value(), value()]));
  const other = (count: number) => {
    const type = take(1).readInt8();
    return { type, payload: take(count).toString('hex') };
  };
  function value(): any {
    const head = take(1)[0]!;
    if (head < 0x80) return head;
    if (head < 0x90) return record(head & 15);
    if (head < 0xa0) return items(head & 15);
    if (head < 0xc0) return text(head & 31);
    if (head >= 0xe0) return head - 256;
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
      case 0xc3:
        return head === 0xc3;
      case 0xc4:
        return take(take(1)[0]!).toString('hex');
      case 0xc7:
        return other(take(1)[0]!);
      case 0xcb:
        return take(8).readDoubleBE();
      case 0xcc:
        return take(1)[0];
      case 0xcd:
        return take(2).readUInt16BE();
      case 0xce:
        return take(4).readUInt32BE();
      case 0xcf:
        return take(8).readBigUInt64BE();
      case 0xd0:
        return take(1).readInt8();
      case 0xd1:
        return take(2).readInt16BE();
      case 0xd2:
        return take(4).readInt32BE();
      case 0xd3:
        return take(8).readBigInt64BE();
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return other(1 << (head - 0xd4));
      case 0xd9:
        return text(take(1)[0]!);
      case 0xda:
        return text(take(2).readUInt16BE());
      case 0xdc:
        return items(take(2).readUInt16BE());
      default:
        throw new Error(`type byte ${head.toString(16)}`);
    }
  }
  const result = value();
  if (at !== bytes.length) throw new Error('bytes are left');
  return result;
}

/** RFC 6455 by hand. */
class ByteClient {
  private readonly socket: Socket;
  private bytes = Buffer.alloc(0);
  private readonly frames: unknown[][] = [];
  private wake = (): void => {};
  private closeCode: number | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
      while (this.takeMessage());
      this.wake();
    });
    socket.on('close', () => this.wake());
  }

  static async open(t: ExecutionContext, port: number): Promise<ByteClient> {
    const socket = connect(port, '127.0.0.1');
    t.teardown(() => socket.destroy());
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET /game HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    const answer = await new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(chunk.toString())));
    t.regex(answer, /^HTTP\/1\.1 101 /);
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    t.true(answer.includes(accept));
    return new ByteClient(socket);
  }

  send(...frames: unknown[]): void {
    const payload = write(frames);
    const mask = randomBytes(4);
    const header = Buffer.from([0x82, 0x80 | 126, payload.length >> 8, payload.length & 255]);
    this.socket.write(Buffer.concat([header, mask, payload.map((byte, index) => byte ^ mask[index % 4]!)]));
  }

  async next(): Promise<unknown[]> {
    while (this.frames.length === 0) await this.sleep();
    return this.frames.shift()!;
  }

  async closed(): Promise<number> {
    while (this.closeCode === undefined) await this.sleep();
    return this.closeCode;
  }

  private sleep(): Promise<void> {
    if (this.socket.destroyed) throw new Error('closed');
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private takeMessage(): boolean {
    const { bytes } = this;
    if (bytes.length < 2) return false;
    const short = bytes[1]!;
    const header = short < 126 ? 2 : 4;
    const length = short < 126 ? short : bytes.readUInt16BE(2);
    if (bytes.length < header + length) return false;
    const payload = bytes.subarray(header, header + length);
    if (bytes[0] === 0x82) this.frames.push(...(read(payload) as unknown[][]));
    else if (bytes[0] === 0x88) this.closeCode = payload.readUInt16BE();
    this.bytes = bytes.subarray(header + length);
    return true;
  }
}

test('a client written from PROTOCOL.md', async (t) => {
  const { port, gateway, world } = await serving(t);
  const client = await ByteClient.open(t, port);
  client.send([1, { protocol: 1, ticket: { id: 'é' } }]);
  t.deepEqual(await client.next(), [
    16,
    {
      session: 1,
      principalId: 'é',
      resume: null,
      resumed: false,
      heartbeatMs: 15000,
      messageBytesMax: 65536,
      callsMax: 1024,
      operations: { Hero: { move: 2, poke: 0, settle: 1, own: 2, limited: 2, echo: 2 } },
    },
  ]);

  client.send([2, 1, 'Hero', 'move', 7n, [100, -300]], [3, 2, 'Hero', 'poke', 'é', ['text']], [7, 0]);
  client.send([2, 3, 'Hero', 'own', 'é', []]);
  t.deepEqual(await client.next(), [8, 2]);
  t.deepEqual(await client.next(), [17, 1, -200]);
  t.deepEqual(await client.next(), [17, 3, 'mine']);
  t.deepEqual(
    world.calls.map(({ id, args }) => [id, args]),
    [
      [7n, [100, -300]],
      ['é', ['text']],
      ['é', []],
    ],
  );

  const echoes: [unknown, unknown][] = [
    [2 ** 40, 2 ** 40],
    [2n ** 63n, 2n ** 63n],
    [-5n, -5n],
    [1.5, 1.5],
    [new Uint8Array([1, 2]), '0102'],
    [extension(-1, Buffer.from('00000001', 'hex')), { type: -1, payload: '00000001' }],
    [extension(2, write([1, 'a'])), { type: 2, payload: '9201a161' }],
    [extension(3, write([1])), { type: 3, payload: '9101' }],
    [extension(4, Buffer.from('01ffffffffffffffff', 'hex')), undefined],
    [
      [extension(1, Buffer.alloc(0)), 1],
      [{ type: 1, payload: '' }, 1],
    ],
    [{ a: [true, null, { b: false }] }, { a: [true, null, { b: false }] }],
  ];
  let opSeq = 3;
  for (const [sent, expected] of echoes) {
    client.send([2, ++opSeq, 'Hero', 'echo', 1, [sent]]);
    const answer = await client.next();
    if (expected === undefined) t.is(answer[0], 18);
    else t.deepEqual(answer, [17, opSeq, expected]);
  }

  client.send([2, ++opSeq, 'Hero', 'rule', 1, []], [2, ++opSeq, 'Hero', 'move', 1, [1.5, 1]]);
  t.deepEqual(await client.next(), [
    18,
    opSeq - 1,
    { class: 'ForbiddenError', code: 'forbidden', outcome: 'notExecuted' },
  ]);
  t.like(await client.next(), { 0: 18, 1: opSeq, 2: { class: 'InvalidMessageError', code: 'invalid' } });

  gateway.push({ principal: 'é' }, operation('HeroView', 'say'), ['hi'], 1);
  const asked = gateway.push({ principal: 'é' }, operation('HeroView', 'ask'), ['why'], 2000);
  t.deepEqual(await client.next(), [19, 1, 'HeroView', 'say', ['hi']]);
  t.deepEqual(await client.next(), [20, 2, 'HeroView', 'ask', ['why'], 2000]);
  client.send([5, ++opSeq, 2, 'because'], [8, 2]);
  t.is(await asked, 'because');
  const again = gateway.push({ principal: 'é' }, operation('HeroView', 'ask'), ['why'], 2000);
  await client.next();
  client.send([6, ++opSeq, 3, { class: 'GameError', code: 'tired', data: 5 }]);
  t.like(await t.throwsAsync(again!), { code: 'tired', data: 5 });

  client.send([9]);
  t.is(await client.closed(), 1000);
});

test('close codes as PROTOCOL.md states them', async (t) => {
  const { port } = await serving(t);
  const closing = async (join: boolean, ...frames: unknown[]) => {
    const client = await ByteClient.open(t, port);
    if (join) {
      client.send([1, { protocol: 1, ticket: { id: 1 } }]);
      await client.next();
    }
    client.send(...frames);
    return client.closed();
  };
  t.is(await closing(false, [2, 1, 'Hero', 'move', 1, [1, 1]]), 1008);
  t.is(await closing(false, [1, { protocol: 1, ticket: {} }]), 1008);
  t.is(await closing(false, [1, { protocol: 2, ticket: { id: 1 } }]), 1008);
  t.is(await closing(true, [2, 2, 'Hero', 'move', 1, [1, 1]]), 1008);
  t.is(await closing(true, [99]), 1008);
  t.is(await closing(true, [7, extension(9, Buffer.alloc(1))]), 1007);
  t.is(await closing(true, [7, JSON.parse('{"__proto__":2}')]), 1007);
  let deep: unknown = 1;
  for (let level = 0; level < 34; level++) deep = [deep];
  t.is(await closing(true, [2, 1, 'Hero', 'echo', 1, [deep]]), 1007);
});
