import type { NodeRef } from '../../cluster/control-record.ts';
import type { Request } from '../../cluster/request-router.ts';
import type { Source } from '../../cluster/slot-gate.ts';

/** A call of the simulated game: an entity counts how often it was called. */
export interface SimCall extends Request {
  /** Names it in the history. */
  readonly name: string;
  readonly entity: number;
  readonly source: Source;
  /** Who calls, for the order: `host/inc` of a client, or an entity. */
  readonly caller: string;
  /** The entity that is to be called in turn, one way; -1 for none. */
  readonly next: number;
}

export type SimFrame = { readonly from: NodeRef; readonly to: NodeRef } & (
  | { readonly kind: 'request'; readonly call: SimCall; readonly epoch: number }
  | { readonly kind: 'reply'; readonly id: number; readonly source: Source; readonly ok: boolean }
  | { readonly kind: 'bounce'; readonly id: number; readonly slot: number }
  | { readonly kind: 'sync'; readonly slot: number }
  | { readonly kind: 'synced'; readonly slot: number }
);

/** One way, and nobody is told when it is lost. */
export interface SimPulse {
  readonly source: Source;
  readonly id: number;
}
