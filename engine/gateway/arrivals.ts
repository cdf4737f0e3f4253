import type { Session } from './session.ts';

/**
 * What arrived on all sockets in one turn of the event loop, handed to the sessions together: each socket has a callback of its own, and the
 * world would be flushed, and a sleeping node woken, after every one of them. Order is kept, ends of sockets included.
 */
export class Arrivals {
  /** In turns of two: a session, and a message; undefined for a text message, null for the end of the socket. */
  private waiting: (Session | Uint8Array | undefined | null)[] = [];

  message(session: Session, bytes: Uint8Array | undefined): void {
    this.add(session, bytes);
  }

  end(session: Session): void {
    this.add(session, null);
  }

  private add(session: Session, what: Uint8Array | undefined | null): void {
    if (this.waiting.push(session, what) === 2) setImmediate(this.deliver);
  }

  private readonly deliver = (): void => {
    const { waiting } = this;
    this.waiting = [];
    for (let index = 0; index < waiting.length; index += 2) {
      const session = waiting[index] as Session;
      const what = waiting[index + 1] as Uint8Array | undefined | null;
      if (what === null) session.onClose();
      else session.onMessage(what);
    }
  };
}
