import type { NodeState } from '../node-state.ts';
import { Courier, type Ledger, type Sender } from './courier.ts';
import { Marks } from './marks.ts';
import { type Message, Parcels } from './parcels.ts';

/** How its record is saved. */
export interface Savings {
  /** Flushed at the end of this slice, or of the turn that holds the entity. */
  flushSoon(): void;
  /** Flushed within `autosave`. */
  touch(): void;
}

/** An answer that is due once a change is flushed. */
interface Receipt {
  readonly change: number;
  answer(): void;
}

/** Answers that are owed at a time; who waits for one that is forgotten sends again. */
const RECEIPTS_MAX = 4096;

/**
 * What an entity sends and receives with `exactlyOnce`, as part of its record. Nothing that it says to others is ahead of what the store has
 * flushed: parcels leave, and arrivals are acknowledged, when the change of the record that they came with is.
 */
export class Exchange implements Ledger {
  readonly marks: Marks;
  readonly parcels: Parcels;
  /** A flush was asked for and has not begun. */
  isDue = false;
  private readonly courier: Courier;
  private readonly savings: Savings;
  private receipts: Receipt[] = [];
  private changesNow = 0;
  private flushedNow = 0;
  /** Somebody waits for the flush of this change. */
  private wanted = 0;
  private waiters: (() => void)[] = [];

  constructor(state: NodeState, sender: Sender, savings: Savings) {
    const draw = (): number =>
      1 + Math.floor(state.prng.next() * 0x1_0000_0000) * 0x10_0000 + (state.incarnation & 0xf_ffff);
    const life = `${state.incarnation.toString(36)}.${draw().toString(36)}`;
    this.savings = savings;
    this.marks = new Marks(draw);
    this.parcels = new Parcels(life, (contract) => state.catalogue.find(contract)?.type?.name);
    this.courier = new Courier(state, sender, this.parcels, this);
  }

  /** What the store has of it. Throws StoreError (`corrupt`, `newer-version`). */
  restore(key: string, { parcels, marks }: { parcels?: unknown; marks?: unknown }): void {
    // It was saved, whether it was flushed nobody knows.
    this.changesNow = 1;
    if (parcels !== undefined) this.parcels.restore(key, parcels, 1);
    if (marks !== undefined) this.marks.restore(key, marks);
  }

  /** Changes so far. */
  get changes(): number {
    return this.changesNow;
  }

  get flushed(): number {
    return this.flushedNow;
  }

  /** It is not enough to save it as committed. */
  get wantsFlush(): boolean {
    return this.wanted > this.flushedNow;
  }

  /** Nothing is under way: its entity may leave the memory. */
  get isThrough(): boolean {
    return this.parcels.recipients.size === 0 && this.receipts.length === 0;
  }

  /** The entity lives: what its record has of parcels goes on. */
  start(): void {
    if (this.parcels.recipients.size > 0) this.wantNow();
  }

  /** Part of its record from now on, with whatever else this slice changes. Throws OverloadedError, InvalidMessageError. */
  send(message: Message): void {
    this.parcels.add(message, this.changesNow + 1);
    this.changesNow++;
    this.wantNow();
  }

  /** An operation runs for this parcel. */
  arrived(sender: string, number: number): void {
    this.marks.set(sender, number);
    this.changesNow++;
  }

  /** Answers once everything up to now is flushed; at the end of this slice if nobody else wants that sooner. */
  acknowledge(answer: () => void, isUrgent: boolean): void {
    if (this.changesNow <= this.flushedNow) {
      answer();
      return;
    }
    if (this.receipts.length >= RECEIPTS_MAX) this.receipts.shift();
    this.receipts.push({ change: this.changesNow, answer });
    if (isUrgent) this.wantNow();
    else this.wantSoon();
  }

  change(): number {
    this.changesNow++;
    this.wantSoon();
    return this.changesNow;
  }

  allTaken(): void {
    for (const waiter of this.waiters.splice(0)) waiter();
  }

  /** Resolves the next time that nothing is left to be delivered. */
  through(): Promise<void> {
    return new Promise((resolve) => {
      this.waiters.push(resolve);
    });
  }

  /** The store has everything up to this change. */
  saved(changes: number, isFlushed: boolean): void {
    if (!isFlushed || changes <= this.flushedNow) return;
    this.flushedNow = changes;
    let count = 0;
    while (count < this.receipts.length && this.receipts[count]!.change <= changes) count++;
    for (const { answer } of this.receipts.splice(0, count)) answer();
    this.courier.advance();
  }

  /** The activation is gone. */
  stop(): void {
    this.courier.stop();
    this.receipts = [];
    this.allTaken();
  }

  private wantNow(): void {
    this.wanted = this.changesNow;
    this.savings.flushSoon();
  }

  private wantSoon(): void {
    this.wanted = this.changesNow;
    this.savings.touch();
  }
}
