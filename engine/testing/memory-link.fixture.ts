import { Reader } from '../../transport/codec/reader.ts';
import { Writer } from '../../transport/codec/writer.ts';
import { type FrameHandler, LANES, type Lane, type LinkReader, type LinkWriter } from '../../transport/link.ts';
import type { Clock } from '../base/clock.ts';
import type { LostFrames } from '../runtime/moves/cluster-ports.ts';

interface Flying {
  readonly lane: Lane;
  readonly frame: Uint8Array;
  readonly due: number;
}

/** Both ends of a link between hosts, without loss and in order, which takes as long as a test says. */
export class MemoryLink implements LinkWriter, LinkReader {
  readonly frameBytesMax = 1024 * 1024;
  /** Milliseconds from a flush to the other end. */
  delayMs = 0;
  /** What is flushed stays here. */
  isCut = false;
  /** Frames of a lane that may wait to be flushed; beyond, a message is refused. */
  framesMax = 65_536;
  private readonly clock: Clock;
  private readonly wake: () => void;
  private readonly queued: Uint8Array[][] = [[], [], []];
  private flying: Flying[][] = [[], [], []];
  private readonly counts = [0, 0, 0];
  private writer = new Writer(new Uint8Array(64 * 1024));
  private lane: Lane = 0;
  private isClosed = false;

  /** `wake` gives the reader a round. */
  constructor(clock: Clock, wake: () => void) {
    this.clock = clock;
    this.wake = wake;
  }

  claim(lane: Lane, bytes: number): Writer | undefined {
    if (bytes > this.writer.bytes.length || this.queued[lane]!.length >= this.framesMax) return undefined;
    this.lane = lane;
    this.writer.at = 0;
    this.writer.end = this.writer.bytes.length;
    return this.writer;
  }

  commit(): void {
    this.queued[this.lane]!.push(this.writer.bytes.slice(0, this.writer.at));
  }

  spill(lane: Lane, frame: Uint8Array, rooms = 1): boolean {
    if (this.queued[lane]!.length >= this.framesMax * rooms) return false;
    this.queued[lane]!.push(new Uint8Array(frame));
    return true;
  }

  conflate(lane: Lane, _key: string, frame: Uint8Array): 'queued' | 'full' {
    return this.spill(lane, frame) ? 'queued' : 'full';
  }

  flush(): void {
    if (this.isCut || this.isClosed) return;
    for (let lane = 0 as Lane; lane < LANES; lane++) {
      const due = Math.max(this.clock.now() + this.delayMs, this.flying[lane]!.at(-1)?.due ?? 0);
      for (const frame of this.queued[lane]!.splice(0)) this.flying[lane]!.push({ lane, frame, due });
    }
    if (this.pending()) this.wake();
  }

  get backlog(): number {
    return this.queued.reduce((sum, { length }) => sum + length, 0);
  }

  /** When the next frame arrives. */
  get nextDue(): number {
    return Math.min(...this.flying.map((lane) => lane[0]?.due ?? Number.POSITIVE_INFINITY));
  }

  waiting(lane: Lane): number {
    return this.queued[lane]!.length + this.flying[lane]!.length;
  }

  taken(lane: Lane): number {
    return this.counts[lane]!;
  }

  glance(): boolean {
    return this.pending();
  }

  pending(): boolean {
    return !this.isClosed && this.nextDue <= this.clock.now();
  }

  drain(handler: FrameHandler, framesMax: number): number {
    let frames = 0;
    for (const lane of this.flying) {
      while (!this.isClosed && frames < framesMax && lane.length > 0 && lane[0]!.due <= this.clock.now()) {
        const one = lane.shift()!;
        this.counts[one.lane]!++;
        frames++;
        handler.onFrame(new Reader(one.frame), one.lane);
      }
    }
    return frames;
  }

  /** Nothing leaves or arrives any more. */
  close(): LostFrames {
    this.isClosed = true;
    const unsent = this.queued.flatMap((lane, index) =>
      lane.splice(0).map((frame) => ({ lane: index as Lane, frame })),
    );
    const unknown = this.flying.flatMap((lane) => lane.splice(0).map(({ lane, frame }) => ({ lane, frame })));
    return { unsent, unknown };
  }
}
