import { type Assignment, type FrozenSlot, type HostRef, sameHost } from './control-record.ts';
import type { ControlView } from './control-view.ts';
import type { Out } from './machine.ts';
import type { ViewBarrier } from './view-barrier.ts';

export type SlotEffect =
  /** All nodes go by this assignment from here on. What they owned in the one before and not in this they stop and forget. */
  | { readonly kind: 'install'; readonly assignment: Assignment }
  /** A slot of ours runs from now on. */
  | { readonly kind: 'open'; readonly slot: number; readonly epoch: number }
  /** Stop this slot as soon as it has no live entities, and answer with `frozen`. */
  | { readonly kind: 'freeze'; readonly slot: number; readonly move: number }
  /** The move was withdrawn: the slot runs on. The only thing that ever unfreezes a slot. */
  | { readonly kind: 'unfreeze'; readonly slot: number; readonly move: number };

/** What the assignment asks of this host: which slots it owns, which of them wait for the barrier, which it is to give away. */
export class SlotDuty {
  owned = 0;
  private readonly self: HostRef;
  private readonly barrier: ViewBarrier;
  private assignment: Assignment | undefined;
  private reported = 0;
  private frozen: FrozenSlot[] = [];

  constructor(self: HostRef, barrier: ViewBarrier) {
    this.self = self;
    this.barrier = barrier;
  }

  get epoch(): number {
    return this.assignment?.epoch ?? 0;
  }

  /** Slots of ours that do not run yet. */
  get waiting(): number {
    return this.barrier.size;
  }

  /** What the record of this host says of it. */
  report(): { viewEpoch: number; frozen: readonly FrozenSlot[] } {
    this.reported = this.epoch;
    return { viewEpoch: this.epoch, frozen: this.frozen };
  }

  install(next: Assignment, out: Out<SlotEffect>): void {
    const before = this.assignment;
    if (before !== undefined && before.epoch === next.epoch) return;
    this.assignment = next;
    out.push({ kind: 'install', assignment: next });
    this.owned = 0;
    for (const [slot, row] of next.slots.entries()) {
      const known = before?.slots[slot];
      const ours = sameHost(row.owner, this.self);
      const anew = ours && !(known?.epoch === row.epoch && sameHost(known.owner, this.self));
      if (ours) this.owned++;
      if (anew && row.planned) out.push({ kind: 'open', slot, epoch: row.epoch });
      else if (anew) this.barrier.add(slot, row.epoch);
      else if (!ours) this.barrier.remove(slot);
      if (!ours) continue;
      const asked = anew ? undefined : known?.wish;
      if (asked !== undefined && asked.move !== row.wish?.move) out.push({ kind: 'unfreeze', slot, move: asked.move });
      // A slot behind the barrier is not stopped but not begun: given away now, it would take its next owner past the barrier.
      if (row.wish !== undefined && row.wish.move !== asked?.move && !this.barrier.waitsFor(slot)) {
        out.push({ kind: 'freeze', slot, move: row.wish.move });
      }
    }
    this.frozen = this.frozen.filter(({ slot, move }) => this.isAskedFor(slot, move));
  }

  /** Whether any of them is still asked for. */
  noteFrozen(slots: readonly FrozenSlot[]): boolean {
    const asked = slots.filter(({ slot, move }) => this.isAskedFor(slot, move));
    this.frozen = [...this.frozen, ...asked];
    return asked.length > 0;
  }

  /** Its owner has said that it stopped this slot: nobody may run it here any more, unless the wish is withdrawn. */
  hasStopped(slot: number): boolean {
    return this.frozen.some((frozen) => frozen.slot === slot);
  }

  /** Opens what may be opened. Whether the record of this host is to be brought up to date. */
  advance(view: ControlView, out: Out<SlotEffect>): boolean {
    if (this.assignment === undefined) return false;
    for (const { slot, epoch } of this.barrier.opened(this.assignment, view)) {
      out.push({ kind: 'open', slot, epoch });
      const { wish } = this.assignment.slots[slot]!;
      if (wish !== undefined) out.push({ kind: 'freeze', slot, move: wish.move });
    }
    return this.reported !== this.epoch;
  }

  private isAskedFor(slot: number, move: number): boolean {
    const row = this.assignment?.slots[slot];
    if (row === undefined || this.barrier.waitsFor(slot)) return false;
    return sameHost(row.owner, this.self) && row.wish?.move === move;
  }
}
