/** Messages that wait for the next flush; then the oldest makes room. */
export const UNRELIABLE_MAX = 1024;

export interface Stamped<F> {
  /** Counts what was sent on this lane. */
  readonly stamp: number;
  /** Whose order is kept: what is older than something already delivered of the same stream is dropped. '' for none. */
  readonly stream: string;
  readonly frame: F;
}

/** The sending end: no acknowledgement, no memory. Under pressure the newest of each key stays. */
export class UnreliableSender<F> {
  sent = 0;
  /** Overtaken by a newer one of the same key, or by the bound. */
  dropped = 0;
  private readonly waiting = new Map<string, Stamped<F>>();

  /** `key` '' coalesces with nothing. Never refuses, never waits for anybody. */
  send(frame: F, key: string, stream: string): void {
    const stamp = ++this.sent;
    const place = key === '' ? `#${stamp}` : `=${key}`;
    // Deleted first, so that it stands behind everything that was sent before it.
    if (this.waiting.delete(place)) this.dropped++;
    else if (this.waiting.size === UNRELIABLE_MAX) {
      this.waiting.delete(this.waiting.keys().next().value!);
      this.dropped++;
    }
    this.waiting.set(place, { stamp, stream, frame });
  }

  flush(): Stamped<F>[] {
    const leaving = [...this.waiting.values()];
    this.waiting.clear();
    return leaving;
  }
}

/** Streams whose order is remembered; of the least recently heard ones an old message may be delivered after all. */
export const STREAMS_MAX = 4096;

/** The receiving end: passes what comes, except what a stream has overtaken. */
export class UnreliableReceiver<F> {
  delivered = 0;
  dropped = 0;
  private readonly newest = new Map<string, number>();

  receive({ stamp, stream, frame }: Stamped<F>): F | undefined {
    if (stream !== '') {
      const newest = this.newest.get(stream) ?? 0;
      if (stamp <= newest) {
        this.dropped++;
        return undefined;
      }
      this.newest.delete(stream);
      if (this.newest.size === STREAMS_MAX) this.newest.delete(this.newest.keys().next().value!);
      this.newest.set(stream, stamp);
    }
    this.delivered++;
    return frame;
  }
}
