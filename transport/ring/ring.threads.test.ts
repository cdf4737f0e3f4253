import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import type { FrameHandler } from '../link.ts';
import { Doorbell } from './doorbell.ts';
import { takeRemaining } from './remaining-frames.ts';
import { BOARD_BYTES, BOARD_PROGRESS, type PeerData, type Waiting } from './ring.threads.peer.ts';
import { RingLinkReader } from './ring-link-reader.ts';
import { RingLinkWriter } from './ring-link-writer.ts';
import { allocateRingLink, type LaneBytes } from './ring-memory.ts';

// Two threads and two cores: one scenario at a time.
const threads = (title: string, run: (t: ExecutionContext) => Promise<void>) =>
  test.serial(title, async (t) => {
    t.timeout(60_000);
    await run(t);
  });
const peer = new URL('./ring.threads.peer.js', import.meta.url);
const SCENARIO_MS = 3000;
const NEAR_WRAP = 2 ** 32 - 4096;

interface Scenario {
  roles: readonly [PeerData['role'], PeerData['role']];
  rounds: number;
  waiting?: readonly [Waiting, Waiting];
  laneBytes?: LaneBytes;
}

/** Runs both roles, each in a thread of its own; returns what they report. */
async function play(t: ExecutionContext, scenario: Scenario): Promise<any[]> {
  const { roles, rounds, waiting = ['nap', 'nap'], laneBytes = [128, 256, 128] } = scenario;
  const seed = Number(process.env.SKERRY_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
  const link = () => allocateRingLink({ laneBytes, start: NEAR_WRAP, frameBytesMax: 4096 });
  const [there, back, board] = [link(), link(), new SharedArrayBuffer(BOARD_BYTES)];
  const bells = [Doorbell.allocate(), Doorbell.allocate()] as const;
  const workers = roles.map((role, side) => {
    const workerData: PeerData = {
      role,
      seed,
      rounds,
      ms: SCENARIO_MS,
      waiting: waiting[side]!,
      there,
      back,
      ownBell: bells[side]!,
      otherBell: bells[1 - side]!,
      board,
    };
    return new Worker(peer, { workerData });
  });
  try {
    // Both at once: one thread may be gone before the other reports.
    const ends = workers.map((worker) => Promise.all([once(worker, 'message'), once(worker, 'exit')]));
    return (await Promise.all(ends)).map(([[report]]) => report);
  } catch (error) {
    t.log(`SKERRY_TEST_SEED=${seed}`);
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw error;
  }
}

for (const [reading, writing, rounds] of [
  ['spin', 'spin', 200_000],
  ['nap', 'nap', 100_000],
  ['sleep', 'sleep', 30_000],
  ['nap', 'sleep', 30_000],
  ['spin', 'nap', 60_000],
] as const) {
  threads(
    `frames of all sizes and lanes pass in order: the reader waits by ${reading}, the writer by ${writing}`,
    async (t) => {
      const reports = await play(t, {
        roles: ['streamWriter', 'streamReader'],
        rounds,
        waiting: [writing, reading],
      });
      t.is(reports[0].frames, reports[1].frames);
      t.true(reports[0].spilled > 0, 'the ring was full now and then');
    },
  );
}

threads('a stream through larger rings', async (t) => {
  const reports = await play(t, {
    roles: ['streamWriter', 'streamReader'],
    rounds: 300_000,
    laneBytes: [4096, 16_384, 1024],
  });
  t.is(reports[0].frames, reports[1].frames);
});

for (const [one, other, rounds] of [
  ['nap', 'nap', 40_000],
  ['sleep', 'sleep', 8000],
  ['nap', 'sleep', 8000],
  ['nap', 'nap beside an old sleep', 8000],
] as const) {
  threads(`no wake-up is lost: one waits by ${one}, the other by ${other}`, async (t) => {
    const reports = await play(t, { roles: ['ping', 'pong'], rounds, waiting: [one, other] });
    t.log(`${reports[0].rounds} rounds, ${reports[0].wakeUps} and ${reports[1].wakeUps} wake-ups`);
    t.true(reports[0].wakeUps > 0 && reports[1].wakeUps > 0);
  });
}

/** Everything two racing threads can observe: allowed or not. */
const FLUSH_AGAINST_ARM = [
  { outcome: 'nobody notices the other: the node would sleep on a frame', allowed: false },
  { outcome: 'the node sees the frame; the writer saw it awake', allowed: true },
  { outcome: 'the writer wakes the node, which had seen nothing', allowed: true },
  { outcome: 'both', allowed: true },
] as const;

const FLUSH_AGAINST_DRAIN = [
  { outcome: 'nobody notices the other: the writer would sleep beside free room', allowed: false },
  { outcome: 'the writer finds the room; the reader saw no need', allowed: true },
  { outcome: 'the reader wakes the writer, which had found no room', allowed: true },
  { outcome: 'both', allowed: true },
] as const;

for (const [title, table, roles] of [
  ['a flush against a node that falls asleep', FLUSH_AGAINST_ARM, ['armingWriter', 'armingReader']],
  ['the flush of a full ring against a drain', FLUSH_AGAINST_DRAIN, ['roomWriter', 'roomReader']],
] as const) {
  threads(`${title}: only allowed outcomes`, async (t) => {
    const rounds = 100_000;
    const [counts] = await play(t, { roles, rounds, laneBytes: [128, 128, 128] });
    for (let i = 0; i < table.length; i++) {
      const { outcome, allowed } = table[i]!;
      t.log(`${String(counts[i]).padStart(7)}  ${outcome}`);
      if (!allowed) t.is(counts[i], 0, outcome);
    }
    t.true(counts.reduce((sum: number, count: number) => sum + count, 0) >= 100);
  });
}

function numbers(into: number[]): FrameHandler {
  return { onFrame: (input) => void into.push(input.view.getInt32(input.at, true)) };
}

function victim(role: 'victimReader' | 'victimWriter', rounds: number) {
  const there = allocateRingLink({ laneBytes: [128, 4096, 128], start: NEAR_WRAP });
  const board = new SharedArrayBuffer(BOARD_BYTES);
  const [ownBell, otherBell] = [Doorbell.allocate(), Doorbell.allocate()];
  const workerData: PeerData = {
    role,
    seed: 1,
    rounds,
    ms: SCENARIO_MS,
    waiting: 'nap',
    there,
    back: there,
    ownBell,
    otherBell,
    board,
  };
  return { there, progress: new Int32Array(board), ownBell, otherBell, worker: new Worker(peer, { workerData }) };
}

for (const end of ['terminated', 'exiting in a frame'] as const) {
  threads(`a reader that dies, ${end}, leaves exactly the frames it has not begun`, async (t) => {
    for (let round = 0; round < 6; round++) {
      const last = 1000 + round * 577;
      const { there, progress, ownBell, worker } = victim('victimReader', end === 'terminated' ? -1 : last);
      const writer = new RingLinkWriter(there, { readerBell: new Doorbell(ownBell) });
      let dead = false;
      const exit = once(worker, 'exit').then(() => {
        dead = true;
      });
      let sent = 0;
      const write = () => {
        for (let i = 0; i < 50; i++) {
          const claim = writer.claim(1, 12);
          if (claim === undefined) {
            const frame = new Uint8Array(12);
            new DataView(frame.buffer).setInt32(0, sent++, true);
            writer.spill(1, frame);
          } else {
            claim.view.setInt32(claim.at, sent++, true);
            claim.at += 12;
            writer.commit();
          }
        }
        writer.flush();
      };
      await once(worker, 'online');
      while (Atomics.load(progress, BOARD_PROGRESS) < last) {
        if (writer.backlog < 1000) write();
        else await new Promise(setImmediate);
        writer.flush();
      }
      write();
      if (end === 'terminated') void worker.terminate();
      for (; !dead; writer.flush()) await new Promise(setImmediate);
      await exit;
      write();
      const begun = progress[BOARD_PROGRESS]!;
      const left: number[] = [];
      t.is(takeRemaining(there, numbers(left), writer), left.length);
      // One more than begun may be missing: the reader can die between TAKEN and the handler.
      const from = left[0]!;
      t.true(from === begun || from === begun + 1, `begun ${begun}, the rest starts with ${from}`);
      t.deepEqual(
        left,
        Array.from({ length: sent - from }, (_, i) => from + i),
      );
    }
  });
}

for (const end of ['terminated', 'exiting between frames'] as const) {
  threads(`what a dead writer, ${end}, published arrives; the rest was never there`, async (t) => {
    for (let round = 0; round < 6; round++) {
      const last = 2000 + round * 577;
      const { there, progress, ownBell, worker } = victim('victimWriter', end === 'terminated' ? 2 ** 30 : last);
      const reader = new RingLinkReader(there, { writerBell: new Doorbell(ownBell) });
      let dead = false;
      const exit = once(worker, 'exit').then(() => {
        dead = true;
      });
      const seen: number[] = [];
      while (!dead && (end !== 'terminated' || seen.length < last)) {
        if (reader.drain(numbers(seen), 100) === 0) await new Promise(setImmediate);
      }
      if (end === 'terminated') void worker.terminate();
      await exit;
      while (reader.pending()) reader.drain(numbers(seen), 100);
      t.true(seen.length >= progress[BOARD_PROGRESS]!, `${seen.length} of ${progress[BOARD_PROGRESS]}`);
      t.deepEqual(
        seen,
        Array.from({ length: seen.length }, (_, i) => i),
      );
    }
  });
}
