import type { Reader } from '../../../transport/codec/reader.ts';
import type { Lane } from '../../../transport/link.ts';
import { type EngineError, OverloadedError } from '../../base/errors.ts';
import type { Operation } from '../catalogue.ts';
import { epochOf, isFromEntity, KIND_SYNCED, slotOf, sourceEpochOf, sourceSlotOf } from '../frame.ts';
import type { NodeState } from '../node-state.ts';
import type { SlotSight } from './cluster-ports.ts';

/** An answer to a sync that found no room yet. */
interface Owed {
  readonly address: number;
  readonly lane: Lane;
  readonly slot: number;
  readonly number: number;
}

/** What the gate needs of the node. */
export interface GateEvents {
  /** The tables were looked at: these slots ran here and do not any more. */
  looked(lost: readonly number[]): void;
  /** Answers a message that is not taken, or counts it as a dead letter. */
  refuse(input: Reader, source: number, lane: Lane, operation: Operation | undefined, error: EngineError): void;
}

/**
 * Which messages for entities a node takes: those for a slot that runs here, in the epoch that the sender goes by, from an entity whose slot was not taken from it since.
 * Anything else for a slot goes back to its sender, which proves that it was not executed; and from then on everything of that sender, slot and lane, until the
 * sender's sync says that it has seen it: or what it sent later would be taken before what it sends again.
 */
export class Gate {
  /** By slot, the epoch in which it runs here; 0: it does not. */
  readonly epochs: Int32Array;
  private readonly state: NodeState;
  private readonly slots: SlotSight;
  private readonly events: GateEvents;
  /** Senders, slots and lanes of which everything goes back. */
  private readonly bouncing = new Set<number>();
  private owed: Owed[] = [];
  /** Of the tables, when `epochs` was made. */
  private version = -1;

  constructor(state: NodeState, slots: SlotSight, events: GateEvents) {
    this.state = state;
    this.slots = slots;
    this.events = events;
    this.epochs = state.epochs!;
  }

  /** Whether the tables have changed since the last look. */
  get isOld(): boolean {
    return this.state.router.version !== this.version;
  }

  /** Looks at the tables. What does not run here any more is over at once. */
  look(): void {
    const { slots, epochs } = this;
    // Read first: rows may be newer than it, never older.
    this.version = slots.freshVersion();
    const lost: number[] = [];
    for (let slot = 0; slot < epochs.length; slot++) {
      const epoch = slots.openEpochOf(slot, this.state.index);
      const before = epochs[slot]!;
      if (epoch === before) continue;
      epochs[slot] = epoch;
      if (before !== 0) lost.push(slot);
    }
    this.events.looked(lost);
  }

  /** Whether a message for an entity is taken. Otherwise it is dealt with. `input` stands at its first byte. */
  takes(input: Reader, source: number, lane: Lane, operation: Operation | undefined): boolean {
    if (this.isOld) this.look();
    const { view, at } = input;
    if (isFromEntity(view, at) && this.isStale(sourceSlotOf(view, at), sourceEpochOf(view, at))) {
      this.state.counters.staleSources++;
      return false;
    }
    const slot = slotOf(view, at);
    const { bouncing } = this;
    const epoch = this.epochs[slot];
    if (epoch !== 0 && epoch === epochOf(view, at) && (bouncing.size === 0 || !bouncing.has(key(source, slot, lane)))) {
      return true;
    }
    this.bounce(input, source, lane, operation);
    return false;
  }

  /** Sends a message back to its sender. `input` stands at its first byte. */
  bounce(input: Reader, source: number, lane: Lane, operation: Operation | undefined): void {
    const { counters, outbox } = this.state;
    if (operation !== undefined && !operation.reliable) {
      // It has no place in the order, and its sender would not keep it.
      counters.droppedUnreliable++;
      return;
    }
    this.bouncing.add(key(source, slotOf(input.view, input.at), lane));
    if (outbox.bounce(source, lane, input.bytes.subarray(input.at, input.end))) counters.messagesSentBack++;
    else this.events.refuse(input, source, lane, operation, noWayBack());
  }

  /** The sender has seen that something came back, and has stopped sending; what it sends behind this it sends anew. Or it only wants to know. */
  sync(slot: number, number: number, address: number, lane: Lane): void {
    if (this.isOld) this.look();
    this.bouncing.delete(key(address, slot, lane));
    const owed: Owed = { address, lane, slot, number };
    if (this.owed.length > 0 || !this.answer(owed)) this.owed.push(owed);
  }

  /** Once a round. */
  answerOwed(): void {
    if (this.owed.length === 0) return;
    const { owed } = this;
    this.owed = [];
    for (const one of owed) if (this.owed.length > 0 || !this.answer(one)) this.owed.push(one);
  }

  /** The life of a node behind an address is over. */
  forget(address: number): void {
    for (const one of this.bouncing) if (addressOf(one) === address) this.bouncing.delete(one);
    this.owed = this.owed.filter((one) => one.address !== address);
  }

  private answer({ address, lane, slot, number }: Owed): boolean {
    return this.state.outbox.isLost(address) || this.state.outbox.sync(address, lane, KIND_SYNCED, slot, number);
  }

  /** Its slot belongs to somebody else since, or to a later epoch. */
  private isStale(slot: number, epoch: number): boolean {
    return slot < this.epochs.length && epoch < this.state.router.epochOf(slot);
  }
}

const SLOT_BITS = 16;
const LANE_BITS = 2;
const UNIT = 2 ** (SLOT_BITS + LANE_BITS);

const key = (address: number, slot: number, lane: Lane): number => address * UNIT + slot * 2 ** LANE_BITS + lane;
const addressOf = (one: number): number => Math.floor(one / UNIT);

const noWayBack = (): EngineError =>
  new OverloadedError('link-full', 'The slot is not open here, and there was no room to send the message back.');
