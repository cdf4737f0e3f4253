import type { EntityId } from '../base/entity-id.ts';

/** Where messages for a slot go. */
export interface Routes {
  /** Index of the node that a message for a slot goes to. */
  ownerOf(slot: number): number;
  epochOf(slot: number): number;
  /** From 0 on; grows with every change of an owner or an epoch, after it. What was looked up before it is worth another look. */
  readonly version: number;
}

/** Which node runs what. The cluster layer implements it over the slot table; the answer may change from call to call. */
export interface Router extends Routes {
  /** The slot of an entity: `type` is the entity type's number in the keyspace, `key` its id or what its affinity makes of it. */
  slotOf(type: number, key: EntityId): number;
  /** How many slots there are, from 0 on. */
  readonly slots: number;
  /** Index of the node that owns a slot; -1 when none does. */
  ownerOf(slot: number): number;
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
