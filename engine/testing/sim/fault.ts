/** One thing that goes wrong in a simulated cluster. Plain data, so that scripts of them can be shrunk and kept. */
export interface Fault {
  readonly kind: FaultKind;
  /** Milliseconds from the start. */
  readonly at: number;
  /** How long it lasts. */
  readonly ms: number;
  /** Index of the host that it befalls, and of the other one where there are two. */
  readonly host: number;
  readonly other: number;
  /** How bad, from 0 to 1: a chance, a distance, a choice. */
  readonly level: number;
}

export const FAULT_KINDS = [
  'crash',
  'crash-seen',
  'pause',
  'pause-node',
  'long-slice',
  'suspend',
  'wall-forward',
  'wall-back',
  'wall-fast',
  'mono-back',
  'drain',
  'cut-from-store',
  'cut-to-store',
  'cut-store',
  'cut-one-way',
  'cut-both-ways',
  'isolate',
  'loss',
  'doubles',
  'slow',
  'clog',
  'watch-lost',
  'store-late',
  'store-unanswered',
  'store-stale',
  'store-down',
  'records-slow',
  'store-lost-suffix',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

export interface FaultScript {
  readonly seed: number;
  readonly faults: readonly Fault[];
}
