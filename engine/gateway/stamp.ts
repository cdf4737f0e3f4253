/** When something was written, in an order that all gateways of a cluster agree on and that needs no clock on a wall. */
export interface Stamp {
  readonly counter: number;
  /** Who wrote it; settles which of two with one counter is the later. */
  readonly writer: number;
}

export const isLater = (a: Stamp, b: Stamp): boolean =>
  a.counter === b.counter ? a.writer > b.writer : a.counter > b.counter;

/** Gives stamps that are later than all that were given or heard of here. */
export class StampClock {
  readonly writer: number;
  private counter = 0;

  /** `writer` is another one at every gateway, and at every run of it. */
  constructor(writer: number) {
    this.writer = writer;
  }

  next(): Stamp {
    return { counter: ++this.counter, writer: this.writer };
  }

  heard({ counter }: Stamp): void {
    if (counter > this.counter) this.counter = counter;
  }
}
