import type { Prng } from '../base/prng.ts';

/** Frames and bytes of one direction of a session that may be unacknowledged at a time. */
export const WINDOW_FRAMES = 16_384;
export const WINDOW_BYTES = 4 << 20;
/** Frames of one direction that wait for the window; then `offer` refuses. */
export const QUEUE_FRAMES_MAX = 65_536;
const RESEND_MS = 50;
const RESEND_MS_MAX = 1000;
/** What was sent again more often than this tells of an outage, not of the way. */
const RESENDS_MEASURED_MAX = 3;
/** Frames sent again in one go: the receiver may be slow, not deaf. */
const RESEND_FRAMES_MAX = 64;

/** What a receiver says of the frames it has, and how many it will take. */
export interface Ack {
  /** Every frame up to this one has arrived. */
  readonly cumulative: number;
  /** Bit i: frame `cumulative + 1 + i` has arrived, too; 64 of them in two words. */
  readonly sackLow: number;
  readonly sackHigh: number;
  /** The receiver takes frames up to this number, and bytes up to this sum, since the session began. */
  readonly frames: number;
  readonly bytes: number;
}

export interface Numbered<F> {
  /** From 1; 0 carries no frame. */
  readonly seq: number;
  readonly frame: F | undefined;
  readonly bytes: number;
  /** Only asks for an acknowledgement. */
  readonly asks: boolean;
}

interface InFlight<F> extends Numbered<F> {
  readonly frame: F;
  readonly sentAt: number;
  /** The last time. */
  sentAgainAt: number;
  resends: number;
  acknowledged: boolean;
}

/** The sending end of one session: numbers frames, keeps them until they are acknowledged, and sends again what may be lost. */
export class SessionSender<F> {
  resent = 0;
  private readonly queue: { frame: F; bytes: number }[] = [];
  private inFlight: InFlight<F>[] = [];
  private nextSeq = 1;
  private sentBytes = 0;
  private cumulative = 0;
  private limitFrames: number;
  private limitBytes: number;
  /** How long an acknowledgement takes and by how much that varies, as for TCP (RFC 6298); so much later it is overdue. */
  private wayMs = 0;
  private varianceMs = 0;
  private overdueMs = RESEND_MS;
  /** Twice as long after each time that something was sent again. */
  private resendMs = RESEND_MS;
  /** One way keeps its order: what was last sent before this, and is not acknowledged, was lost. */
  private lostBefore = Number.NEGATIVE_INFINITY;
  /** When the oldest unacknowledged frame is sent again. */
  private resendAt = Number.POSITIVE_INFINITY;

  /** What the receiver is known to take before it has said anything. */
  constructor(windowFrames = WINDOW_FRAMES, windowBytes = WINDOW_BYTES) {
    this.limitFrames = windowFrames;
    this.limitBytes = windowBytes;
  }

  get wakeAt(): number {
    return this.resendAt;
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** Nothing waits and everything is acknowledged. */
  get isIdle(): boolean {
    return this.queue.length === 0 && this.inFlight.length === 0;
  }

  /** Whether a frame that is not acknowledged, or has not left, is one of those. */
  some(test: (frame: F) => boolean): boolean {
    return this.inFlight.some(({ frame }) => test(frame)) || this.queue.some(({ frame }) => test(frame));
  }

  /** False, and nothing taken, when too many wait already. `owed`: an answer to something received, whose number the receiver bounds. */
  offer(frame: F, bytes: number, owed = false): boolean {
    if (!owed && this.queue.length >= QUEUE_FRAMES_MAX) return false;
    this.queue.push({ frame, bytes });
    return true;
  }

  /** What may leave now. */
  pump(now: number, random: Prng, out: Numbered<F>[]): void {
    let taken = 0;
    for (const { frame, bytes } of this.queue) {
      if (this.nextSeq > this.limitFrames || this.sentBytes + bytes > this.limitBytes) break;
      taken++;
      const numbered = {
        seq: this.nextSeq++,
        frame,
        bytes,
        asks: false,
        sentAt: now,
        sentAgainAt: now,
        resends: 0,
        acknowledged: false,
      };
      this.sentBytes += bytes;
      this.inFlight.push(numbered);
      out.push(numbered);
    }
    this.queue.splice(0, taken);
    if (this.resendAt === Number.POSITIVE_INFINITY && !this.isIdle) this.arm(now, random);
  }

  onAck(ack: Ack, now: number, random: Prng): void {
    // Acknowledgements may overtake each other; what one says stays true.
    this.limitFrames = Math.max(this.limitFrames, ack.frames);
    this.limitBytes = Math.max(this.limitBytes, ack.bytes);
    if (ack.cumulative < this.cumulative) return;
    const progress = ack.cumulative > this.cumulative;
    this.cumulative = ack.cumulative;
    let acknowledged = 0;
    for (const numbered of this.inFlight) {
      if (numbered.seq <= ack.cumulative) acknowledged++;
      else if (isSacked(ack, numbered.seq)) numbered.acknowledged = true;
      else if (numbered.seq > ack.cumulative + 64) break;
    }
    const newest = this.inFlight[acknowledged - 1];
    // Of one that was sent again it is not known which time is acknowledged. The longer one is right where the way has become longer, and harmless where not.
    if (newest !== undefined && newest.resends <= RESENDS_MEASURED_MAX) this.measure(now - newest.sentAt);
    if (newest !== undefined) this.lostBefore = Math.max(this.lostBefore, newest.sentAgainAt);
    this.inFlight.splice(0, acknowledged);
    if (!progress && !this.isIdle) return;
    this.resendMs = this.overdueMs;
    this.resendAt = Number.POSITIVE_INFINITY;
    if (!this.isIdle) this.arm(now, random);
  }

  /** Sends again what was lost, or is overdue: frames, or a mere question when the window is closed and its opening may have been lost. */
  tick(now: number, random: Prng, out: Numbered<F>[]): void {
    const isOverdue = now >= this.resendAt;
    const oldest = this.inFlight[0];
    if (!isOverdue && (oldest === undefined || oldest.sentAgainAt >= this.lostBefore)) return;
    let sent = 0;
    for (const numbered of this.inFlight) {
      if (numbered.acknowledged) continue;
      if (!isOverdue && numbered.sentAgainAt >= this.lostBefore) break;
      if (sent++ === RESEND_FRAMES_MAX) break;
      this.resent++;
      numbered.resends++;
      numbered.sentAgainAt = now;
      out.push(numbered);
    }
    if (!isOverdue) return;
    if (sent === 0) out.push({ seq: 0, frame: undefined, bytes: 0, asks: true });
    this.resendMs = Math.min(this.resendMs * 2, RESEND_MS_MAX);
    this.arm(now, random);
  }

  /** Ends the session. What never left was not executed; of the rest nobody knows. */
  close(): { unsent: F[]; unacknowledged: F[] } {
    const unsent = this.queue.splice(0).map(({ frame }) => frame);
    const unacknowledged = this.inFlight.map(({ frame }) => frame);
    this.inFlight = [];
    this.resendAt = Number.POSITIVE_INFINITY;
    return { unsent, unacknowledged };
  }

  private measure(ms: number): void {
    if (this.wayMs === 0) {
      this.wayMs = ms;
      this.varianceMs = ms / 2;
    } else {
      this.varianceMs += (Math.abs(this.wayMs - ms) - this.varianceMs) / 4;
      this.wayMs += (ms - this.wayMs) / 8;
    }
    this.overdueMs = Math.min(Math.max(this.wayMs + 4 * this.varianceMs, RESEND_MS), RESEND_MS_MAX);
  }

  private arm(now: number, random: Prng): void {
    this.resendAt = now + this.resendMs * (1 + random.next() / 4);
  }
}

function isSacked({ cumulative, sackLow, sackHigh }: Ack, seq: number): boolean {
  const bit = seq - cumulative - 1;
  if (bit < 0 || bit > 63) return false;
  return ((bit < 32 ? sackLow : sackHigh) & (1 << (bit & 31))) !== 0;
}
