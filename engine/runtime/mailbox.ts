import { LANES, type Lane } from '../../transport/link.ts';

/**
 * What waits for one activation: first in, first out per priority, the highest first, bounded in all. Most activations never have one:
 * a frame that finds its entity free runs at once.
 */
export class Mailbox<T> {
  private readonly lanes: (Fifo<T> | undefined)[] = new Array(LANES).fill(undefined);
  size = 0;

  push(lane: Lane, item: T): void {
    let fifo = this.lanes[lane];
    if (fifo === undefined) {
      fifo = new Fifo();
      this.lanes[lane] = fifo;
    }
    fifo.push(item);
    this.size++;
  }

  /** The first of a lane. */
  peek(lane: Lane): T | undefined {
    return this.lanes[lane]?.peek();
  }

  shift(lane: Lane): T | undefined {
    const item = this.lanes[lane]?.shift();
    if (item !== undefined) this.size--;
    return item;
  }

  some(matches: (item: T) => boolean): boolean {
    return this.lanes.some((fifo) => fifo?.some(matches));
  }

  /** Takes everything out. */
  drain(): T[] {
    const all: T[] = [];
    for (const fifo of this.lanes)
      for (let item = fifo?.shift(); item !== undefined; item = fifo?.shift()) all.push(item);
    this.size = 0;
    return all;
  }
}

/** A queue over one array: the head moves, and the array is cut when half of it is behind. */
class Fifo<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  push(item: T): void {
    this.items.push(item);
  }

  some(matches: (item: T) => boolean): boolean {
    return this.items.some((item) => item !== undefined && matches(item));
  }

  peek(): T | undefined {
    return this.items[this.head];
  }

  shift(): T | undefined {
    if (this.head === this.items.length) return undefined;
    const item = this.items[this.head];
    this.items[this.head++] = undefined;
    if (this.head === this.items.length) {
      this.items.length = 0;
      this.head = 0;
    } else if (this.head > 1024 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }
}
