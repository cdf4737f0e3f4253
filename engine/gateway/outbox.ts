import { Batch } from '../../transport/client/batch.ts';
import { ERROR, nextSeq, RESULT } from '../../transport/client/frames.ts';
import type { MessagePack } from '../../transport/client/msgpack.ts';
import { InvalidMessageError } from '../base/errors.ts';
import type { Log } from '../runtime/log.ts';
import { engineErrorBody, INTERNAL } from './error-body.ts';
import type { GatewayCounters } from './gateway-counters.ts';
import type { GatewayLimits } from './limits.ts';
import { type PreparedPush, SEQ_OFFSET } from './prepared-push.ts';

/** The part of a socket that frames leave through. */
export interface OutboxSocket {
  /** False: the bytes are still needed where they are. */
  write(frame: Uint8Array): boolean;
  readonly bufferedBytes: number;
  readonly open: boolean;
  notifyDrain(): void;
}

/** What all outboxes of a gateway share. */
export interface OutboxContext {
  readonly messagePack: MessagePack;
  readonly limits: GatewayLimits;
  readonly counters: GatewayCounters;
  readonly log: Log;
  readonly flusher: Flusher;
}

/** Sends what the sessions have to say once per turn of the event loop: one write, and one WebSocket message, per socket. */
export class Flusher {
  /** Where messages are put together, one at a time. */
  readonly batch = new Batch(BATCH_BYTES);
  private dirty: Outbox[] = [];

  mark(outbox: Outbox): void {
    if (this.dirty.push(outbox) === 1) setImmediate(this.flush);
  }

  private readonly flush = (): void => {
    const outboxes = this.dirty;
    this.dirty = [];
    for (const outbox of outboxes) outbox.flush();
    if (this.batch.bytes.length > BATCH_BYTES_MAX) this.batch.abandon(BATCH_BYTES);
  };
}

const BATCH_BYTES = 16 * 1024;
const BATCH_BYTES_MAX = 256 * 1024;
/** A message is sent before it grows far beyond this. */
const MESSAGE_BYTES = 128 * 1024;
const QUEUE_MAX = 1024;

/**
 * What one session still has to say. Pushes are numbered in the order in which they are queued, without gaps: one that was dropped never had a
 * number. What the client does not read is bounded: droppable pushes wait outside of the queue and replace each other, and a client that
 * leaves too much of the rest unread is given up.
 */
export class Outbox {
  /** Has said something since this was last set to false. */
  spoke = false;
  private readonly context: OutboxContext;
  private readonly socket: OutboxSocket;
  private readonly onSlow: () => void;
  private queue: (unknown[] | PreparedPush)[] = [];
  private queuedBytes = 0;
  private marked = false;
  private queuedSeq = 0;
  private writtenSeq = 0;
  private waiting: Map<string, PreparedPush> | undefined;

  constructor(context: OutboxContext, socket: OutboxSocket, onSlow: () => void) {
    this.context = context;
    this.socket = socket;
    this.onSlow = onSlow;
  }

  /** The number of the last push. */
  get pushSeq(): number {
    return this.queuedSeq;
  }

  /** Queues a frame that is encoded when it leaves. */
  send(frame: unknown[]): void {
    this.queue.push(frame);
    this.queued();
  }

  /** Queues a push, lets it wait, or drops it. */
  push(push: PreparedPush): void {
    if (push.droppableAs !== undefined && this.mustWait(push.droppableAs)) this.wait(push, push.droppableAs);
    else this.number(push);
  }

  /** The client has read what was written: what waited may go. */
  onDrain(): void {
    const pushes = this.waiting;
    if (pushes === undefined) return;
    this.waiting = undefined;
    for (const push of pushes.values()) this.push(push);
  }

  flush(): void {
    this.marked = false;
    const { queue } = this;
    this.queue = [];
    this.queuedBytes = 0;
    if (!this.socket.open) return;
    const { batch } = this.context.flusher;
    for (const entry of queue) {
      if (Array.isArray(entry)) batch.add(this.encoded(entry));
      else {
        this.writtenSeq = nextSeq(this.writtenSeq);
        batch.patch(batch.add(entry.bytes) + SEQ_OFFSET, this.writtenSeq);
      }
      if (batch.size >= MESSAGE_BYTES && !this.write(batch)) return;
    }
    if (batch.count > 0) this.write(batch);
  }

  /** A newer one must not overtake an older one that waits; else it waits when the client left too much unread. */
  private mustWait(key: string): boolean {
    if (this.waiting?.has(key)) return true;
    const { droppableBytesMax } = this.context.limits;
    if (this.socket.bufferedBytes + this.queuedBytes <= droppableBytesMax) return false;
    // What is only queued in this turn is no sign of a slow client.
    if (this.queuedBytes > 0) this.flush();
    return this.socket.bufferedBytes > droppableBytesMax;
  }

  private wait(push: PreparedPush, key: string): void {
    const { counters, limits } = this.context;
    this.waiting ??= new Map();
    if (this.waiting.has(key)) counters.pushesReplaced++;
    else if (this.waiting.size >= limits.droppablesMax) {
      counters.pushesDropped++;
      return;
    }
    this.waiting.set(key, push);
    this.socket.notifyDrain();
  }

  private number(push: PreparedPush): void {
    this.queuedSeq = nextSeq(this.queuedSeq);
    this.queue.push(push);
    this.queuedBytes += push.bytes.length;
    this.context.counters.pushesSent++;
    this.queued();
  }

  private queued(): void {
    if (this.queue.length >= QUEUE_MAX || this.queuedBytes >= MESSAGE_BYTES) this.flush();
    else if (!this.marked) {
      this.marked = true;
      this.context.flusher.mark(this);
    }
  }

  private write(batch: Batch): boolean {
    const { counters, limits } = this.context;
    counters.framesSent += batch.count;
    const frame = batch.webSocketFrame();
    counters.bytesSent += frame.length;
    this.spoke = true;
    if (!this.socket.write(frame)) batch.abandon(BATCH_BYTES);
    if (this.socket.bufferedBytes <= limits.bufferedBytesMax) return true;
    this.onSlow();
    return false;
  }

  private encoded(frame: unknown[]): Uint8Array {
    const { messagePack, limits, log } = this.context;
    try {
      const bytes = messagePack.encode(frame);
      if (bytes.length <= limits.frameBytesMax || frame[0] !== RESULT) return bytes;
      const tooLarge = new InvalidMessageError('too-large', '', { outcome: 'unknown' });
      return messagePack.encode([ERROR, frame[1], engineErrorBody(tooLarge)]);
    } catch (error) {
      log.error({ err: error }, 'an answer to a client could not be encoded');
      return messagePack.encode([ERROR, frame[1], INTERNAL]);
    }
  }
}
