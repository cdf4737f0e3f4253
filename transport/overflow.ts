import { FrameQueue } from './frame-queue.ts';
import type { Lane } from './link.ts';

/** Where a finished frame goes when there is room. */
export interface OverflowLane {
  /** Frames up to this are copied whole or not at all; larger ones may leave in pieces. */
  readonly frameBytesMax: number;
  /** Copies the frame from `sent` on; returns how many of its bytes have left now, or a negative number for no change. */
  copy(frame: Uint8Array, sent: number): number;
}

export interface OverflowOptions {
  frameBytesMax: number;
  /** Bounds of each lane: 65 536 frames and 64 MiB (at least one largest frame) by default. */
  backlogFramesMax?: number | undefined;
  backlogBytesMax?: number | undefined;
}

/**
 * Where the frames of a link wait that found no room: first in, first out for every lane, bounded for each by frames
 * and by bytes: a flood of one priority takes no room from the others. While frames of a lane wait here, new ones of that lane go behind them, so it keeps its order.
 */
export class Overflow {
  /** Frames that wait, over all lanes, now and at most so far. */
  frames = 0;
  framesHighest = 0;
  /** Frames that ever waited; that were replaced by a newer one of their key; that were refused. */
  spilled = 0;
  replaced = 0;
  refused = 0;
  private readonly frameBytesMax: number;
  private readonly framesMax: number;
  private readonly bytesMax: number;
  private readonly lanes: readonly OverflowLane[];
  private readonly queues = [new FrameQueue(), new FrameQueue(), new FrameQueue()] as const;

  constructor(lanes: readonly [OverflowLane, OverflowLane, OverflowLane], options: OverflowOptions) {
    this.lanes = lanes;
    this.frameBytesMax = options.frameBytesMax;
    this.framesMax = options.backlogFramesMax ?? 65_536;
    this.bytesMax = options.backlogBytesMax ?? Math.max(64 * 1024 * 1024, options.frameBytesMax);
  }

  waits(lane: Lane): boolean {
    return this.queues[lane].length !== 0;
  }

  framesOf(lane: Lane): number {
    return this.queues[lane].length;
  }

  /** For a link that ends: whole frames, the first of which may have left in part. */
  framesLeft(lane: Lane): Uint8Array[] {
    return [...this.queues[lane]].map(({ frame }) => frame);
  }

  /** Sends the frame if there is room, or keeps a copy. False, and nothing taken, when there is no place for that either. */
  spill(lane: Lane, frame: Uint8Array, rooms = 1, key?: string): boolean {
    this.checkSize(frame);
    const to = this.lanes[lane]!;
    const queue = this.queues[lane];
    let sent = -1;
    // A large frame may have to stay here in part, so its place must be certain before its first piece leaves.
    if (!this.waits(lane) && (frame.length <= to.frameBytesMax || this.admits(queue, frame.length, rooms)))
      sent = to.copy(frame, 0);
    if (sent === frame.length) return true;
    if (!this.admits(queue, frame.length, rooms)) {
      this.refused++;
      return false;
    }
    // Not slice(): a Buffer's slice shares its memory.
    queue.push({ frame: new Uint8Array(frame), key, sent: Math.max(0, sent) });
    this.frames++;
    this.spilled++;
    if (this.frames > this.framesHighest) this.framesHighest = this.frames;
    return true;
  }

  /** Takes the place of the waiting frame with this key, or does as `spill`. */
  conflate(lane: Lane, key: string, frame: Uint8Array): 'queued' | 'replaced' | 'full' {
    this.checkSize(frame);
    const queue = this.queues[lane];
    const waiting = queue.withKey(key);
    if (waiting === undefined) return this.spill(lane, frame, 1, key) ? 'queued' : 'full';
    if (queue.bytes + frame.length - waiting.frame.length > this.bytesMax) {
      this.refused++;
      return 'full';
    }
    queue.replace(waiting, new Uint8Array(frame));
    this.replaced++;
    return 'replaced';
  }

  /** Sends what there is room for. */
  move(): void {
    this.moveLane(0);
    this.moveLane(1);
    this.moveLane(2);
  }

  private moveLane(lane: Lane): void {
    const queue = this.queues[lane];
    const to = this.lanes[lane]!;
    for (let first = queue.first(); first !== undefined; first = queue.first()) {
      const sent = to.copy(first.frame, first.sent);
      if (sent !== first.frame.length) {
        if (sent > first.sent) queue.begin(sent);
        return;
      }
      queue.shift();
      this.frames--;
    }
  }

  private admits(queue: FrameQueue, bytes: number, rooms: number): boolean {
    return queue.length < this.framesMax * rooms && queue.bytes + bytes <= this.bytesMax * rooms;
  }

  private checkSize(frame: Uint8Array): void {
    if (frame.length > this.frameBytesMax) {
      throw new RangeError(`A frame of ${frame.length} bytes is larger than the limit of ${this.frameBytesMax}.`);
    }
  }
}
