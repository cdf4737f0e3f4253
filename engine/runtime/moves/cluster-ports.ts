import type { Lane } from '../../../transport/link.ts';

/**
 * What a node of a host in a cluster is given, and a host alone has not: what the control thread has written into memory that all
 * threads share, and where the node says what it has done. The cluster layer implements it.
 */
export interface ClusterPorts {
  readonly lease: LeaseSight;
  readonly peers: PeerSight;
  readonly slots: SlotSight;
  readonly told: MoveEvents;
}

/** The right of this host to run its slots. */
export interface LeaseSight {
  /** Whether a turn may begin, and an effect may leave, at this moment. Asked at the begin of a round, before every turn and before a flush. */
  isOpen(): boolean;
}

/** Who takes part, by peer index: the nodes of this host first, then one for each life of each node of another host. */
export interface PeerSight {
  /** Peer indexes are below it. */
  readonly max: number;
  /** Of one that is not, nothing is taken, from the moment at which this changes. */
  isMember(index: number): boolean;
}

/** What runs where, besides what the `Router` tells. `version` of the router grows also with every change of a state by the control thread. */
export interface SlotSight {
  /** Slots are 0 … count - 1. */
  readonly count: number;
  /** The router's `version`, certainly not older than what was stored before it. */
  freshVersion(): number;
  /** The epoch in which `node` runs a slot, open; 0 when it does not. Owner, epoch and state as they stood at one moment. */
  openEpochOf(slot: number, node: number): number;
  /** By the owner: open slots become frozen. False when it is not open. */
  freeze(slot: number): boolean;
  /** By the owner: frozen slots are open again. False when it is not frozen. */
  thaw(slot: number): boolean;
}

/** A slot that is asked for, for the move of that number. */
export interface AskedSlot {
  readonly slot: number;
  readonly move: number;
}

/** What the node reports. */
export interface MoveEvents {
  /** These slots are stopped: frozen, without live entities, and everything that was sent from them has been taken. */
  frozen(slots: readonly AskedSlot[]): void;
  /** All slots with live entities, ascending; when that has changed, every few seconds at most. */
  occupied(slots: readonly number[]): void;
}

/** Frames that a link still held when it ended, in the order of each lane. */
export interface LostFrames {
  /** Never left: nobody has seen them. */
  readonly unsent: readonly { readonly lane: Lane; readonly frame: Uint8Array }[];
  /** Sent, and not said to have arrived: perhaps they did. */
  readonly unknown: readonly { readonly lane: Lane; readonly frame: Uint8Array }[];
}
