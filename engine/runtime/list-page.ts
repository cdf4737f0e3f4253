import type { EntityId } from '../base/entity-id.ts';

/** Where a listing goes on: with the activation of this order on this shelf, or the next one there is. */
export interface ListCursor {
  readonly shelf: number;
  readonly order: number;
}

export const LIST_START: ListCursor = { shelf: 0, order: 0 };

export interface ListPage {
  readonly ids: readonly EntityId[];
  /** Undefined behind the last page. */
  readonly next?: ListCursor;
}
