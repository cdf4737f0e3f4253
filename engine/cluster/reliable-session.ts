import type { Env } from './machine.ts';
import { SessionReceiver } from './session-receiver.ts';
import { type Ack, type Numbered, SessionSender } from './session-sender.ts';

/** What travels between two runs of two hosts on one lane. A packet for or from another run is of a session that is over. */
export interface Packet<F> extends Numbered<F> {
  readonly from: number;
  readonly to: number;
  readonly ack: Ack;
}

/**
 * One reliable lane between two runs (incarnations) of two hosts, this end of it: whatever the network loses, doubles, delays and reorders, frames
 * arrive once and in order. A new run on either side is a new session: nothing of the old one is sent again.
 */
export class ReliableSession<F> {
  readonly self: number;
  readonly peer: number;
  /** Packets of another session. */
  strays = 0;
  readonly sender: SessionSender<F>;
  readonly receiver: SessionReceiver<F>;
  private owesAck = false;

  constructor(
    self: number,
    peer: number,
    sender = new SessionSender<F>(),
    receiver: SessionReceiver<F> = new SessionReceiver<F>(),
  ) {
    this.self = self;
    this.peer = peer;
    this.sender = sender;
    this.receiver = receiver;
  }

  /** When `flush` has something to do though nothing happens, on the monotonic clock. */
  get wakeAt(): number {
    return this.owesAck ? 0 : this.sender.wakeAt;
  }

  /** False, and nothing taken, when the session is full: OverloadedError `link-full`, not executed. `owed` frames are always taken: bounces, and answers to `sync`. */
  send(frame: F, bytes: number, owed = false): boolean {
    return this.sender.offer(frame, bytes, owed);
  }

  /** The frames that can be handed over now, in order; `release` them when they have been dealt with. */
  onPacket(packet: Packet<F>, env: Env): F[] {
    const ready: F[] = [];
    if (packet.from !== this.peer || packet.to !== this.self) {
      this.strays++;
      return ready;
    }
    this.sender.onAck(packet.ack, env.now.mono, env.random);
    if (packet.seq > 0) this.receiver.receive(packet.seq, packet.frame!, packet.bytes, ready);
    // An answer to every question, also to a frame that came twice: its first acknowledgement may be lost.
    if (packet.seq > 0 || packet.asks) this.owesAck = true;
    return ready;
  }

  release(frames: number, bytes: number): void {
    this.receiver.release(frames, bytes);
  }

  /** What is to leave now; once after everything that happened in a round. */
  flush({ now, random }: Env): Packet<F>[] {
    const numbered: Numbered<F>[] = [];
    this.sender.pump(now.mono, random, numbered);
    this.sender.tick(now.mono, random, numbered);
    if (numbered.length === 0 && this.owesAck) numbered.push({ seq: 0, frame: undefined, bytes: 0, asks: false });
    this.owesAck = false;
    const ack = this.receiver.ack();
    return numbered.map(({ seq, frame, bytes, asks }) => ({
      seq,
      frame,
      bytes,
      asks,
      from: this.self,
      to: this.peer,
      ack,
    }));
  }

  close(): { unsent: F[]; unacknowledged: F[] } {
    return this.sender.close();
  }
}
