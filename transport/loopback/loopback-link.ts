import type { Writer } from '../codec/writer.ts';
import { drainByWeight, LaneCredits } from '../lanes.ts';
import type { FrameHandler, Lane, LinkReader, LinkWriter } from '../link.ts';
import { Overflow } from '../overflow.ts';
import { OverflowingLink } from '../overflowing-link.ts';
import { LoopbackLane } from './loopback-lane.ts';

export interface LoopbackLinkOptions {
  /** Default 16 MiB. */
  frameBytesMax?: number;
  /** Bounds of each lane's overflow: 65 536 frames and 64 MiB (at least one largest frame) by default. */
  backlogFramesMax?: number;
  backlogBytesMax?: number;
  /**
   * Bytes of each of the two pages of lane high, medium and low; multiples of 8. Default 256 KiB, 1 MiB, 256 KiB. The system
   * commits memory when it is first touched, so large pages cost nothing until they are needed.
   */
  pageBytes?: readonly [high: number, medium: number, low: number];
}

/** The link of a node to itself: both sides at once and the same promises, without shared memory. */
export class LoopbackLink extends OverflowingLink implements LinkWriter, LinkReader {
  readonly frameBytesMax: number;
  bytes = 0;
  protected readonly overflow: Overflow;
  private readonly credits = new LaneCredits();
  private readonly high: LoopbackLane;
  private readonly medium: LoopbackLane;
  private readonly low: LoopbackLane;
  private claimed: LoopbackLane;
  /** What `framesWritten` was at the last flush. */
  private framesFlushed = 0;

  constructor(options: LoopbackLinkOptions = {}) {
    super();
    const { frameBytesMax = 16 * 1024 * 1024, backlogFramesMax, backlogBytesMax } = options;
    const [high, medium, low] = options.pageBytes ?? [256 * 1024, 1024 * 1024, 256 * 1024];
    this.frameBytesMax = frameBytesMax;
    this.high = new LoopbackLane(0, high, frameBytesMax);
    this.medium = new LoopbackLane(1, medium, frameBytesMax);
    this.low = new LoopbackLane(2, low, frameBytesMax);
    this.overflow = new Overflow([this.high, this.medium, this.low], {
      frameBytesMax,
      backlogFramesMax,
      backlogBytesMax,
    });
    this.claimed = this.medium;
  }

  /** Frames that went into the pages, of all lanes. */
  protected get framesWritten(): number {
    return this.high.frames + this.medium.frames + this.low.frames;
  }

  waiting(lane: Lane): number {
    const from = this.laneOf(lane);
    return from.frames - from.framesTaken + this.overflow.framesOf(lane);
  }

  taken(lane: Lane): number {
    return this.laneOf(lane).framesTaken;
  }

  claim(lane: Lane, bytes: number): Writer | undefined {
    const to = this.laneOf(lane);
    const { begin, writer } = to;
    const end = Math.min(to.windowEnd, begin + this.frameBytesMax);
    if (begin + bytes > end) return this.claimSlowly(to, lane, bytes);
    writer.at = begin;
    writer.end = end;
    if (this.claimed !== to) this.claimed = to;
    return writer;
  }

  private laneOf(lane: Lane): LoopbackLane {
    return lane === 1 ? this.medium : lane === 0 ? this.high : this.low;
  }

  private claimSlowly(to: LoopbackLane, lane: Lane, bytes: number): Writer | undefined {
    // Not past what waits already, or the lane would lose its order.
    if (bytes > to.frameBytesMax || this.overflow.waits(lane) || !to.makeRoom(bytes)) return undefined;
    return this.claim(lane, bytes);
  }

  commit(): void {
    const { claimed } = this;
    const { at, end } = claimed.writer;
    // A second commit of one claim ends before it begins.
    if (at > end || at < claimed.begin) {
      throw new RangeError(`A frame ends at ${at}, outside of its claim from ${claimed.begin} to ${end}.`);
    }
    claimed.commit(at);
  }

  spill(lane: Lane, frame: Uint8Array, rooms = 1): boolean {
    return this.overflow.spill(lane, frame, rooms);
  }

  conflate(lane: Lane, key: string, frame: Uint8Array): 'queued' | 'replaced' | 'full' {
    return this.overflow.conflate(lane, key, frame);
  }

  flush(): void {
    if (this.overflow.frames !== 0) this.overflow.move();
    const written = this.framesWritten;
    if (written === this.framesFlushed) return;
    this.framesFlushed = written;
    this.bytes += this.high.flush() + this.medium.flush() + this.low.flush();
  }

  glance(): boolean {
    return this.pending();
  }

  pending(): boolean {
    return this.medium.pending() || this.high.pending() || this.low.pending();
  }

  /**
   * Frames flushed after this began are for the next drain, so it ends. When the handler throws, the frame it was given counts
   * as drained and the rest stays.
   */
  drain(handler: FrameHandler, framesMax: number): number {
    const { high, medium, low } = this;
    const highPending = high.look();
    const mediumPending = medium.look();
    if (low.look() || highPending) return drainByWeight(high, medium, low, this.credits, handler, framesMax);
    return mediumPending ? medium.take(handler, framesMax) : 0;
  }
}
