import type { Prng } from '../../base/prng.ts';

interface Event {
  readonly at: number;
  /** Drawn, so that what is due at the same moment comes in an order that the seed decides. */
  readonly tie: number;
  readonly seq: number;
  readonly run: () => void;
}

/** Real time of a simulated world, in milliseconds: it stands still while an event runs and jumps to the next one. */
export class VirtualTime {
  now = 0;
  events = 0;
  private readonly heap: Event[] = [];
  private readonly random: Prng;
  private seq = 0;

  constructor(random: Prng) {
    this.random = random;
  }

  after(ms: number, run: () => void): void {
    const event = { at: this.now + Math.max(0, ms), tie: this.random.uint32(), seq: this.seq++, run };
    const { heap } = this;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  /** Runs what is due until then, and stands there afterwards. Ends early when `done` says so. */
  runUntil(time: number, done: () => boolean = () => false): void {
    while (this.heap.length > 0 && this.heap[0]!.at <= time) {
      const event = this.pop();
      this.now = event.at;
      this.events++;
      event.run();
      if (done()) return;
    }
    this.now = time;
  }

  private pop(): Event {
    const { heap } = this;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && (a.tie < b.tie || (a.tie === b.tie && a.seq < b.seq)));
}
