import { Reader } from '../../../transport/codec/reader.ts';
import type { Lane } from '../../../transport/link.ts';
import type { Activations } from '../activations.ts';
import { ALL_SLOTS, BOUNCED, KIND_SYNC, KIND_SYNCED, kindOf, syncNumberOf, syncSlotOf } from '../frame.ts';
import type { NodeState } from '../node-state.ts';
import type { Census } from './census.ts';
import type { AskedSlot, ClusterPorts } from './cluster-ports.ts';
import { Freezer } from './freezer.ts';
import { Gate, type GateEvents } from './gate.ts';
import type { Parking } from './parking.ts';
import type { SlotRoutes } from './slot-routes.ts';

/** How often a node without the right to run asks for it by itself; whoever gives it back rings as well. */
const CLOSED_POLL_MS = 5;

/** A frame that was drained when the lease ended. */
interface Kept {
  readonly bytes: Uint8Array;
  readonly lane: Lane;
  readonly source: number;
}

export interface MoveParts {
  readonly state: NodeState;
  readonly ports: ClusterPorts;
  readonly routes: SlotRoutes;
  readonly parking: Parking;
  readonly census: Census;
  readonly activations: Activations;
  readonly refuse: GateEvents['refuse'];
  /** As if it had been drained just now. */
  readonly handle: (input: Reader, lane: Lane, source: number) => void;
}

/**
 * What a node of a cluster has besides: slots that come and go, and a lease that may end. While it is closed no round begins: nothing is drained, no timer fires and
 * nothing is flushed; in the middle of a round the running slice ends, and what was drained waits. When it is open again all goes on from there.
 */
export class Moves implements GateEvents {
  readonly gate: Gate;
  readonly refuse: GateEvents['refuse'];
  private readonly parts: MoveParts;
  private readonly freezer: Freezer;
  private kept: Kept[] = [];
  /** As of the last look. */
  private isClosed = false;

  constructor(parts: MoveParts) {
    this.parts = parts;
    this.refuse = parts.refuse;
    this.gate = new Gate(parts.state, parts.ports.slots, this);
    this.freezer = new Freezer(parts.state, parts.ports, parts.census, this.gate, parts.parking);
  }

  /** A round begins. False: it must not. */
  begin(now: number): boolean {
    this.isClosed = !this.parts.ports.lease.isOpen();
    if (this.isClosed) return false;
    if (this.gate.isOld) this.gate.look();
    if (this.kept.length > 0) this.handleKept();
    this.gate.answerOwed();
    this.parts.routes.advance(now);
    this.freezer.advance(now);
    return true;
  }

  /** Whether a frame that was just drained has to wait: the lease has ended in the middle of the round, or others wait already. */
  keeps(input: Reader, lane: Lane, source: number): boolean {
    if (this.kept.length === 0 && this.parts.ports.lease.isOpen()) return false;
    this.isClosed = true;
    this.kept.push({ bytes: input.bytes.slice(input.at, input.end), lane, source });
    return true;
  }

  private handleKept(): void {
    const { kept } = this;
    this.kept = [];
    // Each asks for the lease again, and waits on behind those that do.
    for (const { bytes, lane, source } of kept) this.parts.handle(new Reader(bytes), lane, source);
  }

  /** There is something to do right now. */
  get isPending(): boolean {
    return !this.isClosed && (this.kept.length > 0 || this.gate.isOld || this.parts.routes.isPending);
  }

  get isShut(): boolean {
    return this.isClosed;
  }

  /** Frames of a node of another host are taken while it takes part. */
  hears(node: number): boolean {
    return this.parts.ports.peers.isMember(node);
  }

  nextDue(now: number): number {
    return this.isClosed ? now + CLOSED_POLL_MS : Math.min(this.parts.routes.wakeAt, this.freezer.wakeAt);
  }

  /** A frame of a kind that only exists in a cluster. False when it is none. */
  onFrame(input: Reader, lane: Lane, source: number): boolean {
    const { state, routes } = this.parts;
    const { view, at } = input;
    const kind = kindOf(view, at);
    const from = state.outbox.nodeOf(source);
    if ((kind & BOUNCED) !== 0) {
      routes.bounced(input.bytes.slice(at, input.end), lane, from, state.now);
      return true;
    }
    const slot = syncSlotOf(view, at);
    const number = syncNumberOf(view, at);
    if (kind === KIND_SYNC) this.gate.sync(slot, number, source, lane);
    else if (kind !== KIND_SYNCED) return false;
    else if (slot === ALL_SLOTS) this.freezer.answered(from, lane, number);
    else routes.synced(slot, lane, number);
    return true;
  }

  looked(lost: readonly number[]): void {
    this.freezer.look();
    this.parts.routes.look();
    if (lost.length > 0) this.parts.activations.forget(new Set(lost));
  }

  /** There is a link to one node more. */
  met(): void {
    this.parts.routes.look();
  }

  freeze(slots: readonly AskedSlot[]): void {
    this.freezer.freeze(slots);
  }

  unfreeze(slots: readonly AskedSlot[]): void {
    this.freezer.unfreeze(slots);
  }

  /** The life of a node behind an address is over. */
  forget(node: number, address: number): void {
    this.gate.forget(address);
    this.freezer.forget(node);
  }
}
