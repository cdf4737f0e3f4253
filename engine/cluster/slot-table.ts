import { SLOTS } from './keyspace.ts';

/**
 * Slot → (node, epoch) of one host, in memory that all its threads share.
 *
 *   word 0          VERSION  of the table; grows with every change
 *   word 16 + 2 n   OWNER    node index of slot n
 *   word 17 + 2 n   EPOCH    of slot n, beside it because whoever reads one reads the other
 *
 * Readers need no lock: a reader that sees an old owner sends there and is refused by the owner, which looks itself.
 */
const VERSION = 0;
const OWNER = 16;
const EPOCH = OWNER + 1;
const WORDS = OWNER + 2 * SLOTS;

export class SlotTable {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.memory = memory;
    this.words = new Int32Array(memory);
  }

  /** Spreads all slots evenly over the nodes 0 … nodes - 1. Before the nodes run. `epoch` is above that of whoever had them before. */
  spread(nodes: number, epoch = 1): void {
    for (let slot = 0; slot < SLOTS; slot++) {
      this.words[OWNER + 2 * slot] = slot % nodes;
      this.words[EPOCH + 2 * slot] = epoch;
    }
    // The node threads are started later, which orders the plain stores above as well.
    Atomics.store(this.words, VERSION, 1);
  }

  ownerOf(slot: number): number {
    return this.words[OWNER + 2 * slot]!;
  }

  epochOf(slot: number): number {
    return this.words[EPOCH + 2 * slot]!;
  }

  /** A plain load, because every call asks: seen late it means an old owner, which refuses. */
  get version(): number {
    return this.words[VERSION]!;
  }
}
