import type { MessagePort } from 'node:worker_threads';
import type { HashKey } from '../cluster/keyspace.ts';
import type { MetPeer } from '../cluster/peer-directory.ts';
import type { LockReport } from '../runtime/lock-report.ts';
import type { Quarantined } from '../runtime/quarantine.ts';
import type { StoreAddress } from '../store/store-address.ts';
import type { HostConfig } from './config.ts';
import type { MeshMemory, PeerLinks } from './mesh.ts';
import type { StoreIdentity } from './store-identity.ts';

/** The thread that holds the store is told which. */
export interface StoreStart {
  readonly address: StoreAddress;
  /** Given to a thread that takes the place of one that died: its host has claimed the store with this. */
  readonly claimed: StoreIdentity | undefined;
  /** The cluster whose hosts share the store; undefined: no other host works on it, and one that has started there ends this one. */
  readonly cluster: string | undefined;
}

/** What a node of a host in a cluster has beside the others. */
export interface ClusterStart {
  readonly nats: string;
  /** The cluster's name. */
  readonly name: string;
  /** Of this run of the host. */
  readonly inc: number;
  /** A PeerTable and a LeaseCell, both written by the control thread. */
  readonly peers: SharedArrayBuffer;
  readonly lease: SharedArrayBuffer;
  /** Brings FromControl, takes ToControl. */
  readonly control: MessagePort;
}

/** What a node thread is started with. */
export interface ThreadStart extends MeshMemory {
  readonly index: number;
  readonly workers: number;
  readonly hostId: string;
  readonly incarnation: number;
  readonly seed: number;
  readonly hashKey: HashKey;
  /** URLs of the built game and of what was generated for it. */
  readonly gameUrl: string;
  readonly generatedUrl: string;
  readonly slotTable: SharedArrayBuffer;
  readonly log: Pick<HostConfig, 'logLevel' | 'logFormat'>;
  readonly quarantined: readonly Quarantined[];
  /** On the thread that holds the store and owns no slots; it finds the key of the keyspace there. */
  readonly store?: StoreStart;
  /** In a cluster, on nodes that have links to other hosts: not on the one that holds the store. */
  readonly cluster?: ClusterStart;
}

export type ToThread =
  | { readonly kind: 'start' }
  /** The host is sure to start: whoever had the store has it no more, or, in a cluster, shares it. The key is the one that all go by. */
  | { readonly kind: 'claim-store'; readonly hashKey: HashKey }
  /** The other hosts know of so many slots that have records here. */
  | { readonly kind: 'held'; readonly count: number }
  | { readonly kind: 'figures'; readonly id: number }
  | { readonly kind: 'locks'; readonly id: number; readonly from: number }
  /** Entities leave. Without `stays` the node ends then; with it, it goes on for what is on its way, until it is told again. */
  | { readonly kind: 'drain'; readonly graceMs: number; readonly stays: boolean }
  /** Another thread has ended, and a new one has its index. */
  | { readonly kind: 'peer-replaced'; readonly links: PeerLinks }
  /** All that must not run, from now on. */
  | { readonly kind: 'quarantine'; readonly quarantined: readonly Quarantined[] };

export interface Figures {
  readonly counters: Record<string, number>;
  readonly gauges: Record<string, number>;
}

export type FromThread =
  | { readonly kind: 'ready' }
  /** All slots that have records in the store of this host, in the order in which they came; in a cluster, when it belongs to the host. */
  | { readonly kind: 'holds'; readonly slots: readonly number[] }
  /** The store is open and as it was. */
  | { readonly kind: 'store-found'; readonly identity: StoreIdentity }
  /** Another host has started on the store. */
  | { readonly kind: 'store-taken' }
  /** The node cannot run: one line for the operator. */
  | { readonly kind: 'failed'; readonly message: string }
  /** `onStart` threw. */
  | { readonly kind: 'start-failed'; readonly message: string }
  | { readonly kind: 'figures'; readonly id: number; readonly figures: Figures }
  | { readonly kind: 'locks'; readonly id: number; readonly locks: LockReport }
  | { readonly kind: 'drained' }
  /** What another node wrote cannot be right: it has to be replaced, if it still is in that life. */
  | { readonly kind: 'corrupt'; readonly node: number; readonly life: number; readonly message: string };

/** A slot that is asked for, for the move of that epoch. */
export interface AskedSlot {
  readonly slot: number;
  readonly move: number;
}

/** What the control thread tells each node of its host, over a port that only the two have. In a cluster only. */
export type FromControl =
  /** To make links, and to end them. The tables in shared memory say so already; they may say more than this has told yet. */
  | { readonly kind: 'peers'; readonly met: readonly MetPeer[]; readonly parted: readonly number[] }
  /** Give these slots up, each as soon as it has no live entities, and answer with `frozen`. */
  | { readonly kind: 'freeze'; readonly slots: readonly AskedSlot[] }
  /** They are not asked for any more. */
  | { readonly kind: 'unfreeze'; readonly slots: readonly AskedSlot[] }
  /** The tables have changed: a round is due. */
  | { readonly kind: 'installed' };

export type ToControl =
  /** They are stopped, and all that was sent from them was taken. */
  | { readonly kind: 'frozen'; readonly slots: readonly AskedSlot[] }
  /** All slots of this node that have live entities, ascending; when that has changed, every few seconds. */
  | { readonly kind: 'occupied'; readonly slots: readonly number[] };
