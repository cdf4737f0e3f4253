export interface WaitingFrame {
  frame: Uint8Array;
  /** A newer frame with the same key may take its place. */
  readonly key: string | undefined;
  /** How many of its bytes have left already. */
  sent: number;
}

const SLOTS_MIN = 16;

/** First in, first out, with look-up by key: a circular array that doubles. */
export class FrameQueue {
  length = 0;
  /** Of all frames in it. */
  bytes = 0;
  private slots: (WaitingFrame | undefined)[] = new Array(SLOTS_MIN).fill(undefined);
  private start = 0;
  private readonly byKey = new Map<string, WaitingFrame>();

  push(waiting: WaitingFrame): void {
    if (this.length === this.slots.length) {
      this.slots = [...this, ...new Array(this.length).fill(undefined)];
      this.start = 0;
    }
    this.slots[(this.start + this.length) & (this.slots.length - 1)] = waiting;
    this.length++;
    this.bytes += waiting.frame.length;
    if (waiting.key !== undefined && waiting.sent === 0) this.byKey.set(waiting.key, waiting);
  }

  first(): WaitingFrame | undefined {
    return this.slots[this.start];
  }

  /** The frame with this key that may still be replaced. */
  withKey(key: string): WaitingFrame | undefined {
    return this.byKey.get(key);
  }

  replace(waiting: WaitingFrame, frame: Uint8Array): void {
    this.bytes += frame.length - waiting.frame.length;
    waiting.frame = frame;
  }

  /** A part of the first frame has left: it cannot be replaced any more. */
  begin(sent: number): void {
    const first = this.first()!;
    first.sent = sent;
    this.forget(first);
  }

  shift(): void {
    const first = this.first()!;
    this.forget(first);
    this.slots[this.start] = undefined;
    this.start = (this.start + 1) & (this.slots.length - 1);
    this.length--;
    this.bytes -= first.frame.length;
    if (this.length === 0 && this.slots.length > 1024) {
      this.slots = new Array(SLOTS_MIN).fill(undefined);
      this.start = 0;
    }
  }

  private forget(waiting: WaitingFrame): void {
    if (waiting.key !== undefined && this.byKey.get(waiting.key) === waiting) this.byKey.delete(waiting.key);
  }

  *[Symbol.iterator](): Generator<WaitingFrame> {
    for (let i = 0; i < this.length; i++) yield this.slots[(this.start + i) & (this.slots.length - 1)]!;
  }
}
