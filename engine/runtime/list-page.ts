import type { EntityId } from '../base/entity-id.ts';

/** Where a listing goes on: behind the activation of this order in this shard. */
export interface ListCursor {
  readonly shard: number;
  readonly order: number;
}

export const LIST_START: ListCursor = { shard: 0, order: 0 };

export interface ListPage {
  readonly ids: readonly EntityId[];
  /** Undefined behind the last page. */
  readonly next?: ListCursor;
}
