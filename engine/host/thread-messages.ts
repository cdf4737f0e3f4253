import type { HashKey } from '../cluster/keyspace.ts';
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
}

export type ToThread =
  | { readonly kind: 'start' }
  /** The host is sure to start: whoever had the store has it no more. */
  | { readonly kind: 'claim-store' }
  | { readonly kind: 'figures'; readonly id: number }
  | { readonly kind: 'locks'; readonly id: number; readonly from: number }
  | { readonly kind: 'drain'; readonly graceMs: number }
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
  /** The store is open and as it was. */
  | { readonly kind: 'store-found'; readonly identity: StoreIdentity }
  /** The node cannot run: one line for the operator. */
  | { readonly kind: 'failed'; readonly message: string }
  /** `onStart` threw. */
  | { readonly kind: 'start-failed'; readonly message: string }
  | { readonly kind: 'figures'; readonly id: number; readonly figures: Figures }
  | { readonly kind: 'locks'; readonly id: number; readonly locks: LockReport }
  | { readonly kind: 'drained' }
  /** What another node wrote cannot be right: it has to be replaced, if it still is in that life. */
  | { readonly kind: 'corrupt'; readonly node: number; readonly life: number; readonly message: string };
