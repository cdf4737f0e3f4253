import type { MessagePort } from 'node:worker_threads';
import type { ExitReason } from '../cluster/lease-owner.ts';
import type { LeaseProfileName } from '../cluster/lease-profile.ts';
import type { ClusterSettings } from '../cluster/nats-control-store.ts';
import type { ClusterReport } from './cluster-report.ts';
import type { HostConfig } from './config.ts';

/** What the control thread knows of one node of its own host; another one for the node's next life. */
export interface LocalNodeStart {
  /** Takes FromControl, brings ToControl. */
  readonly port: MessagePort;
  readonly bell: SharedArrayBuffer;
  readonly box: SharedArrayBuffer;
}

/** What the control thread is started with. */
export interface ControlStart {
  readonly nats: string;
  readonly cluster: string;
  readonly host: string;
  /** Of this run of the host. */
  readonly inc: number;
  readonly profile: LeaseProfileName;
  /** What all hosts have to agree on, and what the first one draws for all. */
  readonly settings: ClusterSettings;
  readonly drawn: ClusterSettings;
  /** Epochs that were used before, as the store of entities has it. */
  readonly epochFloor: number;
  /** Waits for a NATS that is not there, instead of giving up. */
  readonly isPatient: boolean;
  readonly workers: number;
  /** Nodes of this host that others have no links to, such as the store's, are behind the gateway's. */
  readonly locals: number;
  /** A SlotTable, a PeerTable and a LeaseCell, all three written by this thread alone. */
  readonly slotTable: SharedArrayBuffer;
  readonly peers: SharedArrayBuffer;
  readonly lease: SharedArrayBuffer;
  /** Worker nodes, and behind them the gateway's. */
  readonly nodes: readonly LocalNodeStart[];
  readonly seed: number;
  readonly log: Pick<HostConfig, 'logLevel' | 'logFormat'>;
}

/** What the main thread tells the control thread. */
export type ToControlThread =
  /** The nodes run: this host takes part from now on. */
  | { readonly kind: 'join' }
  /** The thread of a node was replaced. */
  | { readonly kind: 'life'; readonly node: number; readonly life: number; readonly start: LocalNodeStart }
  /** All slots that have records in this host's own store. */
  | { readonly kind: 'holds'; readonly slots: readonly number[] }
  /** Give the slots to others. */
  | { readonly kind: 'drain' }
  /** Nothing runs here any more. */
  | { readonly kind: 'retired' }
  | { readonly kind: 'report'; readonly id: number }
  /** The main thread sees to the end of the process. */
  | { readonly kind: 'exit-heard' };

/** What the control thread tells the main thread. */
export type FromControlThread =
  /** The control store is there; nothing was written into it but what all hosts agree on. */
  | { readonly kind: 'opened'; readonly agreed: ClusterSettings }
  /** This host cannot take part: one line for the operator. */
  | { readonly kind: 'failed'; readonly message: string }
  /** Calls are served. `founds`: this host is to start the game. Once. */
  | { readonly kind: 'serving'; readonly founds: boolean }
  /** The record of this host says so of so many slots. */
  | { readonly kind: 'held'; readonly count: number }
  /** The lease has run out, or goes on. */
  | { readonly kind: 'fenced' }
  | { readonly kind: 'resumed' }
  /** A draining host owns nothing any more, or is the last one. */
  | { readonly kind: 'emptied' }
  | { readonly kind: 'hold'; readonly reason: string }
  /** Slices of these nodes run on behind the lease. */
  | { readonly kind: 'end-threads'; readonly nodes: readonly number[] }
  | { readonly kind: 'exit'; readonly reason: ExitReason }
  | { readonly kind: 'report'; readonly id: number; readonly report: ClusterReport };
