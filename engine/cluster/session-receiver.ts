import { type Ack, WINDOW_BYTES, WINDOW_FRAMES } from './session-sender.ts';

/** The receiving end of one session: hands every frame over once and in order, and says what it has and will take. */
export class SessionReceiver<F> {
  duplicates = 0;
  /** Outside of what was granted: a sender that keeps to the protocol sends none. */
  refused = 0;
  private readonly windowFrames: number;
  private readonly windowBytes: number;
  private readonly early = new Map<number, { frame: F; bytes: number }>();
  private earlyBytes = 0;
  private next = 1;
  private releasedFrames = 0;
  private releasedBytes = 0;

  constructor(windowFrames = WINDOW_FRAMES, windowBytes = WINDOW_BYTES) {
    this.windowFrames = windowFrames;
    this.windowBytes = windowBytes;
  }

  /** Frames that waited for an earlier one; at most the window. */
  get waiting(): number {
    return this.early.size;
  }

  /** Appends what can be handed over now. */
  receive(seq: number, frame: F, bytes: number, out: F[]): void {
    if (this.isDuplicate(seq)) {
      this.duplicates++;
      return;
    }
    if (seq > this.releasedFrames + this.windowFrames || this.earlyBytes + bytes > this.windowBytes) {
      this.refused++;
      return;
    }
    if (seq !== this.next) {
      this.early.set(seq, { frame, bytes });
      this.earlyBytes += bytes;
      return;
    }
    this.next++;
    out.push(frame);
    for (let early = this.early.get(this.next); early !== undefined; early = this.early.get(this.next)) {
      this.early.delete(this.next++);
      this.earlyBytes -= early.bytes;
      out.push(early.frame);
    }
  }

  /** Frames that were handed over have been dealt with: there is room for as many more. */
  release(frames: number, bytes: number): void {
    this.releasedFrames += frames;
    this.releasedBytes += bytes;
  }

  ack(): Ack {
    let sackLow = 0;
    let sackHigh = 0;
    // Bit 0 is the frame that is missing.
    for (let bit = 1; bit < 64 && this.early.size > 0; bit++) {
      if (!this.early.has(this.next + bit)) continue;
      if (bit < 32) sackLow |= 1 << bit;
      else sackHigh |= 1 << (bit & 31);
    }
    return {
      cumulative: this.next - 1,
      sackLow,
      sackHigh,
      frames: this.releasedFrames + this.windowFrames,
      bytes: this.releasedBytes + this.windowBytes,
    };
  }

  protected isDuplicate(seq: number): boolean {
    return seq < this.next || this.early.has(seq);
  }
}
