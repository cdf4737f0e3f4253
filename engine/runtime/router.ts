import type { EntityId } from '../base/entity-id.ts';

/** Which node runs what. The cluster layer implements it over the slot table; the answer may change from call to call. */
export interface Router {
  /** The slot of an entity: `type` is the entity type's number in the keyspace, `key` its id or what its affinity makes of it. */
  slotOf(type: number, key: EntityId): number;
  /** Index of the node that owns a slot. */
  ownerOf(slot: number): number;
  epochOf(slot: number): number;
  /** How many there are, from 0 on. */
  readonly slots: number;
  /** From 0 on; grows with every change of an owner or an epoch, after it. What was looked up before it is worth another look. */
  readonly version: number;
  /** Index of the node whose gateway holds the sessions of a principal. */
  gatewayOf(principal: EntityId): number;
  /** Index of the node that keeps the members of groups. */
  groupsAt(): number;
  /** Index of the node that has threads for compute functions. */
  computeAt(): number;
  /** Index of the node that holds the store of persistent entities; asked only in games that have some. */
  storeAt(): number;
  /** Indexes of all nodes that own slots. */
  nodes(): readonly number[];
  /** Where a node is, for people. */
  describe(node: number): { host: string; node: number };
}
