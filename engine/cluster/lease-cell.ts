import { type Lease, NO_LEASE } from './lease.ts';

/**
 * The lease of a host, in memory that all its threads share. The control thread stores, all others read before every turn and every flush.
 *
 *   word 0        SEQUENCE   odd while the control thread stores; grows with every lease
 *   word 16 … 21  fromMono, untilMono, untilWall: float64, two words each
 *
 * A reader keeps what it has read and asks only whether SEQUENCE is still the same. All accesses are Atomics, and so in one order: a reader that finds the
 * same even SEQUENCE before and after has read nothing that was stored in between. Plain loads of the words could move past the second look.
 */
const SEQUENCE = 0;
const VALUES = 16;
const VALUE_WORDS = 6;
const BYTES = (VALUES + VALUE_WORDS) * 4;
const TRIES_MAX = 1000;

export class LeaseCell {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;
  /** What this reader has read last, and under which SEQUENCE; odd: nothing yet. */
  private readonly values = new Float64Array(3);
  private readonly halves = new Int32Array(this.values.buffer);
  private read = -1;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(BYTES)) {
    this.memory = memory;
    this.words = new Int32Array(memory);
  }

  /** By the control thread only. */
  store(lease: Lease): void {
    const { words, values, halves } = this;
    // Partner: both loads in `refresh`.
    Atomics.store(words, SEQUENCE, (words[SEQUENCE]! + 1) | 0);
    values[0] = lease.fromMono;
    values[1] = lease.untilMono;
    values[2] = lease.untilWall;
    for (let i = 0; i < VALUE_WORDS; i++) Atomics.store(words, VALUES + i, halves[i]!);
    Atomics.store(words, SEQUENCE, (words[SEQUENCE]! + 1) | 0);
    this.read = words[SEQUENCE]!;
  }

  close(): void {
    this.store(NO_LEASE);
  }

  /** Whether a turn may begin and an effect may leave at this moment, which both clocks show; see `isOpen` in lease.ts. */
  isOpen(mono: number, wall: number): boolean {
    // Partner: the stores of SEQUENCE. Unchanged means that the lease is the one that was read.
    if (Atomics.load(this.words, SEQUENCE) !== this.read) this.refresh();
    const { values } = this;
    return mono < values[1]! && wall < values[2]! && mono >= values[0]!;
  }

  /** What stands there. */
  load(): Lease {
    if (Atomics.load(this.words, SEQUENCE) !== this.read) this.refresh();
    const { values } = this;
    return { fromMono: values[0]!, untilMono: values[1]!, untilWall: values[2]! };
  }

  private refresh(): void {
    const { words, halves } = this;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const before = Atomics.load(words, SEQUENCE);
      for (let i = 0; i < VALUE_WORDS; i++) halves[i] = Atomics.load(words, VALUES + i);
      if ((before & 1) === 0 && Atomics.load(words, SEQUENCE) === before) {
        this.read = before;
        return;
      }
    }
    // The writer never waits between its stores, but its thread may have been stopped there. No lease that can be read is none.
    this.values.fill(0);
    this.read = -1;
  }
}
