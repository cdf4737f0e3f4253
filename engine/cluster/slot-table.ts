import { SLOTS } from './keyspace.ts';

/**
 * Slot → (node, epoch) of one host, in memory that all its threads share.
 *
 *   word 0          VERSION  of the table; grows with every change
 *   word 16         OWNER    node index of each slot, 4096 words
 *   word 16 + 4096  EPOCH    of each slot, 4096 words
 *
 * Readers need no lock: a reader that sees an old owner sends there and is refused by the owner, which looks itself.
 */
const VERSION = 0;
const OWNER = 16;
const EPOCH = OWNER + SLOTS;
const WORDS = EPOCH + SLOTS;

export class SlotTable {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.memory = memory;
    this.words = new Int32Array(memory);
  }

  /** Spreads all slots evenly over the nodes 0 … nodes - 1. Before the nodes run. */
  spread(nodes: number): void {
    for (let slot = 0; slot < SLOTS; slot++) {
      this.words[OWNER + slot] = slot % nodes;
      this.words[EPOCH + slot] = 1;
    }
    // Partner: the load in `version` of the node threads; they are started later, which orders the plain stores above as well.
    Atomics.store(this.words, VERSION, 1);
  }

  ownerOf(slot: number): number {
    return this.words[OWNER + slot]!;
  }

  epochOf(slot: number): number {
    return this.words[EPOCH + slot]!;
  }

  get version(): number {
    // Partner: the store in `spread`.
    return Atomics.load(this.words, VERSION);
  }
}
