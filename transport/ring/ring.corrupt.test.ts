import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { Collector, sampleFrame, send } from '../link.conformance.ts';
import { LANE_HIGH, LANE_LOW, LANE_MEDIUM, LinkCorruptError } from '../link.ts';
import { RingLinkReader } from './ring-link-reader.ts';
import { RingLinkWriter } from './ring-link-writer.ts';
import { allocateRingLink } from './ring-memory.ts';

// Offsets as drawn in ring-memory.ts; written down again, because a test that imported them would move along with a mistake.
const TAIL = 0;
const HEAD = 32;
const RECORDS = 160;
const KIND = 1 << 28;
const CAPACITY = 1024;
const MEDIUM = RECORDS + CAPACITY / 4;

function ringLink(start = 0) {
  const memory = allocateRingLink({ laneBytes: [CAPACITY, CAPACITY, CAPACITY], start, frameBytesMax: 2000 });
  const words = new Int32Array(memory);
  return { memory, words, writer: new RingLinkWriter(memory), reader: new RingLinkReader(memory) };
}

/** What a drain of the link does now, it does for ever. */
function deadWith(t: ExecutionContext, reader: RingLinkReader, what: RegExp, seen = new Collector()): Collector {
  const error = t.throws(() => reader.drain(seen, 100), { instanceOf: LinkCorruptError, message: what });
  t.is(
    t.throws(() => reader.drain(seen, 100)),
    error,
  );
  t.is(reader.failure, error);
  t.true(error!.dump!.length > 0 && error!.dump!.length <= 4096);
  t.false(reader.pending());
  return seen;
}

/** A record at the begin of the medium lane whose check is right, whatever else is wrong. */
function forge(words: Int32Array, position: number, length: number): void {
  const index = MEDIUM + (position & (CAPACITY - 1)) / 4;
  words[index] = length;
  words[index + 1] = ~(length ^ position);
}

test('every flipped bit of a header is detected, what came before it arrives, what comes after does not', (t) => {
  for (const start of [0, 2 ** 32 - 96]) {
    for (let bit = 0; bit < 64; bit++) {
      const { words, writer, reader } = ringLink(start);
      send(writer, LANE_MEDIUM, sampleFrame(1, 20));
      send(writer, LANE_MEDIUM, sampleFrame(2, 20));
      send(writer, LANE_MEDIUM, sampleFrame(3, 20));
      writer.flush();
      const second = MEDIUM + (((start + 32) & (CAPACITY - 1)) >> 2);
      words[second + (bit >> 5)]! ^= 1 << (bit & 31);
      const seen = deadWith(t, reader, /corrupt/);
      t.deepEqual(seen.frames, [sampleFrame(1, 20)]);
    }
  }
});

test('every flipped bit of padding and of pieces is detected', (t) => {
  for (let bit = 0; bit < 64; bit++) {
    const { words, writer, reader } = ringLink(CAPACITY - 16);
    send(writer, LANE_MEDIUM, sampleFrame(1, 100));
    writer.flush();
    words[MEDIUM + (CAPACITY - 16) / 4 + (bit >> 5)]! ^= 1 << (bit & 31);
    t.deepEqual(deadWith(t, reader, /corrupt/).frames, []);
  }
  for (let bit = 0; bit < 64; bit++) {
    for (const piece of [0, CAPACITY / 16]) {
      const { words, writer, reader } = ringLink();
      t.true(writer.spill(LANE_MEDIUM, sampleFrame(1, 700)));
      writer.flush();
      words[MEDIUM + piece + (bit >> 5)]! ^= 1 << (bit & 31);
      t.deepEqual(deadWith(t, reader, /corrupt/).frames, []);
    }
  }
});

test('a record of an earlier round is not taken for a new one', (t) => {
  const { words, writer, reader } = ringLink();
  const seen = new Collector();
  for (let i = 0; i < CAPACITY / 32; i++) {
    send(writer, LANE_MEDIUM, sampleFrame(i, 24));
    writer.flush();
    reader.drain(seen, 10);
  }
  t.is(seen.frames.length, CAPACITY / 32);
  // The tail goes on, but nobody wrote: the old records lie there undamaged.
  words[TAIL + LANE_MEDIUM]! += 32;
  deadWith(t, reader, /check of a record/, seen);
  t.is(seen.frames.length, CAPACITY / 32);
});

test('memory that was never written is no record, at any position', (t) => {
  for (const start of [0, 2 ** 32 - 8, 2 ** 31]) {
    const { words, reader } = ringLink(start);
    words[TAIL + LANE_LOW]! += 64;
    t.deepEqual(deadWith(t, reader, /corrupt/).frames, []);
  }
});

for (const [what, length, expected] of [
  ['longer than what was published', 8 + 57, /longer than what was written/],
  ['longer than the ring', CAPACITY + 8, /longer than what was written/],
  ['as long as it gets', KIND - 1, /longer than what was written/],
  ['shorter than its header', 7, /longer than what was written/],
  ['empty', 0, /longer than what was written/],
  ['of an unknown kind', 4 * KIND + 64, /no known kind/],
  ['of a negative kind', (-1 & ~(KIND - 1) & ~63) | 64, /no known kind/],
  ['padding that does not end with the ring', KIND + 64, /padding/],
  ['a first piece without its size', 2 * KIND + 8, /size of a frame/],
  ['a piece of no frame', 3 * KIND + 64, /piece belongs to no frame/],
] as const) {
  test(`a record with a good check that is ${what} is not followed`, (t) => {
    const { words, reader } = ringLink();
    forge(words, 0, length);
    words[TAIL + LANE_MEDIUM] = 64;
    t.deepEqual(deadWith(t, reader, expected).frames, []);
  });
}

for (const [what, total, reserved] of [
  ['above the limit', 2001, 0],
  ['negative', -1, 0],
  ['no larger than its first piece', 48, 0],
  ['followed by something', 1000, 1],
] as const) {
  test(`a frame in pieces whose size is ${what} is refused before memory is taken for it`, (t) => {
    const { words, reader } = ringLink();
    forge(words, 0, 2 * KIND + 64);
    words[MEDIUM + 2] = total;
    words[MEDIUM + 3] = reserved;
    words[TAIL + LANE_MEDIUM] = 64;
    deadWith(t, reader, /size of a frame/);
  });
}

test('pieces come without anything in between, and not more of them than announced', (t) => {
  for (const [second, expected] of [
    [64, /no known kind/],
    [2 * KIND + 64, /begins within another/],
    [3 * KIND + 8, /piece belongs to no frame/],
    [3 * KIND + 64, /piece belongs to no frame/],
  ] as const) {
    const { words, reader } = ringLink();
    forge(words, 0, 2 * KIND + 64);
    words[MEDIUM + 2] = 48 + 55;
    forge(words, 64, second);
    words[MEDIUM + 18] = 100;
    words[TAIL + LANE_MEDIUM] = 128;
    deadWith(t, reader, expected);
  }
});

for (const [what, tail] of [
  ['beyond the ring', CAPACITY + 8],
  ['behind what was taken', -8],
  ['half a round of the counter away', 2 ** 31],
  ['not aligned', 12],
] as const) {
  test(`a tail that is ${what} is not followed`, (t) => {
    for (const lane of [LANE_HIGH, LANE_MEDIUM, LANE_LOW]) {
      for (const start of [0, 2 ** 32 - 8]) {
        const { words, writer, reader } = ringLink(start);
        send(writer, LANE_MEDIUM, sampleFrame(1, 2));
        words[TAIL + lane] = start + tail;
        t.deepEqual(deadWith(t, reader, /tail is impossible/).frames, []);
      }
    }
  });
}

for (const [what, head] of [
  ['before what was written', 8],
  ['more than a ring behind', -CAPACITY - 8],
  ['not aligned', -4],
] as const) {
  test(`a head that is ${what} stops the writer`, (t) => {
    const { words, writer } = ringLink();
    while (send(writer, LANE_MEDIUM, sampleFrame(1, 24)));
    writer.flush();
    words[HEAD + LANE_MEDIUM] = words[TAIL + LANE_MEDIUM]! + head;
    t.throws(() => writer.claim(LANE_MEDIUM, 24), { instanceOf: LinkCorruptError });
    t.throws(() => writer.claim(LANE_MEDIUM, 24), { instanceOf: LinkCorruptError });
  });
}

test('one link that is corrupt leaves the others alone', (t) => {
  const links = [ringLink(), ringLink(), ringLink()];
  for (const { writer } of links) {
    send(writer, LANE_HIGH, sampleFrame(7, 30));
    writer.flush();
  }
  links[1]!.words[RECORDS]! ^= 1 << 5;
  deadWith(t, links[1]!.reader, /corrupt/);
  for (const { reader } of [links[0]!, links[2]!]) {
    const seen = new Collector();
    t.is(reader.drain(seen, 10), 1);
    t.deepEqual(seen.frames, [sampleFrame(7, 30)]);
  }
});

test('a link error of somebody else, thrown by the handler, does not kill the link', (t) => {
  const { writer, reader } = ringLink();
  for (let i = 0; i < 2; i++) send(writer, LANE_LOW, sampleFrame(i, 30));
  writer.flush();
  t.throws(() =>
    reader.drain(
      {
        onFrame: () => {
          throw new LinkCorruptError('another one');
        },
      },
      10,
    ),
  );
  t.is(reader.failure, undefined);
  t.is(reader.drain(new Collector(), 10), 1);
});

test('whatever the memory holds, a reader stays within its ring and only ever throws LinkCorruptError', (t) => {
  const word = fc.oneof(
    fc.integer(),
    fc.integer({ min: 0, max: 64 }),
    fc.nat({ max: 64 }).map((n) => 2 * KIND + n),
  );
  fc.assert(
    fc.property(
      fc.array(fc.tuple(word, fc.integer(), fc.boolean()), { minLength: 1, maxLength: 16 }),
      fc.integer({ min: 0, max: CAPACITY / 8 }),
      fc.integer({ min: 0, max: 127 }).map((n) => n * 8),
      (records, published, start) => {
        const { words, reader } = ringLink(start);
        let position = start;
        for (const [length, garbage, goodCheck] of records) {
          forge(words, position, length);
          const index = MEDIUM + (position & (CAPACITY - 1)) / 4;
          if (!goodCheck) words[index + 1] = garbage;
          words[MEDIUM + ((position + 8) & (CAPACITY - 1)) / 4] = garbage & 0x7ff;
          position += ((length & 0x3f) + 7) & ~7;
        }
        words[TAIL + LANE_MEDIUM] = start + published * 8;
        const from = MEDIUM * 4;
        let seen = 0;
        const bounds = {
          onFrame(input: { bytes: Uint8Array; at: number; end: number }) {
            seen++;
            if (input.end < input.at) throw new Error(`a frame from ${input.at} to ${input.end}`);
            if (input.bytes.length !== words.byteLength) return;
            if (input.at < from || input.end > from + CAPACITY) throw new Error(`a frame at ${input.at}`);
          },
        };
        try {
          reader.drain(bounds, 1000);
        } catch (error) {
          if (!(error instanceof LinkCorruptError)) throw error;
        }
        if (seen > CAPACITY / 8) throw new Error(`${seen} frames in a ring of ${CAPACITY} bytes`);
      },
    ),
    { numRuns: 3000, includeErrorInReport: true },
  );
  t.pass();
});

test('memory of something else is refused at once', (t) => {
  for (const bytes of [0, 64, 640, 4096]) {
    t.throws(() => new RingLinkReader(new SharedArrayBuffer(bytes)), { instanceOf: LinkCorruptError });
  }
  const { memory, words } = ringLink();
  words[130] = CAPACITY * 2;
  t.throws(() => new RingLinkWriter(memory), { instanceOf: LinkCorruptError });
  words[130] = 3;
  t.throws(() => new RingLinkWriter(memory), { instanceOf: LinkCorruptError });
});
