import { type Assignment, type HostRef, isMember, type NodeRef, sameNode } from './control-record.ts';

/** What a node does with a request. `bounce` proves to its sender that it was not executed; `refuse` drops it: its sender is no more. */
export type GateVerdict = 'accept' | 'bounce' | 'refuse';

/** Where a message comes from: an entity of a slot, or (slot -1) something that no slot owns, such as a client's session. */
export interface Source extends NodeRef {
  readonly slot: number;
  readonly epoch: number;
}

/** Which requests a node takes: only for slots that it owns and runs in the epoch that the sender knows, only from who owned its slot then. */
export class SlotGate {
  bounced = 0;
  refused = 0;
  protected readonly self: NodeRef;
  protected assignment: Assignment | undefined;
  /** Slots that run here, and their epochs. */
  private readonly running = new Map<number, number>();
  /** Slots that are stopped, and the epochs in which they are ours. */
  private readonly frozen = new Map<number, number>();
  /** Senders whose request for a slot was bounced, until they say that they know: whatever of theirs is on its way is bounced as well. */
  private readonly bouncing = new Set<string>();

  constructor(self: NodeRef) {
    this.self = self;
  }

  /** What is not ours in it any more stops. */
  install(assignment: Assignment): void {
    this.assignment = assignment;
    for (const [slot, epoch] of this.running) {
      const row = assignment.slots[slot]!;
      if (row.epoch === epoch && sameNode(row.owner, this.self)) continue;
      this.running.delete(slot);
    }
    // One that had not begun to run may have been stopped as well.
    for (const [slot, epoch] of this.frozen) {
      const row = assignment.slots[slot]!;
      if (row.epoch !== epoch || !sameNode(row.owner, this.self)) this.frozen.delete(slot);
    }
  }

  open(slot: number, epoch: number): void {
    this.running.set(slot, epoch);
  }

  freeze(slot: number): void {
    this.frozen.set(slot, this.assignment?.slots[slot]?.epoch ?? 0);
  }

  unfreeze(slot: number): void {
    this.frozen.delete(slot);
  }

  /** The epoch in which the slot runs here; 0 when it does not. */
  epochOf(slot: number): number {
    return this.frozen.has(slot) ? 0 : (this.running.get(slot) ?? 0);
  }

  /** A request for `slot`, which its sender takes for ours since `epoch`. */
  admit(slot: number, epoch: number, source: Source): GateVerdict {
    if (this.isStale(source)) {
      this.refused++;
      return 'refuse';
    }
    const sender = `${slot} ${source.host}/${source.inc}/${source.node}`;
    if (this.epochOf(slot) === epoch && epoch > 0 && !this.bouncing.has(sender)) return 'accept';
    this.bouncing.add(sender);
    this.bounced++;
    return 'bounce';
  }

  /** The sender has seen a bounce and has stopped: what it sends from now on it sends anew, in order. */
  sync(slot: number, sender: NodeRef): void {
    this.bouncing.delete(`${slot} ${sender.host}/${sender.inc}/${sender.node}`);
  }

  /** A run of a host is over, and with it its senders. */
  forget({ host, inc }: HostRef): void {
    for (const sender of this.bouncing) if (sender.includes(` ${host}/${inc}/`)) this.bouncing.delete(sender);
  }

  /** From a run of a host that is no member, or from an owner whose slot has gone to another since. */
  isStale(source: Source): boolean {
    if (this.assignment === undefined || !isMember(this.assignment, source)) return true;
    return source.slot >= 0 && source.epoch < this.assignment.slots[source.slot]!.epoch;
  }
}
