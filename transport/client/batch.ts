/**
 * One WebSocket message in the making: frames are copied in behind each other, the headers go in front of them at the end.
 *
 *   0          HEADROOM                     at
 *   |   ┌ WebSocket header (server only) │
 *   |   │    ┌ array header              │
 *   ░░░░[2..10][1..5][frame][frame][frame]░░░░
 */
const HEADROOM = 16;

export class Batch {
  bytes: Uint8Array;
  private view: DataView;
  private at = HEADROOM;
  private frames = 0;

  constructor(capacity = 4096) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** How many frames are in it. */
  get count(): number {
    return this.frames;
  }

  /** How many bytes of frames are in it. */
  get size(): number {
    return this.at - HEADROOM;
  }

  /** Copies an encoded frame; returns where it starts in `bytes`. */
  add(frame: Uint8Array): number {
    const start = this.at;
    if (start + frame.length > this.bytes.length) this.grow(start + frame.length);
    this.bytes.set(frame, start);
    this.at = start + frame.length;
    this.frames++;
    return start;
  }

  /** Overwrites a 32-bit number in a frame that was added. */
  patch(offset: number, value: number): void {
    this.view.setUint32(offset, value);
  }

  /** The finished message, a view of `bytes`; the batch is empty again, and what it held is overwritten by what is added next. */
  message(): Uint8Array {
    const start = this.arrayHeader();
    const message = this.bytes.subarray(start, this.at);
    this.clear();
    return message;
  }

  /** Like `message`, as a complete, unmasked, binary WebSocket frame. */
  webSocketFrame(): Uint8Array {
    let start = this.arrayHeader();
    const length = this.at - start;
    if (length < 126) {
      start -= 2;
      this.bytes[start + 1] = length;
    } else if (length < 0x10000) {
      start -= 4;
      this.bytes[start + 1] = 126;
      this.view.setUint16(start + 2, length);
    } else {
      start -= 10;
      this.bytes[start + 1] = 127;
      this.view.setBigUint64(start + 2, BigInt(length));
    }
    this.bytes[start] = 0x82; // final, binary
    const frame = this.bytes.subarray(start, this.at);
    this.clear();
    return frame;
  }

  /** Leaves the memory to whoever holds the last message, and goes on with other memory. */
  abandon(capacity = 4096): void {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
    this.clear();
  }

  clear(): void {
    this.at = HEADROOM;
    this.frames = 0;
  }

  private arrayHeader(): number {
    const count = this.frames;
    let start = HEADROOM;
    if (count < 16) this.bytes[--start] = 0x90 + count;
    else if (count < 0x10000) {
      start -= 3;
      this.bytes[start] = 0xdc;
      this.view.setUint16(start + 1, count);
    } else {
      start -= 5;
      this.bytes[start] = 0xdd;
      this.view.setUint32(start + 1, count);
    }
    return start;
  }

  private grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, 2 * this.bytes.length));
    grown.set(this.bytes.subarray(0, this.at));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
  }
}
