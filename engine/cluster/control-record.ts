/**
 * What stands in the control store: facts that can be made again, no data. Every value carries the nonce of the write that made it, so that a
 * writer whose request timed out can tell its own write from another's.
 */
export interface Nonced {
  /** `incarnation:count`, unique for every attempt of every incarnation. */
  readonly nonce: string;
}

/** One run of one host. `inc` is drawn at its start and never used again. */
export interface HostRef {
  readonly host: string;
  readonly inc: number;
}

/** A node of one run of one host: the address of a message. */
export interface NodeRef extends HostRef {
  readonly node: number;
}

/** A slot that its owner has stopped, for the move that was wished for in epoch `move`. */
export interface FrozenSlot {
  readonly slot: number;
  readonly move: number;
}

/** `dead` is declared by others, `left` said by the host itself, when nothing of it ran any more. Neither is ever undone. */
export type HostState = 'up' | 'draining' | 'dead' | 'left';

/** Key `host.<id>`. Written by that host; `dead` also by a master, or by whoever has proof of the death. */
export interface HostRecord extends HostRef, Nonced {
  /** Grows with every write of this key, whoever writes. */
  readonly seq: number;
  readonly state: HostState;
  /** The highest epoch whose assignment all nodes of this host go by. */
  readonly viewEpoch: number;
  /** Worker nodes; the node behind them has the gateway. */
  readonly nodes: number;
  /** Of each worker node: how often its thread was replaced. Its slots stay with it; what the thread before sent is not taken any more. */
  readonly lives: readonly number[];
  readonly frozen: readonly FrozenSlot[];
  /** Slots that have live entities, ascending. A hint: which slots the master asks for first. */
  readonly occupied: readonly number[];
  /** Slots with records in a store that belongs to this host alone, ascending. */
  readonly holds: readonly number[];
}

/** Key `master`: who may change the assignment. Only liveness rests on it; what a late master writes fails on its revision. */
export interface MasterRecord extends HostRef, Nonced {
  readonly term: number;
  readonly seq: number;
  /** The holder has resigned: nobody needs to wait. */
  readonly released: boolean;
}

export interface Member extends HostRef {
  readonly nodes: number;
  /** The epoch that admitted it. It takes part from then on, so it never had an older view. */
  readonly since: number;
}

export interface SlotWish {
  readonly to: NodeRef;
  /** The epoch in which the wish was made: names it. */
  readonly move: number;
}

export interface SlotRow {
  readonly owner: NodeRef | undefined;
  /** The epoch in which the owner got it: the fencing token of its frames and writes. */
  readonly epoch: number;
  /** The owner before had stopped and said so; else it died, and the slot opens behind the view barrier. */
  readonly planned: boolean;
  readonly wish: SlotWish | undefined;
  /** The host whose own store has this slot's records; '' for none. Others may own the slot but not its persistent entities. */
  readonly home: string;
}

/** Key `assign`: one value, so that a change of many slots is atomic and epochs are a total order. Written by the master. */
export interface Assignment extends Nonced {
  readonly epoch: number;
  readonly term: number;
  readonly members: readonly Member[];
  /** Who came when nobody else was there: it starts the game. */
  readonly founder: HostRef | undefined;
  readonly slots: readonly SlotRow[];
}

export type ControlValue = HostRecord | MasterRecord | Assignment;
export type HostKey = `host.${string}`;
export type ControlKey = HostKey | 'master' | 'assign';

export function hostKey(host: string): HostKey {
  return `host.${host}`;
}

/** A value and its revision: the number of the write in the whole store, so later writes of any key have higher ones. */
export interface Entry<V extends ControlValue = ControlValue> {
  readonly key: ControlKey;
  readonly revision: number;
  readonly value: V;
}

export function sameHost(a: HostRef | undefined, b: HostRef | undefined): boolean {
  return a !== undefined && b !== undefined && a.host === b.host && a.inc === b.inc;
}

export function sameNode(a: NodeRef | undefined, b: NodeRef | undefined): boolean {
  return sameHost(a, b) && a!.node === b!.node;
}

/** This run of the host holds nothing any more: its slots may go to others. */
export function isGone({ state }: HostRecord): boolean {
  return state === 'dead' || state === 'left';
}

export function isMember(assignment: Assignment, ref: HostRef): boolean {
  return assignment.members.some((member) => sameHost(member, ref));
}
