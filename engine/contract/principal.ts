import type { EntityId } from '../base/entity-id.ts';

/** Who a client is. */
export interface Principal {
  id: EntityId;
  roles?: readonly string[];
}
