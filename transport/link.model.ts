/** The simplest thing that does what a link promises, and random programs that are run on both. */
import fc from 'fast-check';
import { Collector, sampleFrame, send } from './link.conformance.ts';
import { LANES, type Lane, type LinkCounters, type LinkReader, type LinkWriter } from './link.ts';

export type LinkStep =
  | { step: 'send'; lane: Lane; bytes: number; slack: number }
  | { step: 'abandon'; lane: Lane; bytes: number }
  | { step: 'spill'; lane: Lane; bytes: number }
  | { step: 'conflate'; lane: Lane; bytes: number; key: string }
  | { step: 'flush' }
  | { step: 'drain'; framesMax: number };

/** Programs whose frames have up to `bytesMax` bytes, most of them small. */
export function linkSteps(bytesMax: number): fc.Arbitrary<LinkStep[]> {
  const lane = fc.constantFrom<Lane>(0, 1, 1, 2);
  const bytes = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: Math.min(40, bytesMax) }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: bytesMax }) },
  );
  const key = fc.constantFrom('a', 'b', 'c');
  const step: fc.Arbitrary<LinkStep> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        step: fc.constant('send' as const),
        lane,
        bytes,
        slack: fc.constantFrom(0, 0, 0, 5, 30),
      }),
    },
    { weight: 1, arbitrary: fc.record({ step: fc.constant('abandon' as const), lane, bytes }) },
    { weight: 2, arbitrary: fc.record({ step: fc.constant('spill' as const), lane, bytes }) },
    { weight: 2, arbitrary: fc.record({ step: fc.constant('conflate' as const), lane, bytes, key }) },
    { weight: 4, arbitrary: fc.constant<LinkStep>({ step: 'flush' }) },
    {
      weight: 3,
      arbitrary: fc.record({ step: fc.constant('drain' as const), framesMax: fc.integer({ min: 1, max: 20 }) }),
    },
  );
  return fc.array(step, { maxLength: 250, size: 'max' });
}

interface Sent {
  frame: Uint8Array;
  readonly key: string | undefined;
  flushed: boolean;
}

interface Limits {
  frameBytesMax: number;
  backlogFramesMax: number;
  backlogBytesMax: number;
}

/** Runs the program on the link and on queues; throws where they differ. */
export function followModel(
  link: { writer: LinkWriter & LinkCounters; reader: LinkReader },
  steps: readonly LinkStep[],
  limits: Limits,
): void {
  const { writer, reader } = link;
  const queues: Sent[][] = [[], [], []];
  let seed = 0;
  let taken = 0;

  const drain = (framesMax: number): number => {
    const seen = new Collector();
    const waiting = queues.flat().filter(({ flushed }) => flushed).length;
    const count = reader.drain(seen, framesMax);
    check(count === seen.frames.length && count <= framesMax, `drain says ${count}, handed over ${seen.frames.length}`);
    check(count <= waiting, `${count} frames drained of ${waiting} flushed ones`);
    for (let i = 0; i < count; i++) {
      const expected = queues[seen.lanes[i]!]!.shift();
      check(expected !== undefined, 'a frame came that was never sent');
      check(expected!.flushed, 'a frame came before its flush');
      check(
        Buffer.compare(expected!.frame, seen.frames[i]!) === 0,
        `frame ${i} on lane ${seen.lanes[i]} is not the next one`,
      );
    }
    return count;
  };
  const flush = (): void => {
    writer.flush();
    for (const queue of queues) for (const sent of queue) sent.flushed = true;
  };

  for (const step of steps) {
    if (step.step === 'flush') flush();
    else if (step.step === 'drain') drain(step.framesMax);
    else if (step.step === 'abandon') {
      const claim = writer.claim(step.lane, step.bytes);
      claim?.bytes.fill(255, claim.at, claim.end);
    } else {
      const frame = sampleFrame(++seed, step.bytes);
      const queue = queues[step.lane]!;
      if (step.step === 'send') {
        const exact = step.slack === 0 ? frame : frame.subarray(0, Math.max(0, frame.length - step.slack));
        if (step.slack === 0 ? send(writer, step.lane, frame) : sendShort(writer, step.lane, frame.length, exact)) {
          queue.push({ frame: exact, key: undefined, flushed: false });
          taken++;
        }
      } else if (step.step === 'spill') {
        if (writer.spill(step.lane, frame)) {
          queue.push({ frame, key: undefined, flushed: false });
          taken++;
        } else {
          const isFull = queue.length >= limits.backlogFramesMax;
          const bytes = queue.reduce((sum, sent) => sum + sent.frame.length, frame.length);
          check(
            isFull || bytes > limits.backlogBytesMax,
            `refused while ${queue.length} frames wait in lane ${step.lane}`,
          );
        }
      } else {
        const result = writer.conflate(step.lane, step.key, frame);
        if (result === 'queued') queue.push({ frame, key: step.key, flushed: false });
        if (result === 'replaced') {
          const waiting = queue.findLast(({ key }) => key === step.key);
          check(waiting !== undefined, 'replaced a frame that does not wait');
          waiting!.frame = frame;
        }
        if (result !== 'full') taken++;
      }
    }
    check(writer.backlog <= limits.backlogFramesMax * LANES, `${writer.backlog} frames wait`);
    for (const [lane, queue] of queues.entries()) {
      const waiting = writer.waiting(lane as Lane);
      check(waiting === queue.length, `${waiting} frames wait in lane ${lane}, ${queue.length} were not drained`);
    }
    check(writer.frames === taken, `counted ${writer.frames} frames of ${taken}`);
  }
  for (let rounds = 0; queues.some((queue) => queue.length > 0); rounds++) {
    check(rounds < 10_000, 'the link does not run dry');
    flush();
    drain(7);
  }
  flush();
  check(!reader.pending() && writer.backlog === 0, 'something is left');
}

function sendShort(writer: LinkWriter, lane: Lane, claimed: number, frame: Uint8Array): boolean {
  const claim = writer.claim(lane, claimed);
  if (claim === undefined) return false;
  claim.bytes.set(frame, claim.at);
  claim.at += frame.length;
  writer.commit();
  return true;
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}
