import { LANES, type Lane } from '../../../transport/link.ts';
import { ALL_SLOTS, KIND_SYNC } from '../frame.ts';
import type { NodeState } from '../node-state.ts';
import type { Census } from './census.ts';
import type { AskedSlot, ClusterPorts } from './cluster-ports.ts';
import type { Gate } from './gate.ts';
import type { Parking } from './parking.ts';

/** How often slots that wait for something are looked at again. */
const LOOK_MS = 5;
const ASK_AGAIN_MS = 1000;
const OCCUPIED_MS = 2000;

/** It still has live entities, or something of theirs waits for an owner. From here on it is frozen: what was sent from it is on its way; */
const WAITS = 0;
const SETTLES = 1;
/** some of it has come back, and waits for an owner; all of it was taken, which was told. */
const BACK = 2;
const STOPPED = 3;
type Stage = typeof WAITS | typeof SETTLES | typeof BACK | typeof STOPPED;

interface Asked {
  readonly move: number;
  /** Of the slot, when it was asked for. */
  readonly epoch: number;
  stage: Stage;
}

/** Asked of every node that there is a link to: whether all that was sent before has been taken, or has come back. */
interface Sounding {
  readonly number: number;
  readonly slots: readonly number[];
  /** Nodes and lanes that have not answered; and those that are to be asked, for want of room. */
  readonly missing: Set<number>;
  unasked: [node: number, lane: Lane][];
  /** When those that have not answered are asked once more: an answer may have found no room. */
  againAt: number;
}

/**
 * Gives slots up that are asked for. One is stopped when it has no live entities and nothing of theirs waits here for an owner; it is given up when every
 * message that was sent before is certain to have been taken, or is back and has been sent again: its next owner may then speak for the same entities, and
 * nothing of before comes behind that. Says now and then which slots have live entities, too.
 */
export class Freezer {
  /** When `advance` has something to do though nothing happens. */
  wakeAt = Number.POSITIVE_INFINITY;
  private readonly state: NodeState;
  private readonly ports: ClusterPorts;
  private readonly census: Census;
  private readonly gate: Gate;
  private readonly parking: Parking;
  private readonly asked = new Map<number, Asked>();
  private soundings: Sounding[] = [];
  private numbers = 0;
  private changesTold = 0;
  private toldAt = Number.NEGATIVE_INFINITY;

  constructor(state: NodeState, ports: ClusterPorts, census: Census, gate: Gate, parking: Parking) {
    this.state = state;
    this.ports = ports;
    this.census = census;
    this.gate = gate;
    this.parking = parking;
  }

  freeze(slots: readonly AskedSlot[]): void {
    for (const { slot, move } of slots) {
      const known = this.asked.get(slot);
      const isStopped = known !== undefined && known.stage !== WAITS;
      // Stopped for another move: what it had to wait for it waits for again.
      this.asked.set(slot, { move, epoch: this.state.router.epochOf(slot), stage: isStopped ? BACK : WAITS });
    }
    this.wakeAt = 0;
  }

  unfreeze(slots: readonly AskedSlot[]): void {
    for (const { slot } of slots) {
      const known = this.asked.get(slot);
      this.asked.delete(slot);
      if (known !== undefined && known.stage !== WAITS) this.ports.slots.thaw(slot);
    }
    this.gate.look();
  }

  /** The tables have changed: a slot that has another owner or epoch is not asked for any more. */
  look(): void {
    const { router, index } = this.state;
    for (const [slot, { epoch }] of this.asked) {
      if (router.ownerOf(slot) !== index || router.epochOf(slot) !== epoch) this.asked.delete(slot);
    }
  }

  /** Once a round. */
  advance(now: number): void {
    const isNews = this.census.changes !== this.changesTold;
    if (now < this.wakeAt && !isNews) return;
    this.wakeAt = Number.POSITIVE_INFINITY;
    if (isNews) this.tellOccupied(now);
    if (this.asked.size === 0 && this.soundings.length === 0) return;
    for (const sounding of this.soundings) {
      if (now >= sounding.againAt) {
        sounding.againAt = now + ASK_AGAIN_MS;
        sounding.unasked = [...sounding.missing].map((one) => [Math.floor(one / LANES), (one % LANES) as Lane]);
      }
      this.ask(sounding);
    }
    this.stop(now);
    for (const { stage } of this.asked.values()) {
      if (stage !== STOPPED) this.wakeAt = Math.min(this.wakeAt, now + LOOK_MS);
    }
  }

  /** A node has taken all that was sent to it on this lane before it was asked. */
  answered(node: number, lane: Lane, number: number): void {
    const sounding = this.soundings.find((one) => one.number === number);
    if (sounding === undefined || !sounding.missing.delete(node * LANES + lane)) return;
    if (sounding.missing.size === 0) this.settled(sounding);
  }

  /** A life of a node is over: nothing that it had can come back. */
  forget(node: number): void {
    for (const sounding of this.soundings) {
      sounding.unasked = sounding.unasked.filter(([one]) => one !== node);
      for (let lane = 0; lane < LANES; lane++) sounding.missing.delete(node * LANES + lane);
      if (sounding.missing.size === 0) this.settled(sounding);
    }
  }

  private stop(now: number): void {
    const { slots } = this.ports;
    let sources: Set<number> | undefined;
    const stopped: number[] = [];
    for (const [slot, one] of this.asked) {
      if (one.stage !== BACK && (one.stage !== WAITS || !this.census.isEmpty(slot))) continue;
      sources ??= this.parking.sourceSlots();
      if (sources.has(slot) || (one.stage === WAITS && !slots.freeze(slot))) continue;
      this.gate.epochs[slot] = 0;
      one.stage = SETTLES;
      stopped.push(slot);
    }
    if (stopped.length > 0) this.sound(stopped, now);
  }

  private sound(slots: readonly number[], now: number): void {
    const sounding: Sounding = {
      number: ++this.numbers,
      slots,
      missing: new Set(),
      unasked: [],
      againAt: now + ASK_AGAIN_MS,
    };
    for (const node of this.state.outbox.linked()) {
      if (node === this.ports.peers.max) continue;
      for (let lane = 0 as Lane; lane < LANES; lane++) {
        sounding.missing.add(node * LANES + lane);
        sounding.unasked.push([node, lane]);
      }
    }
    this.soundings.push(sounding);
    this.ask(sounding);
  }

  private ask(sounding: Sounding): void {
    const { outbox } = this.state;
    sounding.unasked = sounding.unasked.filter(
      ([node, lane]) => !outbox.sync(node, lane, KIND_SYNC, ALL_SLOTS, sounding.number),
    );
  }

  private settled(sounding: Sounding): void {
    this.soundings = this.soundings.filter((one) => one !== sounding);
    const done: AskedSlot[] = [];
    const sources = this.parking.sourceSlots();
    for (const slot of sounding.slots) {
      const one = this.asked.get(slot);
      if (one === undefined || one.stage !== SETTLES) continue;
      // It goes out again, and then all are asked once more.
      if (sources.has(slot)) one.stage = BACK;
      else {
        one.stage = STOPPED;
        done.push({ slot, move: one.move });
      }
    }
    this.wakeAt = 0;
    if (done.length > 0) this.ports.told.frozen(done);
  }

  private tellOccupied(now: number): void {
    if (now - this.toldAt < OCCUPIED_MS) {
      this.wakeAt = this.toldAt + OCCUPIED_MS;
      return;
    }
    this.toldAt = now;
    this.changesTold = this.census.changes;
    this.ports.told.occupied(this.census.occupied());
  }
}
