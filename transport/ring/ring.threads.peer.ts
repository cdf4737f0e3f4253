/** The worker of `ring.threads.test.ts`: plays one role of one scenario and reports what it saw. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Reader } from '../codec/reader.ts';
import { sampleFrame, send } from '../link.conformance.ts';
import type { FrameHandler, Lane } from '../link.ts';
import { Doorbell } from './doorbell.ts';
import { RingLinkReader } from './ring-link-reader.ts';
import { RingLinkWriter } from './ring-link-writer.ts';

/** How a thread waits for the other one. */
export type Waiting = 'spin' | 'nap' | 'sleep' | 'nap beside an old sleep';

export interface PeerData {
  role: keyof typeof roles;
  seed: number;
  /** At most this often, and for this long; the machine may be busy with something else. */
  rounds: number;
  ms: number;
  waiting: Waiting;
  /** From the first thread to the second, and back. */
  there: SharedArrayBuffer;
  back: SharedArrayBuffer;
  ownBell: SharedArrayBuffer;
  otherBell: SharedArrayBuffer;
  /** Words for barriers and for what the test wants to see while we run. */
  board: SharedArrayBuffer;
}

const LOST_AFTER_MS = 5000;
/** Of doorbell.ts. */
const BELL = 32;
const SLEEPING = 1;
const BARRIER_STRIDE = 32;
/** More than any round of a race has. */
const BARRIERS_MAX = 64;
export const BOARD_OUTCOMES = 96;
export const BOARD_PROGRESS = 128;
const BOARD_TOTAL = 160;
export const BOARD_BYTES = 1024;

class Dice {
  private state: number;
  constructor(seed: number) {
    this.state = seed | 1;
  }
  below(limit: number): number {
    this.state = Math.imul(this.state, 1664525) + 1013904223;
    return (this.state >>> 8) % limit;
  }
  /** Lets a little time pass, a different one each time. */
  idle(): void {
    let sink = 0;
    for (let i = this.below(4) === 0 ? this.below(400) : this.below(30); i > 0; i--) sink ^= i;
    if (sink === -1) throw new Error('never');
  }
}

/**
 * Sleeps like a node. A long sleep in which nobody rang, though there was `reason` to, is a lost wake-up; a long sleep alone
 * says only that the machine is busy.
 */
async function rest(data: PeerData, bell: Doorbell, ready: () => boolean, reason = ready): Promise<void> {
  const { waiting } = data;
  if (waiting !== 'spin' && bell.arm() && !ready()) {
    const began = performance.now();
    if (waiting === 'nap beside an old sleep') void bell.sleep();
    if (waiting !== 'sleep') bell.nap(LOST_AFTER_MS);
    else {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, LOST_AFTER_MS);
      });
      await Promise.race([bell.sleep(), late]);
      clearTimeout(timer);
    }
    const silent = Atomics.load(new Int32Array(data.ownBell), BELL) === SLEEPING;
    if (silent && performance.now() - began >= LOST_AFTER_MS && reason()) throw new Error('a wake-up was lost');
  }
  bell.disarm();
}

/** Lets a writer sleep until there is room for what waits: nothing else would wake it. */
async function restForRoom(data: PeerData, bell: Doorbell, writer: RingLinkWriter): Promise<void> {
  writer.flush();
  const { backlog } = writer;
  const wentOn = () => {
    writer.flush();
    return writer.backlog < backlog;
  };
  if (backlog > 0) await rest(data, bell, () => false, wentOn);
  writer.flush();
}

function barrier(board: Int32Array, side: 0 | 1, step: number): void {
  Atomics.store(board, side * BARRIER_STRIDE, step);
  const other = (1 - side) * BARRIER_STRIDE;
  for (let spins = 0; Atomics.load(board, other) < step; spins++) {
    if (spins < 5000) continue;
    // The other thread may have no core at the moment.
    const seen = Atomics.load(board, other);
    if (seen < step) Atomics.wait(board, other, seen, 0.1);
    if (spins > 100_000) throw new Error('the other thread does not come');
  }
}

/** The same sequence of frames on both sides. */
function nextFrame(dice: Dice, number: number): { lane: Lane; frame: Uint8Array } {
  const length = dice.below(20) === 0 ? dice.below(600) : dice.below(60);
  return { lane: dice.below(3) as Lane, frame: sampleFrame(number, length) };
}

async function streamWriter(data: PeerData): Promise<unknown> {
  const bell = new Doorbell(data.ownBell);
  const writer = new RingLinkWriter(data.there, { readerBell: new Doorbell(data.otherBell), backlogFramesMax: 50 });
  const dice = new Dice(data.seed);
  const pace = new Dice(data.seed + 1);
  const board = new Int32Array(data.board);
  const until = performance.now() + data.ms;
  for (let number = 0, total = data.rounds; number < total; number++) {
    const { lane, frame } = nextFrame(dice, number);
    if (number % 64 === 0 && performance.now() > until) total = number + 1;
    // Before the last frame, so that the reader knows it when that arrives.
    if (number === total - 1) Atomics.store(board, BOARD_TOTAL, total);
    while (!send(writer, lane, frame) && !writer.spill(lane, frame)) await restForRoom(data, bell, writer);
    if (pace.below(8) === 0) writer.flush();
    if (pace.below(50) === 0) pace.idle();
  }
  do await restForRoom(data, bell, writer);
  while (writer.backlog > 0);
  return { frames: writer.frames, spilled: writer.spilled };
}

async function streamReader(data: PeerData): Promise<unknown> {
  const bell = new Doorbell(data.ownBell);
  const reader = new RingLinkReader(data.there, { writerBell: new Doorbell(data.otherBell), scrub: true });
  const dice = new Dice(data.seed);
  const pace = new Dice(data.seed + 2);
  const expected: Uint8Array[][] = [[], [], []];
  const board = new Int32Array(data.board);
  let announced = 0;
  let seen = 0;
  const handler: FrameHandler = {
    onFrame(input: Reader, lane: Lane) {
      while (expected[lane]!.length === 0 && announced < data.rounds) {
        const next = nextFrame(dice, announced++);
        expected[next.lane]!.push(next.frame);
      }
      const frame = expected[lane]!.shift();
      const got = input.bytes.subarray(input.at, input.end);
      if (frame === undefined || Buffer.compare(frame, got) !== 0) {
        throw new Error(`frame ${seen} (lane ${lane}, ${got.length} bytes) is not the one that was sent`);
      }
      seen++;
    },
  };
  let sleeps = 0;
  while (seen === 0 || seen !== Atomics.load(board, BOARD_TOTAL)) {
    if (reader.drain(handler, 1 + pace.below(20)) > 0) continue;
    sleeps++;
    await rest(data, bell, () => reader.pending());
  }
  return { frames: seen, sleeps };
}

/** One frame goes to and fro; whoever does not have it sleeps. Every sleep is a chance to lose the wake-up. */
async function pingPong(data: PeerData, first: boolean): Promise<unknown> {
  const bell = new Doorbell(data.ownBell);
  const other = new Doorbell(data.otherBell);
  const writer = new RingLinkWriter(first ? data.there : data.back, { readerBell: other });
  const reader = new RingLinkReader(first ? data.back : data.there, { writerBell: other });
  const dice = new Dice(data.seed + (first ? 1 : 2));
  const until = performance.now() + data.ms;
  const ball = sampleFrame(1, 16);
  const lastBall = sampleFrame(1, 8);
  let held = first;
  let over = false;
  const handler: FrameHandler = {
    onFrame(input) {
      held = true;
      over = input.end - input.at === lastBall.length;
    },
  };
  let rounds = 0;
  while (!over) {
    if (held) {
      held = false;
      rounds++;
      dice.idle();
      if (first && (rounds === data.rounds || performance.now() > until)) over = true;
      if (!send(writer, dice.below(3) as Lane, over ? lastBall : ball)) throw new Error('no room for one frame');
      writer.flush();
    }
    dice.idle();
    if (!over && reader.drain(handler, 10) === 0) await rest(data, bell, () => reader.pending());
  }
  return { rounds, wakeUps: other.wakeUps };
}

/** Both sides of a race do the same number of rounds; the writing one says when it is over. */
function goesOn(data: PeerData, board: Int32Array, side: 0 | 1, round: number, began: number): boolean {
  if (side === 0) Atomics.store(board, BOARD_TOTAL, round < data.rounds && performance.now() - began < data.ms ? 0 : 1);
  barrier(board, side, round * BARRIERS_MAX + 1);
  return Atomics.load(board, BOARD_TOTAL) === 0;
}

/**
 * Both threads do one thing at the same time, again and again; counts the four combinations of what they observed.
 * `arming`: one flushes, the other arms and looks. `room`: one flushes a full ring, the other drains from it.
 */
async function arming(data: PeerData, writes: boolean): Promise<unknown> {
  const board = new Int32Array(data.board);
  const side = writes ? 0 : 1;
  const dice = new Dice(data.seed + side);
  const bell = new Doorbell(writes ? data.otherBell : data.ownBell);
  const writer = writes ? new RingLinkWriter(data.there, { readerBell: bell }) : undefined;
  const reader = writes ? undefined : new RingLinkReader(data.there);
  const frame = sampleFrame(1, 8);
  const outcomes = [0, 0, 0, 0];
  const began = performance.now();
  for (let round = 0; goesOn(data, board, side, round, began); round++) {
    let step = round * BARRIERS_MAX + 2;
    barrier(board, side, step++);
    dice.idle();
    if (writer !== undefined) {
      const before = bell.wakeUps;
      send(writer, 1, frame);
      writer.flush();
      const rang = bell.wakeUps - before;
      barrier(board, side, step++);
      outcomes[rang * 2 + Atomics.load(board, BOARD_OUTCOMES)]!++;
    } else {
      const saw = bell.arm() && !reader!.pending() ? 0 : 1;
      Atomics.store(board, BOARD_OUTCOMES, saw);
      barrier(board, side, step++);
      reader!.drain({ onFrame() {} }, 10);
      bell.disarm();
    }
    barrier(board, side, step++);
  }
  return outcomes;
}

async function room(data: PeerData, writes: boolean): Promise<unknown> {
  const board = new Int32Array(data.board);
  const side = writes ? 0 : 1;
  const dice = new Dice(data.seed + side);
  const writerBell = new Doorbell(writes ? data.ownBell : data.otherBell);
  const writer = writes ? new RingLinkWriter(data.there) : undefined;
  const reader = writes ? undefined : new RingLinkReader(data.there, { writerBell });
  const frame = sampleFrame(1, 24);
  const nothing: FrameHandler = { onFrame() {} };
  const outcomes = [0, 0, 0, 0];
  const began = performance.now();
  for (let round = 0; goesOn(data, board, side, round, began); round++) {
    let step = round * BARRIERS_MAX + 2;
    if (writer !== undefined) {
      while (send(writer, 1, frame));
      writer.flush();
      writer.spill(1, frame);
      writer.spill(1, frame);
    }
    barrier(board, side, step++);
    dice.idle();
    if (writer !== undefined) {
      const before = writer.backlog;
      writer.flush();
      const moved = writer.backlog < before ? 1 : 0;
      barrier(board, side, step++);
      const woken = writerBell.arm() ? 0 : 1;
      writerBell.disarm();
      outcomes[woken * 2 + moved]!++;
      while (writer.backlog > 0) {
        barrier(board, side, step++);
        barrier(board, side, step++);
        writer.flush();
        Atomics.store(board, BOARD_OUTCOMES, writer.backlog);
        barrier(board, side, step++);
      }
      // What the clean-up left on the bell is not of the next round.
      writerBell.arm();
      writerBell.disarm();
    } else {
      reader!.drain(nothing, 1);
      barrier(board, side, step++);
      // The first step of the clean-up is always made: at most one of the two frames can have moved.
      do {
        barrier(board, side, step++);
        reader!.drain(nothing, 100);
        barrier(board, side, step++);
        barrier(board, side, step++);
      } while (Atomics.load(board, BOARD_OUTCOMES) > 0);
      while (reader!.drain(nothing, 100) > 0);
    }
    barrier(board, side, step++);
  }
  return outcomes;
}

/** Drains until it is killed, and keeps a public count of what it did. */
async function victimReader(data: PeerData): Promise<unknown> {
  const board = new Int32Array(data.board);
  const reader = new RingLinkReader(data.there, { writerBell: new Doorbell(data.otherBell) });
  const bell = new Doorbell(data.ownBell);
  const handler: FrameHandler = {
    onFrame(input) {
      const number = input.view.getInt32(input.at, true);
      if (number !== board[BOARD_PROGRESS]) throw new Error(`frame ${number} after ${board[BOARD_PROGRESS]}`);
      board[BOARD_PROGRESS] = number + 1;
      if (number === data.rounds) process.exit(3);
    },
  };
  for (;;) if (reader.drain(handler, 64) === 0) await rest(data, bell, () => reader.pending());
}

/** Writes until it is killed. */
async function victimWriter(data: PeerData): Promise<unknown> {
  const board = new Int32Array(data.board);
  const writer = new RingLinkWriter(data.there, { readerBell: new Doorbell(data.otherBell) });
  const bell = new Doorbell(data.ownBell);
  for (let number = 0; ; ) {
    const claim = writer.claim(1, 8 + (number % 40));
    if (claim === undefined) {
      writer.spill(1, new Uint8Array(new Int32Array([number++]).buffer));
      await restForRoom(data, bell, writer);
      continue;
    }
    claim.view.setInt32(claim.at, number, true);
    claim.at += 8 + (number % 40);
    writer.commit();
    number++;
    if (number % 5 === 0) {
      writer.flush();
      board[BOARD_PROGRESS] = number;
      if (number >= data.rounds) process.exit(3);
    }
  }
}

const roles = {
  streamWriter,
  streamReader,
  ping: (data: PeerData) => pingPong(data, true),
  pong: (data: PeerData) => pingPong(data, false),
  armingWriter: (data: PeerData) => arming(data, true),
  armingReader: (data: PeerData) => arming(data, false),
  roomWriter: (data: PeerData) => room(data, true),
  roomReader: (data: PeerData) => room(data, false),
  victimReader,
  victimWriter,
};

if (parentPort !== null) {
  // An event loop that has nothing to do would let the thread end while it sleeps.
  const alive = setInterval(() => {}, 60_000);
  const data = workerData as PeerData;
  parentPort.postMessage(await roles[data.role](data));
  clearInterval(alive);
}
