import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { Prng } from '../base/prng.ts';
import { piecesOf, Reassembly } from './chunks.ts';
import type { Env } from './machine.ts';
import { type Packet, ReliableSession } from './reliable-session.ts';
import { SessionReceiver } from './session-receiver.ts';
import { SessionSender } from './session-sender.ts';

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      end: fc.nat(1),
      bytes: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('arrive' as const, 'lose' as const, 'double' as const),
      pick: fc.nat(30),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('release' as const),
      end: fc.nat(1),
      frames: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 200 }) }) },
);

test('frames arrive once, in order, within the window, whatever happens to packets', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), fc.nat(), (steps, seed) => {
      const env = { now: { mono: 0, wall: 0 }, random: new Prng(seed) };
      const end = (self: number, peer: number) => ({
        session: new ReliableSession<string>(self, peer, new SessionSender(4, 100), new SessionReceiver(4, 100)),
        sent: [] as string[],
        sizes: [] as number[],
        got: [] as string[],
        released: 0,
      });
      const ends = [end(1, 2), end(2, 1)] as const;
      let packets: { to: 0 | 1; packet: Packet<string> }[] = [];
      const flush = (): void => {
        for (const one of [0, 1] as const) {
          for (const packet of ends[one].session.flush(env)) packets.push({ to: one === 0 ? 1 : 0, packet });
        }
      };
      const arrive = ({ to, packet }: { to: 0 | 1; packet: Packet<string> }): void => {
        const receiver = ends[to];
        receiver.got.push(...receiver.session.onPacket(packet, env));
        assert.ok(receiver.got.length - receiver.released <= 4, 'no more than was granted');
        assert.ok(receiver.session.receiver.waiting <= 4);
        assert.equal(receiver.session.receiver.refused, 0, 'a sender that keeps to the window is never refused');
      };
      const release = (one: 0 | 1, frames: number): void => {
        const { session, got, sizes: _sizes, released } = ends[one];
        const sizes = ends[one === 0 ? 1 : 0].sizes;
        const count = Math.min(frames, got.length - released);
        const bytes = sizes.slice(released, released + count).reduce((sum, size) => sum + size, 0);
        session.release(count, bytes);
        ends[one].released += count;
      };
      const check = (): void => {
        for (const [from, to] of [
          [ends[0], ends[1]],
          [ends[1], ends[0]],
        ] as const) {
          assert.deepEqual(to.got, from.sent.slice(0, to.got.length));
        }
      };
      for (const one of steps) {
        if (one.kind === 'send') {
          const { session, sent, sizes } = ends[one.end as 0 | 1];
          const frame = `${one.end}:${sent.length}`;
          assert.ok(session.send(frame, one.bytes));
          sent.push(frame);
          sizes.push(one.bytes);
        } else if (one.kind === 'release') release(one.end as 0 | 1, one.frames);
        else if (one.kind === 'pass') env.now = { mono: env.now.mono + one.ms, wall: 0 };
        else {
          const [packet] = packets.splice(one.pick % Math.max(1, packets.length), 1);
          if (packet === undefined) continue;
          if (one.kind !== 'lose') arrive(packet);
          if (one.kind === 'double') packets.push(packet);
        }
        flush();
        check();
      }
      // A network that works again, and readers that read: everything arrives, and then it is quiet.
      for (let round = 0; round < 2000; round++) {
        env.now = { mono: env.now.mono + 20, wall: 0 };
        flush();
        const now = packets;
        packets = [];
        for (const packet of now) arrive(packet);
        release(0, 4);
        release(1, 4);
        if (ends.every(({ session }) => session.sender.isIdle) && packets.length === 0) break;
      }
      check();
      assert.deepEqual(ends[1].got, ends[0].sent);
      assert.deepEqual(ends[0].got, ends[1].sent);
    }),
    { numRuns: 150 },
  );
  t.pass();
});

const env: Env = { now: { mono: 0, wall: 0 }, random: new Prng(1) };

test('packets of another run are strays, and what a closed session held is told apart', (t) => {
  const a = new ReliableSession<string>(1, 2, new SessionSender(2, 1000));
  const b = new ReliableSession<string>(2, 1);
  for (const frame of ['x', 'y', 'z']) t.true(a.send(frame, 1));
  const packets = a.flush(env);
  t.is(packets.length, 2);
  t.deepEqual(new ReliableSession<string>(3, 1).onPacket(packets[0]!, env), []);
  t.deepEqual(b.onPacket(packets[0]!, env), ['x']);
  for (const packet of b.flush(env)) a.onPacket(packet, env);
  t.deepEqual(a.close(), { unsent: ['z'], unacknowledged: ['y'] });
});

test('a full session refuses, but takes what is owed', (t) => {
  const session = new ReliableSession<number>(1, 2);
  let taken = 0;
  while (session.send(taken, 1)) taken++;
  t.is(taken, 65_536);
  t.true(session.send(-1, 1, true));
});

test('large frames travel in pieces', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.integer({ min: 1, max: 30 }), (frame, max) => {
      const pieces = piecesOf(frame, max);
      assert.ok(pieces.every(({ bytes }) => bytes.length <= max));
      const reassembly = new Reassembly(100);
      const made = pieces.map((piece) => reassembly.add(piece));
      assert.deepEqual([...made.at(-1)!], [...frame]);
      assert.ok(made.slice(0, -1).every((one) => one === undefined));
      assert.equal(reassembly.waitingBytes, 0);
    }),
  );
  const reassembly = new Reassembly(10);
  reassembly.add({ bytes: new Uint8Array(8), last: false });
  t.throws(() => reassembly.add({ bytes: new Uint8Array(3), last: true }), { instanceOf: RangeError });
});
