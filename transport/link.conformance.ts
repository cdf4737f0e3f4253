/**
 * What every kind of link promises, as cases to run against it: `linkConformance(test, 'ring', make)` in the link's own test.
 */
import type { ExecutionContext, TestFn } from 'ava';
import type { Reader } from './codec/reader.ts';
import {
  type FrameHandler,
  LANE_HIGH,
  LANE_LOW,
  LANE_MEDIUM,
  LANE_WEIGHTS,
  LANES,
  type Lane,
  type LinkCounters,
  type LinkReader,
  type LinkWriter,
} from './link.ts';

export interface LinkPairOptions {
  frameBytesMax?: number;
  backlogFramesMax?: number;
  backlogBytesMax?: number;
}

export interface LinkPair {
  readonly writer: LinkWriter & LinkCounters;
  readonly reader: LinkReader;
  /** Resolves when everything flushed so far can be drained; links in one memory need none. */
  readonly arrive?: () => Promise<void>;
}

/** Makes a link that has room for about a hundred frames of 32 bytes per lane, and at least for 32. */
export type MakeLinkPair = (options?: LinkPairOptions) => LinkPair;

const LANE_LIST: readonly Lane[] = [LANE_HIGH, LANE_MEDIUM, LANE_LOW];

/** A frame of `length` bytes that says who it is. */
export function sampleFrame(seed: number, length: number): Uint8Array {
  const frame = new Uint8Array(length);
  for (let i = 0; i < length; i++) frame[i] = (Math.imul(seed, 31) + i * 7 + (i >> 8)) & 255;
  return frame;
}

/** Keeps a copy of everything it is given. */
export class Collector implements FrameHandler {
  readonly frames: Uint8Array[] = [];
  readonly lanes: Lane[] = [];

  onFrame(input: Reader, lane: Lane): void {
    this.frames.push(new Uint8Array(input.bytes.subarray(input.at, input.end)));
    this.lanes.push(lane);
  }
}

/** Encodes in place; false when there is no room. */
export function send(writer: LinkWriter, lane: Lane, frame: Uint8Array): boolean {
  const claim = writer.claim(lane, frame.length);
  if (claim === undefined) return false;
  claim.bytes.set(frame, claim.at);
  claim.at += frame.length;
  writer.commit();
  return true;
}

function fill(writer: LinkWriter, lane: Lane, firstSeed = 0): Uint8Array[] {
  const sent: Uint8Array[] = [];
  for (;;) {
    const frame = sampleFrame(firstSeed + sent.length, 32);
    if (!send(writer, lane, frame)) return sent;
    sent.push(frame);
  }
}

async function flushed(pair: LinkPair): Promise<void> {
  pair.writer.flush();
  await pair.arrive?.();
}

/** Flushes and drains until nothing is left. */
async function pump(pair: LinkPair, into = new Collector()): Promise<Collector> {
  for (let rounds = 0; ; rounds++) {
    await flushed(pair);
    if (!pair.reader.pending() && pair.writer.backlog === 0) return into;
    pair.reader.drain(into, 1000);
    if (rounds > 1_000_000) throw new Error('the link does not run dry');
  }
}

export function linkConformance(test: TestFn, name: string, make: MakeLinkPair): void {
  const conforms = (title: string, run: (t: ExecutionContext) => Promise<void>) => test(`${name}: ${title}`, run);

  conforms('a frame is drained once, and not before the flush', async (t) => {
    const pair = make();
    const seen = new Collector();
    const frame = sampleFrame(1, 20);
    t.true(send(pair.writer, LANE_MEDIUM, frame));
    t.false(pair.reader.pending());
    t.is(pair.reader.drain(seen, 10), 0);
    await flushed(pair);
    t.true(pair.reader.pending());
    t.is(pair.reader.drain(seen, 10), 1);
    t.deepEqual(seen.frames, [frame]);
    t.false(pair.reader.pending());
    await flushed(pair);
    t.is(pair.reader.drain(seen, 10), 0);
  });

  conforms('what is committed after a flush waits for the next one', async (t) => {
    const pair = make();
    const seen = new Collector();
    for (let i = 0; i < 200; i++) {
      send(pair.writer, LANE_MEDIUM, sampleFrame(2 * i, 9));
      await flushed(pair);
      send(pair.writer, LANE_MEDIUM, sampleFrame(2 * i + 1, 17));
      t.is(pair.reader.drain(seen, 10), i === 0 ? 1 : 2);
    }
    await pump(pair, seen);
    t.deepEqual(
      seen.frames,
      Array.from({ length: 400 }, (_, i) => sampleFrame(i, i % 2 ? 17 : 9)),
    );
  });

  conforms('frames of every size keep their content and the order of their lane', async (t) => {
    const pair = make();
    const seen = new Collector();
    const sent: Uint8Array[][] = [[], [], []];
    for (let i = 0; i < 1500; i++) {
      const lane = (i % LANES) as Lane;
      const frame = sampleFrame(i, i % 120);
      if (!send(pair.writer, lane, frame)) t.true(pair.writer.spill(lane, frame));
      sent[lane]!.push(frame);
      if (i % 7 === 0) {
        await flushed(pair);
        pair.reader.drain(seen, 15);
      }
    }
    await pump(pair, seen);
    for (const lane of LANE_LIST) {
      t.deepEqual(
        seen.frames.filter((_, i) => seen.lanes[i] === lane),
        sent[lane],
      );
    }
  });

  conforms('a claim is aligned, has the room it was asked for, and leaves no trace when abandoned', async (t) => {
    const pair = make();
    const seen = new Collector();
    for (let i = 0; i < 300; i++) {
      const abandoned = pair.writer.claim(LANE_LOW, 40);
      if (abandoned === undefined) return t.fail(`no room for frame ${i}`);
      abandoned.bytes.fill(255, abandoned.at, abandoned.at + 40);
      const claim = pair.writer.claim(LANE_LOW, i % 30)!;
      if (claim.at % 8 !== 0 || claim.end - claim.at < i % 30) t.fail(`claim from ${claim.at} to ${claim.end}`);
      const frame = sampleFrame(i, i % 30);
      claim.bytes.set(frame, claim.at);
      claim.at += frame.length;
      pair.writer.commit();
      pair.writer.claim(LANE_HIGH, 8);
      await flushed(pair);
      pair.reader.drain(seen, 10);
    }
    t.deepEqual(
      seen.frames,
      Array.from({ length: 300 }, (_, i) => sampleFrame(i, i % 30)),
    );
  });

  conforms('a frame may be shorter or longer than claimed, up to the end of the claim and not beyond', async (t) => {
    const pair = make();
    const claim = pair.writer.claim(LANE_MEDIUM, 16)!;
    const room = claim.end - claim.at;
    t.true(room >= 16);
    claim.bytes.set(sampleFrame(5, room), claim.at);
    claim.at = claim.end;
    pair.writer.commit();
    const seen = await pump(pair);
    t.deepEqual(seen.frames, [sampleFrame(5, room)]);
    const beyond = pair.writer.claim(LANE_MEDIUM, 16)!;
    beyond.at = beyond.end + 1;
    t.throws(() => pair.writer.commit(), { instanceOf: RangeError });
    const after = pair.writer.claim(LANE_MEDIUM, 3)!;
    after.bytes.set(sampleFrame(6, 3), after.at);
    after.at += 3;
    pair.writer.commit();
    t.throws(() => pair.writer.commit(), { instanceOf: RangeError }, 'a second commit without a claim');
    t.deepEqual((await pump(pair)).frames, [sampleFrame(6, 3)]);
  });

  conforms('a full lane refuses claims, spilled frames follow in order, and other lanes go on', async (t) => {
    const pair = make();
    const sent = fill(pair.writer, LANE_MEDIUM);
    t.true(sent.length >= 32, `${sent.length} frames fit`);
    for (let i = 0; i < 500; i++) {
      const frame = sampleFrame(sent.length, 1 + (i % 64));
      t.true(pair.writer.spill(LANE_MEDIUM, frame));
      sent.push(frame.slice());
      frame.fill(0);
    }
    t.true(pair.writer.backlog > 0);
    t.is(pair.writer.claim(LANE_MEDIUM, 1), undefined, 'nobody overtakes what waits');
    t.true(send(pair.writer, LANE_HIGH, sampleFrame(1, 5)));
    t.true(send(pair.writer, LANE_LOW, sampleFrame(2, 5)));
    const seen = await pump(pair);
    t.deepEqual(
      seen.frames.filter((_, i) => seen.lanes[i] === LANE_MEDIUM),
      sent,
    );
    t.is(seen.frames.length, sent.length + 2);
    t.is(pair.writer.backlog, 0);
    t.true(send(pair.writer, LANE_MEDIUM, sampleFrame(3, 5)), 'claims work again');
    t.is(pair.writer.frames, sent.length + 3);
    t.true(pair.writer.backlogHighest > 0 && pair.writer.backlogHighest <= pair.writer.spilled);
  });

  conforms('overflow is bounded by frames', async (t) => {
    const pair = make({ backlogFramesMax: 5 });
    const sent = fill(pair.writer, LANE_LOW).length;
    for (let i = 0; i < 5; i++) t.true(pair.writer.spill(LANE_LOW, sampleFrame(i, 32)));
    t.is(pair.writer.backlog, 5);
    t.false(pair.writer.spill(LANE_LOW, sampleFrame(9, 32)));
    t.is(pair.writer.conflate(LANE_LOW, 'key', sampleFrame(9, 32)), 'full');
    t.is(pair.writer.backlog, 5);
    t.is(pair.writer.refused, 2);
    t.is((await pump(pair)).frames.length, sent + 5);
  });

  conforms('what has more rooms finds a place when the rest has none, and has a bound, too', async (t) => {
    const pair = make({ backlogFramesMax: 5 });
    const sent = fill(pair.writer, LANE_LOW).length;
    for (let i = 0; i < 5; i++) t.true(pair.writer.spill(LANE_LOW, sampleFrame(i, 32)));
    t.false(pair.writer.spill(LANE_LOW, sampleFrame(9, 32)));
    for (let i = 0; i < 15; i++) t.true(pair.writer.spill(LANE_LOW, sampleFrame(i, 32), 4));
    t.false(pair.writer.spill(LANE_LOW, sampleFrame(9, 32), 4));
    t.is((await pump(pair)).frames.length, sent + 20);
  });

  conforms('overflow is bounded by bytes', async (t) => {
    const pair = make({ backlogBytesMax: 1000 });
    const sent = fill(pair.writer, LANE_LOW).length;
    t.true(pair.writer.spill(LANE_LOW, sampleFrame(1, 600)));
    t.false(pair.writer.spill(LANE_LOW, sampleFrame(2, 600)));
    t.is(pair.writer.conflate(LANE_LOW, 'key', sampleFrame(3, 100)), 'queued');
    t.is(pair.writer.conflate(LANE_LOW, 'key', sampleFrame(4, 500)), 'full');
    t.is(pair.writer.conflate(LANE_LOW, 'key', sampleFrame(5, 400)), 'replaced');
    const seen = await pump(pair);
    t.deepEqual(seen.frames.slice(sent), [sampleFrame(1, 600), sampleFrame(5, 400)]);
  });

  conforms('conflate keeps the newest frame of a key, in the place of the oldest', async (t) => {
    const pair = make();
    const { writer } = pair;
    const sent = fill(writer, LANE_MEDIUM).length;
    t.is(writer.conflate(LANE_MEDIUM, 'a', sampleFrame(1, 32)), 'queued');
    t.true(writer.spill(LANE_MEDIUM, sampleFrame(2, 32)));
    t.is(writer.conflate(LANE_MEDIUM, 'b', sampleFrame(3, 32)), 'queued');
    t.is(writer.conflate(LANE_MEDIUM, 'a', sampleFrame(4, 45)), 'replaced');
    t.is(writer.conflate(LANE_MEDIUM, 'a', sampleFrame(5, 11)), 'replaced');
    t.is(writer.replaced, 2);
    t.is(writer.backlog, 3);
    const seen = await pump(pair);
    t.deepEqual(seen.frames.slice(sent), [sampleFrame(5, 11), sampleFrame(2, 32), sampleFrame(3, 32)]);
    const again = fill(writer, LANE_MEDIUM).length;
    t.is(writer.conflate(LANE_MEDIUM, 'a', sampleFrame(6, 32)), 'queued', 'what has left cannot be replaced');
    t.deepEqual((await pump(pair)).frames.slice(again), [sampleFrame(6, 32)]);
  });

  conforms(
    'frames of any size up to the limit pass, between their neighbours; larger ones are a RangeError',
    async (t) => {
      const limit = 300_000;
      const pair = make({ frameBytesMax: limit });
      t.is(pair.writer.frameBytesMax, limit);
      t.is(pair.writer.claim(LANE_MEDIUM, limit + 1), undefined);
      t.throws(() => pair.writer.spill(LANE_MEDIUM, new Uint8Array(limit + 1)), { instanceOf: RangeError });
      t.throws(() => pair.writer.conflate(LANE_MEDIUM, 'k', new Uint8Array(limit + 1)), { instanceOf: RangeError });
      const sent: Uint8Array[] = [];
      for (const length of [10, limit, 20, 5000, 5001, 0, limit - 1, 70_000, 30]) {
        const frame = sampleFrame(length, length);
        if (!send(pair.writer, LANE_MEDIUM, frame)) t.true(pair.writer.spill(LANE_MEDIUM, frame));
        sent.push(frame);
      }
      const seen = await pump(pair);
      t.is(seen.frames.length, sent.length);
      for (let i = 0; i < sent.length; i++) t.true(Buffer.compare(seen.frames[i]!, sent[i]!) === 0, `frame ${i}`);
    },
  );

  conforms('a claim never offers more than the largest frame', async (t) => {
    const pair = make({ frameBytesMax: 24 });
    const claim = pair.writer.claim(LANE_HIGH, 24)!;
    t.is(claim.end - claim.at, 24);
    t.is(pair.writer.claim(LANE_HIGH, 25), undefined);
  });

  conforms('lanes are drained 8 to 4 to 1, and high first', async (t) => {
    const pair = make();
    for (let i = 0; i < 32; i++) for (const lane of LANE_LIST) t.true(send(pair.writer, lane, sampleFrame(i, 16)));
    await flushed(pair);
    const seen = new Collector();
    t.is(pair.reader.drain(seen, 26), 26);
    const round = LANE_LIST.flatMap((lane) => new Array(LANE_WEIGHTS[lane]).fill(lane));
    t.deepEqual(seen.lanes, [...round, ...round]);
    await pump(pair, seen);
    t.is(seen.frames.length, 96);
  });

  conforms('drain hands over no more than it was asked for', async (t) => {
    const pair = make();
    for (let i = 0; i < 30; i++) send(pair.writer, LANE_MEDIUM, sampleFrame(i, 16));
    await flushed(pair);
    const seen = new Collector();
    t.is(pair.reader.drain(seen, 0), 0);
    t.is(pair.reader.drain(seen, 7), 7);
    t.true(pair.reader.pending());
    t.is(pair.reader.drain(seen, 7), 7);
    t.is(pair.reader.drain(seen, 100), 16);
    t.deepEqual(
      seen.frames,
      Array.from({ length: 30 }, (_, i) => sampleFrame(i, 16)),
    );
  });

  conforms('frames that the handler sends do not keep a drain going', async (t) => {
    const pair = make();
    let handled = 0;
    const echo: FrameHandler = {
      onFrame(input, lane) {
        handled++;
        const frame = new Uint8Array(input.bytes.subarray(input.at, input.end));
        if (!send(pair.writer, lane, frame)) pair.writer.spill(lane, frame);
        pair.writer.flush();
      },
    };
    for (const lane of LANE_LIST) for (let i = 0; i < 10; i++) send(pair.writer, lane, sampleFrame(i, 16));
    await flushed(pair);
    for (let drained = 0, round = 1; round <= 50; round++) {
      const frames = pair.reader.drain(echo, 1_000_000);
      t.true(frames > 0 && frames <= 30);
      drained += frames;
      await flushed(pair);
      t.is(handled, drained);
    }
  });

  conforms(
    'a drain that meets high frames ends with one share of the others, in short drains as in long ones',
    async (t) => {
      const pair = make();
      for (let i = 0; i < 3; i++) send(pair.writer, LANE_HIGH, sampleFrame(i, 16));
      for (const lane of [LANE_MEDIUM, LANE_LOW] as const) {
        for (let i = 0; i < 20; i++) send(pair.writer, lane, sampleFrame(i, 16));
      }
      await flushed(pair);
      const seen = new Collector();
      t.is(pair.reader.drain(seen, 1000), 8);
      t.deepEqual(seen.lanes, [0, 0, 0, 1, 1, 1, 1, 2]);
      // However few frames a drain takes, the low lane has its turn.
      seen.lanes.length = 0;
      for (let i = 0; i < 31; i++) {
        send(pair.writer, LANE_HIGH, sampleFrame(i, 16));
        await flushed(pair);
        t.is(pair.reader.drain(seen, 1), 1);
      }
      t.is(seen.lanes.filter((lane) => lane === LANE_HIGH).length, 5 + 8 + 8);
      t.is(seen.lanes.filter((lane) => lane === LANE_MEDIUM).length, 8);
      t.is(seen.lanes.filter((lane) => lane === LANE_LOW).length, 2);
    },
  );

  conforms('says how many frames wait in each lane, and how many were taken', async (t) => {
    const pair = make();
    const seen = new Collector();
    for (const lane of LANE_LIST) {
      const sent = fill(pair.writer, lane).length;
      t.true(pair.writer.spill(lane, sampleFrame(sent, 32)));
      t.is(pair.writer.waiting(lane), sent + 1);
      await flushed(pair);
      t.is(pair.reader.drain(seen, 5), 5);
      t.is(pair.writer.waiting(lane), sent + 1 - 5);
      t.is(pair.writer.taken(lane), 5);
      await pump(pair, seen);
      t.is(pair.writer.waiting(lane), 0);
      t.is(pair.writer.taken(lane), sent + 1);
    }
  });

  conforms('a frame whose handler throws is drained, the others stay', async (t) => {
    const pair = make();
    for (let i = 0; i < 10; i++) send(pair.writer, LANE_HIGH, sampleFrame(i, 16));
    for (let i = 0; i < 5; i++) send(pair.writer, LANE_LOW, sampleFrame(i, 16));
    await flushed(pair);
    const seen = new Collector();
    const failing: FrameHandler = {
      onFrame(input, lane) {
        seen.onFrame(input, lane);
        if (seen.frames.length % 3 === 0) throw new Error('handler');
      },
    };
    let thrown = 0;
    for (let i = 0; pair.reader.pending() && i < 100; i++) {
      try {
        pair.reader.drain(failing, 100);
      } catch (error) {
        t.is((error as Error).message, 'handler');
        thrown++;
      }
    }
    t.is(thrown, 5);
    for (const [lane, count] of [
      [LANE_HIGH, 10],
      [LANE_LOW, 5],
    ] as const) {
      t.deepEqual(
        seen.frames.filter((_, i) => seen.lanes[i] === lane),
        Array.from({ length: count }, (_, i) => sampleFrame(i, 16)),
      );
    }
    const all = fill(pair.writer, LANE_HIGH).length;
    t.is((await pump(pair)).frames.length, all, 'the room came back');
  });
}
