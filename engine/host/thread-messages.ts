import type { HashKey } from '../cluster/keyspace.ts';
import type { HostConfig } from './config.ts';

/** What a node thread is started with. */
export interface ThreadStart {
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
  /** Ring memory by source and target: `links[from][to]`. */
  readonly links: readonly (readonly (SharedArrayBuffer | undefined)[])[];
  /** Doorbell memory by node. */
  readonly bells: readonly SharedArrayBuffer[];
  readonly log: Pick<HostConfig, 'logLevel' | 'logFormat'>;
}

export type ToThread =
  | { readonly kind: 'start' }
  | { readonly kind: 'figures'; readonly id: number }
  | { readonly kind: 'drain'; readonly graceMs: number };

export interface Figures {
  readonly counters: Record<string, number>;
  readonly gauges: Record<string, number>;
}

export type FromThread =
  | { readonly kind: 'ready' }
  /** The node cannot run: one line for the operator. */
  | { readonly kind: 'failed'; readonly message: string }
  /** `onStart` threw. */
  | { readonly kind: 'start-failed'; readonly message: string }
  | { readonly kind: 'figures'; readonly id: number; readonly figures: Figures }
  | { readonly kind: 'drained' };
