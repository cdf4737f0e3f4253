import { Batch } from '../../transport/client/batch.ts';
import type { ClientSocket } from '../../transport/client/socket.ts';

/** Microtask rounds that a batch waits for more at most. */
const ROUNDS_MAX = 16;

/**
 * Frames leave together, as one message for everything that was said before the event loop goes on. A microtask is not late enough: callers that
 * wake up one after the other, each to say the next thing, would each make a message of their own. So the batch leaves after the
 * first round of microtasks in which nobody added to it.
 */
export class FrameSender {
  /** Largest message; the server says it in its welcome. */
  messageBytesMax = 64 * 1024;
  private readonly socket: ClientSocket;
  private readonly batch = new Batch();
  /** What the socket held back when it was last asked. */
  private unsentBytes = 0;
  private scheduled = false;
  private rounds = 0;
  private seen = 0;

  constructor(socket: ClientSocket) {
    this.socket = socket;
  }

  /** Copies an encoded frame. False: it is larger than a message may be, and nothing was taken. */
  add(frame: Uint8Array): boolean {
    if (frame.length + ARRAY_HEADER_MAX > this.messageBytesMax) return false;
    const isFull =
      this.batch.count >= FRAMES_MAX || this.batch.size + frame.length + ARRAY_HEADER_MAX > this.messageBytesMax;
    if (isFull) this.flush();
    this.batch.add(frame);
    if (!this.scheduled) {
      this.scheduled = true;
      this.rounds = 0;
      this.seen = 0;
      queueMicrotask(this.round);
    }
    return true;
  }

  /** Bytes that have not left this machine's memory yet. */
  get bufferedBytes(): number {
    // Asking a socket is not free, and most have nothing left to tell.
    if (this.unsentBytes > 0) this.unsentBytes = this.socket.bufferedBytes;
    return this.unsentBytes + this.batch.size;
  }

  flush(): void {
    if (this.batch.count === 0) return;
    this.socket.send(this.batch.message());
    this.unsentBytes = this.socket.bufferedBytes;
  }

  private readonly round = (): void => {
    if (this.batch.count !== this.seen && ++this.rounds < ROUNDS_MAX) {
      this.seen = this.batch.count;
      queueMicrotask(this.round);
      return;
    }
    this.scheduled = false;
    this.flush();
  };
}

const ARRAY_HEADER_MAX = 5;
/** The server takes twice as many. */
const FRAMES_MAX = 2_048;
