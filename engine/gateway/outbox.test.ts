import test from 'ava';
import { PUSH, RESULT } from '../../transport/client/frames.ts';
import { MessagePack } from '../../transport/client/msgpack.ts';
import { operation } from './gateway.fixture.ts';
import { GatewayCounters } from './gateway-counters.ts';
import { GATEWAY_LIMITS } from './limits.ts';
import { Flusher, Outbox, type OutboxSocket } from './outbox.ts';
import { preparePush } from './prepared-push.ts';
import { REFERENCES } from './reference.ts';

/** A client that reads when told to. */
class SlowSocket implements OutboxSocket {
  open = true;
  reading = true;
  drainAwaited = false;
  private readonly messagePack = new MessagePack(REFERENCES);
  private readonly unread: Uint8Array[] = [];
  readonly frames: unknown[][] = [];
  messages = 0;

  write(frame: Uint8Array): boolean {
    this.unread.push(frame);
    if (this.reading) this.read();
    return this.unread.length === 0;
  }

  get bufferedBytes(): number {
    return this.unread.reduce((sum, { length }) => sum + length, 0);
  }

  notifyDrain(): void {
    this.drainAwaited = true;
  }

  read(): void {
    for (const frame of this.unread.splice(0)) {
      const header = frame[1]! < 126 ? 2 : frame[1] === 126 ? 4 : 10;
      this.frames.push(...(this.messagePack.decode(frame.subarray(header)) as unknown[][]));
      this.messages++;
    }
  }
}

function outboxOf(limits: Partial<typeof GATEWAY_LIMITS> = {}) {
  const socket = new SlowSocket();
  const counters = new GatewayCounters();
  const messagePack = new MessagePack(REFERENCES);
  const flusher = new Flusher();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  let slow = 0;
  const context = { messagePack, counters, log, flusher, limits: { ...GATEWAY_LIMITS, ...limits } };
  const outbox = new Outbox(context, socket, () => {
    slow++;
    socket.open = false;
  });
  const rules = { depthMax: 33, finite: false, isReference: () => false };
  const push = (name: string, argument: unknown, target = '') =>
    outbox.push(
      preparePush(messagePack, rules, operation('HeroView', name), [argument], { target, bytesMax: 1 << 20 }),
    );
  return {
    socket,
    counters,
    outbox,
    push,
    slow: () => slow,
    turn: () => new Promise<void>((resolve) => setImmediate(resolve)),
  };
}

test('all that is said in one turn is one message', async (t) => {
  const { outbox, push, socket, turn } = outboxOf();
  outbox.send([RESULT, 1, 'a']);
  push('say', 'b');
  outbox.send([RESULT, 2, 'c']);
  push('snapshot', 'd');
  t.is(socket.messages, 0);
  await turn();
  t.is(socket.messages, 1);
  t.deepEqual(socket.frames, [
    [RESULT, 1, 'a'],
    [PUSH, 1, 'HeroView', 'say', ['b']],
    [RESULT, 2, 'c'],
    [PUSH, 2, 'HeroView', 'snapshot', ['d']],
  ]);
});

test('a slow reader: droppable pushes replace each other, numbers stay without gaps, order stays per key', async (t) => {
  const { outbox, push, socket, counters, slow, turn } = outboxOf({ droppableBytesMax: 1000 });
  socket.reading = false;
  push('say', 'x'.repeat(2000));
  await turn();
  for (let n = 1; n <= 50; n++) {
    push('snapshot', n);
    push('snapshot', -n, 'another group');
    if (n % 10 === 0) push('say', `reliable ${n}`);
    if (n % 7 === 0) await turn();
  }
  await turn();
  t.true(socket.drainAwaited);
  t.is(counters.pushesReplaced, 98);
  socket.reading = true;
  socket.read();
  // Newer than what waits, and it must not arrive before it.
  push('snapshot', 51);
  outbox.onDrain();
  push('snapshot', 52);
  await turn();
  t.deepEqual(
    socket.frames.map(([, seq]) => seq),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  t.deepEqual(
    socket.frames.slice(1).map((frame) => (frame[4] as unknown[])[0]),
    ['reliable 10', 'reliable 20', 'reliable 30', 'reliable 40', 'reliable 50', 51, -50, 52],
  );
  t.is(slow(), 0);
});

test('one turn may say more than a slow reader takes', async (t) => {
  const { push, socket, counters, turn } = outboxOf({ droppableBytesMax: 100_000 });
  for (let n = 0; n < 100; n++) push('snapshot', 'x'.repeat(10_000));
  await turn();
  t.is(socket.frames.length, 100);
  t.is(counters.pushesReplaced, 0);
});

test('different droppables that wait are bounded too', async (t) => {
  const { push, socket, counters, turn } = outboxOf({ droppableBytesMax: 10, droppablesMax: 3 });
  socket.reading = false;
  push('say', 'xxxxxxxxxxxxxxxxx');
  await turn();
  for (let n = 0; n < 10; n++) push('snapshot', n, `group ${n}`);
  t.is(counters.pushesDropped, 7);
});

test('who leaves too much of the rest unread is given up, at a bounded cost', async (t) => {
  const { push, socket, slow, turn } = outboxOf({ bufferedBytesMax: 500_000 });
  socket.reading = false;
  for (let n = 0; n < 1000 && slow() === 0; n++) push('say', 'x'.repeat(10_000));
  await turn();
  t.is(slow(), 1);
  t.true(socket.bufferedBytes < 800_000, `${socket.bufferedBytes}`);
});
