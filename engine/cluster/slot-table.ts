import { SLOTS } from './keyspace.ts';

/**
 * Slot → owner, epoch and state, in memory that all threads of one host share.
 *
 *   word 0             VERSION  of the table; grows with every change
 *   word 16 + 2 n      OWNER    peer index of slot n's owner (peer-table.ts), or NOBODY
 *   word 17 + 2 n      EPOCH    of slot n, beside it because whoever reads one reads the other
 *   word 16 + 2 S + n  STATE    of slot n, in a block of its own: callers do not look at it
 *
 * One thread stores: the one that makes the table, or, in a cluster, the control thread; the owner of a slot may freeze and thaw it. Readers need no
 * lock. A caller that sees half of a change sends to a node that does not take it, which the node finds out by itself. A node that asks whether a slot
 * runs here reads OWNER, EPOCH and STATE in any order: a slot that comes is SHUT before its owner is stored, and is opened after (`put`).
 */
const VERSION = 0;
const OWNER = 16;
const EPOCH = OWNER + 1;
const STATE = OWNER + 2 * SLOTS;
const WORDS = STATE + SLOTS;

/** Instead of a peer index: no host has the slot. */
export const NOBODY = -1;

/** What its owner does with a slot. Not open yet: others may still go by the owner before. */
export const SLOT_SHUT = 0;
export const SLOT_OPEN = 1;
/** Stopped, to be given away. */
export const SLOT_FROZEN = 2;
/** Beside one of these: the records of its persistent entities are in the own store of another host. */
export const SLOT_ELSEWHERE = 16;

export type SlotState = typeof SLOT_SHUT | typeof SLOT_OPEN | typeof SLOT_FROZEN;

export class SlotTable {
  readonly count = SLOTS;
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.memory = memory;
    this.words = new Int32Array(memory);
  }

  /** Spreads all slots evenly over the nodes 0 … nodes - 1, open. Before the nodes run. `epoch` is above that of whoever had them before. */
  spread(nodes: number, epoch = 1): void {
    for (let slot = 0; slot < SLOTS; slot++) this.put(slot, slot % nodes, epoch, SLOT_OPEN);
    this.publish();
  }

  /** Nobody has any slot. Before the nodes run. */
  clear(): void {
    for (let slot = 0; slot < SLOTS; slot++) this.put(slot, NOBODY, 0, SLOT_SHUT);
    this.publish();
  }

  /**
   * Gives a slot to an owner, whose index may be all that changes. A new epoch is shut first: nobody may find its owner there with the state of the one
   * before. `publish` comes after all that changes at once.
   */
  put(slot: number, owner: number, epoch: number, state: number): void {
    const { words } = this;
    // Partners: the plain loads of `ownerOf`, `epochOf` and `stateOf` on every other thread.
    if (words[EPOCH + 2 * slot] !== epoch) Atomics.store(words, STATE + slot, SLOT_SHUT);
    Atomics.store(words, EPOCH + 2 * slot, epoch);
    Atomics.store(words, OWNER + 2 * slot, owner);
    Atomics.store(words, STATE + slot, state);
  }

  /** What was put is complete: readers that keep what they looked up look again. */
  publish(): void {
    // Partner: the load of `version`.
    Atomics.add(this.words, VERSION, 1);
  }

  /** A slot that was shut runs from now on. */
  open(slot: number): void {
    this.swap(slot, SLOT_SHUT, SLOT_OPEN);
  }

  /** By the owner. False when it is not open. */
  freeze(slot: number): boolean {
    return this.swap(slot, SLOT_OPEN, SLOT_FROZEN);
  }

  /** By the owner. False when it is not frozen. */
  thaw(slot: number): boolean {
    return this.swap(slot, SLOT_FROZEN, SLOT_OPEN);
  }

  ownerOf(slot: number): number {
    return this.words[OWNER + 2 * slot]!;
  }

  epochOf(slot: number): number {
    return this.words[EPOCH + 2 * slot]!;
  }

  stateOf(slot: number): SlotState {
    return (this.words[STATE + slot]! & ~SLOT_ELSEWHERE) as SlotState;
  }

  isOpen(slot: number): boolean {
    return this.stateOf(slot) === SLOT_OPEN;
  }

  /** Persistent entities of this slot cannot be had: their records are in the own store of another host. */
  isElsewhere(slot: number): boolean {
    return (this.words[STATE + slot]! & SLOT_ELSEWHERE) !== 0;
  }

  /**
   * The epoch in which `node` runs a slot, open; 0 when it does not. Partner: `put`, which shuts a slot before it stores the next epoch, and stores that
   * before the owner. At the moment of the load of STATE an open row was complete; the epoch being the same before and after, the owner is of it.
   */
  openEpochOf(slot: number, node: number): number {
    const { words } = this;
    const epoch = Atomics.load(words, EPOCH + 2 * slot);
    if ((Atomics.load(words, STATE + slot) & ~SLOT_ELSEWHERE) !== SLOT_OPEN) return 0;
    if (Atomics.load(words, OWNER + 2 * slot) !== node) return 0;
    return Atomics.load(words, EPOCH + 2 * slot) === epoch ? epoch : 0;
  }

  /** `version`, no older than what this thread loads after it. */
  freshVersion(): number {
    // Partner: the add in `publish`, behind the rows.
    return Atomics.load(this.words, VERSION);
  }

  /** A plain load, because every call asks: seen late it means an old owner, which refuses. */
  get version(): number {
    return this.words[VERSION]!;
  }

  /** The control thread and the owner may change one state at the same time: whoever finds another one than it expects changes nothing. */
  private swap(slot: number, from: SlotState, to: SlotState): boolean {
    const elsewhere = Atomics.load(this.words, STATE + slot) & SLOT_ELSEWHERE;
    return Atomics.compareExchange(this.words, STATE + slot, from | elsewhere, to | elsewhere) === (from | elsewhere);
  }
}
