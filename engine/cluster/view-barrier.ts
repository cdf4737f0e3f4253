import { type Assignment, type HostRef, isGone, isMember, sameHost } from './control-record.ts';
import type { ControlView } from './control-view.ts';

/**
 * Whether epoch `epoch` may begin to run: every host that took part before it either goes by a view that has it, or is dead. From then on
 * what the owner before still sends is refused everywhere, so that nothing of it is accepted after the first effect of the new one.
 * Hosts that were admitted later never had an older view. With `self` it goes without saying: it asks after it has installed the view.
 */
export function isSealed(assignment: Assignment, epoch: number, self: HostRef, view: ControlView): boolean {
  return assignment.members.every((member) => {
    if (member.since > epoch || sameHost(member, self)) return true;
    const record = view.host(member.host)?.value;
    if (record === undefined) return false;
    // A later run of the host stands where the record of this one's death stood.
    return record.inc !== member.inc || isGone(record) || record.viewEpoch >= epoch;
  });
}

/** The slots that a host has got by failover, and that wait for the others to know. */
export class ViewBarrier {
  private readonly self: HostRef;
  private readonly waiting = new Map<number, number>();

  constructor(self: HostRef) {
    this.self = self;
  }

  get size(): number {
    return this.waiting.size;
  }

  waitsFor(slot: number): boolean {
    return this.waiting.has(slot);
  }

  /** A slot is ours from `epoch` on, but may not run yet. */
  add(slot: number, epoch: number): void {
    this.waiting.set(slot, epoch);
  }

  remove(slot: number): void {
    this.waiting.delete(slot);
  }

  /** Slots that may run now; each is given once. */
  opened(assignment: Assignment, view: ControlView): { slot: number; epoch: number }[] {
    if (this.waiting.size === 0 || !isMember(assignment, this.self)) return [];
    const sealed = new Map<number, boolean>();
    const open: { slot: number; epoch: number }[] = [];
    for (const [slot, epoch] of this.waiting) {
      if (!sealed.has(epoch)) sealed.set(epoch, this.isSealed(assignment, epoch, view));
      if (!sealed.get(epoch)) continue;
      this.waiting.delete(slot);
      open.push({ slot, epoch });
    }
    return open;
  }

  protected isSealed(assignment: Assignment, epoch: number, view: ControlView): boolean {
    return isSealed(assignment, epoch, this.self, view);
  }
}
