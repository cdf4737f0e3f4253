import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { Collector, sampleFrame, send } from '../../transport/link.conformance.ts';
import { followModel, linkSteps } from '../../transport/link.model.ts';
import { linkEnds, roundsOf } from './host-link.fixture.ts';
import { decodePublish, encodePublish, type Publish, type Section } from './publish.ts';

const limits = { frameBytesMax: 700, backlogFramesMax: 12, backlogBytesMax: 3000 };

test('a link between hosts does what queues do, at every size', (t) => {
  fc.assert(
    fc.property(fc.constantFrom(128, 512, 2048, 1 << 17), linkSteps(900), (windowBytes, steps) => {
      const { ends } = linkEnds(
        (deliver) => {
          deliver();
          return true;
        },
        { windowBytes, ...limits },
      );
      const [writer, other] = ends;
      const allowed = steps.filter((step) => !('bytes' in step) || step.step === 'send' || step.bytes <= 700);
      followModel({ writer, reader: roundsOf(other) }, allowed, limits);
    }),
    { numRuns: 500, includeErrorInReport: true },
  );
  t.pass();
});

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      end: fc.nat(1),
      lane: fc.nat(2),
      bytes: fc.integer({ min: 4, max: 3000 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('arrive' as const, 'lose' as const, 'double' as const),
      pick: fc.nat(20),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('drain' as const), end: fc.nat(1), max: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 300 }) }) },
);

test('whatever happens to messages, frames arrive once, in the order of their lane, and memory is bounded', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const messages: (() => void)[] = [];
      const { ends, clock } = linkEnds(
        (deliver) => {
          messages.push(deliver);
          return true;
        },
        { windowBytes: 2048, windowFrames: 8, frameBytesMax: 4000, payloadBytesMax: () => 1500 },
      );
      const sent = [[[], [], []] as Uint8Array[][], [[], [], []] as Uint8Array[][]];
      const got = [new Collector(), new Collector()];
      const check = (): void => {
        for (const from of [0, 1] as const) {
          const { frames, lanes } = got[1 - from]!;
          for (const lane of [0, 1, 2] as const) {
            const of = frames.filter((_, index) => lanes[index] === lane);
            assert.deepEqual(of, sent[from]![lane]!.slice(0, of.length));
          }
          assert.equal(ends[from].malformed, 0, 'who keeps to the protocol is never refused');
        }
      };
      let seed = 0;
      for (const one of steps) {
        if (one.kind === 'send') {
          const frame = sampleFrame(++seed, one.bytes);
          const link = ends[one.end as 0 | 1];
          const lane = one.lane as 0 | 1 | 2;
          if (send(link, lane, frame) || link.spill(lane, frame)) sent[one.end]![lane]!.push(frame);
          link.flush();
        } else if (one.kind === 'drain') {
          ends[one.end as 0 | 1].drain(got[one.end]!, one.max);
          ends[one.end as 0 | 1].flush();
        } else if (one.kind === 'pass') clock.move(one.ms);
        else {
          const [deliver] = messages.splice(one.pick % Math.max(1, messages.length), 1);
          if (deliver === undefined) continue;
          if (one.kind !== 'lose') deliver();
          if (one.kind === 'double') messages.push(deliver);
        }
        for (const link of ends) link.flush();
        check();
      }
      for (let round = 0; round < 3000 && !(ends[0].isSettled && ends[1].isSettled && messages.length === 0); round++) {
        clock.move(20);
        for (const deliver of messages.splice(0)) deliver();
        for (const end of [0, 1] as const) {
          ends[end].drain(got[end]!, 100);
          ends[end].flush();
        }
      }
      check();
      for (const end of [0, 1] as const) {
        assert.equal(
          got[1 - end]!.frames.length,
          sent[end]!.flat().length,
          'everything arrives when the network works',
        );
      }
    }),
    { numRuns: 150 },
  );
  t.pass();
});

const bytes = fc.uint8Array({ maxLength: 60 });
const lane = fc.constantFrom(0 as const, 1 as const, 2 as const);
const count = fc.maxSafeNat();
const section: fc.Arbitrary<Section> = fc.oneof(
  fc.record({
    kind: fc.constant('lane' as const),
    lane,
    asks: fc.boolean(),
    seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    taken: fc.nat(0xffff_ffff),
    batch: fc.uint8Array({ minLength: 1, maxLength: 60 }),
    ack: fc.record({ cumulative: count, frames: count, bytes: count, sackLow: fc.integer(), sackHigh: fc.integer() }),
  }),
  fc.record({ kind: fc.constant('greeting' as const), greeting: bytes }),
  fc.record({
    kind: fc.constant('unreliable' as const),
    lane,
    stamped: fc.record({ stamp: count, stream: fc.string({ maxLength: 12 }), frame: bytes }),
  }),
);
const publish: fc.Arbitrary<Publish> = fc.record({
  source: fc.stringMatching(/^[a-z0-9-]{1,20}$/),
  from: count,
  to: count,
  greeted: fc.boolean(),
  clock: fc.integer(),
  sections: fc.array(section, { maxLength: 6 }),
});

test('a message is read as it was written, and refused when any byte of it is another', (t) => {
  fc.assert(
    fc.property(publish, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, change) => {
      const message = encodePublish(one);
      // Of fast-check come objects without a prototype.
      assert.deepEqual(decodePublish(message), structuredClone(one));
      // Anywhere in memory, as it comes from a socket.
      const moved = new Uint8Array(message.length + 3);
      moved.set(message, 3);
      assert.deepEqual(decodePublish(moved.subarray(3)), structuredClone(one));
      message[at % message.length]! ^= change;
      assert.equal(decodePublish(message), undefined);
      assert.equal(decodePublish(message.subarray(0, at % message.length)), undefined);
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => decodePublish(noise) === undefined));
  t.pass();
});
