import type { Clock } from '../base/clock.ts';
import type { Prng } from '../base/prng.ts';
import { type Assignment, type HostRecord, type HostRef, isMember, sameHost } from '../cluster/control-record.ts';
import type { ControlStore } from '../cluster/control-store.ts';
import { SLOTS } from '../cluster/keyspace.ts';
import type { LeaseCell } from '../cluster/lease-cell.ts';
import type { ExitReason } from '../cluster/lease-owner.ts';
import type { LeaseProfile } from '../cluster/lease-profile.ts';
import type { StoreEvent } from '../cluster/machine.ts';
import { Member, type MemberEffect, type MemberEvent } from '../cluster/member.ts';
import { PeerDirectory } from '../cluster/peer-directory.ts';
import type { PeerTable } from '../cluster/peer-table.ts';
import { SlotInstaller } from '../cluster/slot-installer.ts';
import { SLOT_FROZEN, type SlotTable } from '../cluster/slot-table.ts';
import type { AskedSlot, FromControl, ToControl } from './thread-messages.ts';

/** How often it is looked whether a slice still runs behind a lease that has ended. */
const QUIET_POLL_MS = 5;

/** A host that has just died does not renew its record so often any more. */
const RENEWALS_OF_A_LIVING_HOST = 8;

/** A node of this host, as the control thread sees it. */
export interface LocalNode {
  post(message: FromControl): void;
  /** It runs one more round, asleep or not. */
  wake(): void;
  /** When its last round began, on the host's clock; 0: none has yet. */
  readonly beat: number;
  /** Nothing is heard of it any more. */
  close(): void;
}

/** What the process has to do. */
export interface ControlEvents {
  serving(founds: boolean): void;
  fenced(): void;
  resumed(): void;
  emptied(): void;
  /** The record of this host names so many slots that have records in its own store. */
  held(count: number): void;
  hold(reason: string): void;
  endThreads(nodes: readonly number[]): void;
  exit(reason: ExitReason): void;
  /** Another host runs under this one's id, and renews its record: this one would wait for ever. */
  taken(): void;
}

export interface ControlShellOptions {
  readonly self: HostRef;
  readonly workers: number;
  readonly epochFloor: number;
  readonly locals: number;
  readonly profile: LeaseProfile;
  readonly clock: Clock;
  readonly random: Prng;
  readonly store: ControlStore;
  readonly slots: SlotTable;
  readonly peers: PeerTable;
  readonly lease: LeaseCell;
  /** Worker nodes, and behind them the gateway's. */
  readonly nodes: readonly LocalNode[];
  readonly events: ControlEvents;
}

/**
 * Hands and feet of a Member: what it decides goes into shared memory, to the nodes of this host, to the control store or to the process; what they
 * answer, and time, comes back as events. All on the control thread.
 */
export class ControlShell {
  readonly member: Member;
  private readonly options: ControlShellOptions;
  private readonly nodes: LocalNode[];
  private readonly directory: PeerDirectory;
  private readonly installer: SlotInstaller;
  private readonly occupied: (readonly number[])[];
  private holds: readonly number[] = [];
  private isHeldTold = true;
  private readonly asked: { freeze: AskedSlot[]; unfreeze: AskedSlot[] }[];
  private timer: NodeJS.Timeout | undefined;
  private hasJoined = false;
  /** Of the run that stands under our id: its revisions so far. */
  private readonly foreign = new Set<number>();
  private isServing = false;
  private isDraining = false;
  private hasEmptied = false;
  /** Tables have changed in this step. */
  private changed = false;
  private installedRevision = 0;
  /** When the lease ended, until it is known that no slice runs. */
  private fencedAt: number | undefined;
  private watching: NodeJS.Timeout | undefined;

  constructor(options: ControlShellOptions) {
    const { self, workers, epochFloor, locals, profile, nodes, slots, peers } = options;
    this.options = options;
    this.nodes = [...nodes];
    this.occupied = nodes.map(() => []);
    this.asked = nodes.map(() => ({ freeze: [], unfreeze: [] }));
    this.member = new Member({ self, nodes: workers, slots: SLOTS, profile, eligible: true, epochFloor });
    this.directory = new PeerDirectory(self, locals);
    this.installer = new SlotInstaller(self, locals, slots, peers, this.directory);
  }

  /** The nodes run: this host takes part. */
  join(): void {
    this.hasJoined = true;
    if (this.holds.length > 0) this.tellOccupied();
    else this.step({ kind: 'tick' });
  }

  onStore(event: StoreEvent): void {
    if (this.hasJoined) this.step(event);
  }

  onNode(node: number, message: ToControl): void {
    if (message.kind === 'frozen') {
      this.step({ kind: 'frozen', slots: message.slots });
      return;
    }
    this.occupied[node] = message.slots;
    this.tellOccupied();
  }

  /** All slots that have records in this host's own store; once one is among them it always is. */
  hold(slots: readonly number[]): void {
    this.holds = [...slots].sort((a, b) => a - b);
    this.isHeldTold = false;
    if (this.hasJoined) this.tellOccupied();
  }

  private tellOccupied(): void {
    const slots = this.occupied.flat().sort((a, b) => a - b);
    this.step({ kind: 'occupied', slots, holds: this.holds });
  }

  /** A node has another thread. What the one before was asked for and has not said to have done is asked of this one. */
  replace(node: number, life: number, next: LocalNode): void {
    this.nodes[node]!.close();
    this.nodes[node] = next;
    this.occupied[node] = [];
    next.post({ kind: 'peers', met: this.directory.peers, parted: [] });
    const { slots, self } = this.options;
    for (const [slot, { owner, wish }] of this.member.view.assignment?.value.slots.entries() ?? []) {
      if (!sameHost(owner, self) || owner!.node !== node || this.member.duty.hasStopped(slot)) continue;
      // Its thread is gone, so nobody else changes this word; the slot runs on, and is stopped by the next thread again.
      if (slots.stateOf(slot) === SLOT_FROZEN) this.changed = slots.thaw(slot) || this.changed;
      if (wish !== undefined && slots.isOpen(slot)) this.asked[node]!.freeze.push({ slot, move: wish.move });
    }
    this.step({ kind: 'life', node, life });
  }

  drain(): void {
    this.isDraining = true;
    this.step({ kind: 'drain' });
  }

  retire(): void {
    this.step({ kind: 'retired' });
  }

  /** Nothing is heard or done any more. */
  close(): void {
    this.hasJoined = false;
    clearTimeout(this.timer);
    clearTimeout(this.watching);
    for (const node of this.nodes) node.close();
    this.options.store.close();
  }

  private get assignment(): Assignment | undefined {
    return this.member.view.assignment?.value;
  }

  private readonly recordOf = (host: string): HostRecord | undefined => this.member.view.host(host)?.value;

  private step(event: MemberEvent): void {
    if (!this.hasJoined) return;
    const { clock, random, events } = this.options;
    const now = { mono: clock.now(), wall: clock.wallNow() };
    for (const effect of this.member.step(event, { now, random })) this.carryOut(effect);
    // Records tell of other lives of nodes that the assignment knows.
    const { highestRevision } = this.member.view;
    if (this.assignment !== undefined && highestRevision !== this.installedRevision) {
      this.installedRevision = highestRevision;
      this.install(this.assignment);
    }
    this.tellNodes();
    this.tellServing();
    if (this.member.owner.phase === 'joining') this.watchOwnName();
    this.tellHeld();
    if (this.isDraining && !this.hasEmptied && this.isLast()) {
      this.hasEmptied = true;
      events.emptied();
    }
    this.arm();
  }

  private tellHeld(): void {
    const own = this.recordOf(this.options.self.host);
    if (this.isHeldTold || own?.inc !== this.options.self.inc || own.holds.length !== this.holds.length) return;
    if (own.holds.some((slot, i) => slot !== this.holds[i])) return;
    this.isHeldTold = true;
    this.options.events.held(this.holds.length);
  }

  private carryOut(effect: MemberEffect): void {
    const { store, lease, slots, events } = this.options;
    switch (effect.kind) {
      case 'lease':
        lease.store(effect.lease);
        return;
      case 'fence':
        this.fence();
        return;
      case 'resume':
        this.resume();
        return;
      case 'end-threads':
        events.endThreads(this.busyNodes());
        return;
      case 'exit':
        this.end(effect.reason);
        return;
      case 'install':
        this.install(effect.assignment);
        return;
      case 'open':
        slots.open(effect.slot);
        this.changed = true;
        return;
      case 'freeze':
      case 'unfreeze': {
        const { slot, move } = effect;
        const { owner } = this.assignment!.slots[slot]!;
        this.asked[owner!.node]![effect.kind].push({ slot, move });
        return;
      }
      case 'emptied':
        if (!this.hasEmptied) events.emptied();
        this.hasEmptied = true;
        return;
      case 'hold':
        events.hold(effect.reason);
        return;
      default:
        store.perform(effect);
    }
  }

  private install(assignment: Assignment): void {
    const change = this.installer.install(assignment, this.recordOf);
    if (change === undefined) return;
    this.changed = true;
    if (change.met.length === 0 && change.parted.length === 0) return;
    for (const node of this.nodes) node.post({ kind: 'peers', ...change });
  }

  /** Everything that this step has changed is in shared memory by now. */
  private tellNodes(): void {
    if (this.changed) this.options.slots.publish();
    for (const [index, node] of this.nodes.entries()) {
      const { freeze, unfreeze } = this.asked[index]!;
      if (unfreeze.length > 0) node.post({ kind: 'unfreeze', slots: unfreeze });
      if (freeze.length > 0) node.post({ kind: 'freeze', slots: freeze });
      this.asked[index] = { freeze: [], unfreeze: [] };
      if (!this.changed) continue;
      node.post({ kind: 'installed' });
      node.wake();
    }
    this.changed = false;
  }

  private tellServing(): void {
    const { member, assignment } = this;
    if (this.isServing || assignment === undefined || member.owner.phase !== 'up' || member.duty.waiting > 0) return;
    if (!isMember(assignment, member.self)) return;
    this.isServing = true;
    this.options.events.serving(sameHost(assignment.founder, member.self));
  }

  /** One that drains is about to give the name back. */
  private watchOwnName(): void {
    const { self, view } = this.member;
    const known = view.host(self.host);
    if (known === undefined || known.value.inc === self.inc || known.value.state !== 'up') return;
    this.foreign.add(known.revision);
    if (this.foreign.size === RENEWALS_OF_A_LIVING_HOST) this.options.events.taken();
  }

  /** Nobody is there who could take the slots. */
  private isLast(): boolean {
    const { member, assignment } = this;
    if (assignment === undefined || !isMember(assignment, member.self)) return true;
    const others = assignment.members.filter((one) => !sameHost(one, member.self));
    return !others.some((one) => {
      const record = this.recordOf(one.host);
      return record === undefined || (record.inc === one.inc && record.state === 'up');
    });
  }

  private fence(): void {
    this.fencedAt = this.options.clock.now();
    for (const node of this.nodes) node.wake();
    this.options.events.fenced();
    this.watching = setTimeout(this.look, 0);
  }

  private resume(): void {
    this.stopWatching();
    for (const node of this.nodes) node.wake();
    this.options.events.resumed();
  }

  /** Nodes that have not begun a round since the lease ended: a slice may still run there. One that never did runs nothing. */
  private busyNodes(): number[] {
    const { fencedAt } = this;
    if (fencedAt === undefined) return [];
    return this.nodes.flatMap(({ beat }, index) => (beat === 0 || beat >= fencedAt ? [] : [index]));
  }

  private readonly look = (): void => {
    const quiet = this.busyNodes().length === 0;
    if (!quiet) this.watching = setTimeout(this.look, QUIET_POLL_MS);
    this.step({ kind: 'quiet', quiet });
  };

  private stopWatching(): void {
    clearTimeout(this.watching);
    this.fencedAt = undefined;
  }

  private end(reason: ExitReason): void {
    clearTimeout(this.timer);
    this.stopWatching();
    for (const node of this.nodes) node.wake();
    this.options.events.exit(reason);
  }

  private arm(): void {
    clearTimeout(this.timer);
    const now = this.options.clock.now();
    const at = this.member.wakeAt(now);
    if (!this.hasJoined || at === Number.POSITIVE_INFINITY) return;
    this.timer = setTimeout(() => this.step({ kind: 'tick' }), Math.max(0, at - now));
  }
}
