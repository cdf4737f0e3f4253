import type { EntityId } from '../base/entity-id.ts';
import type { Operation } from './catalogue.ts';

/** A principal (its newest session; one of this gateway's when another one has passed the push on) or one exact session of this gateway. */
export type ClientTarget = { principal: EntityId; isPassedOn: boolean } | { session: number };

/** Where frames for game clients end: the gateway of a node implements it. A node without one has no clients. */
export interface ClientSink {
  /**
   * Calls the operation at the client. Undefined for a void operation, else the client's reply.
   * Throws UnavailableError (no-session) when there is nobody to call.
   */
  push(target: ClientTarget, operation: Operation, args: unknown[], timeoutMs: number): Promise<unknown> | undefined;
  /** The node of the gateway where the newest session of a principal is, when that is another one. */
  elsewhere(principal: EntityId): number | undefined;
  /** Undefined or resolved: all gateways have it. */
  groupAdd(contract: string, group: string, principal: EntityId): Promise<void> | undefined;
  groupRemove(contract: string, group: string, principal: EntityId): Promise<void> | undefined;
  /** The same encoded bytes for every member here. Returns the nodes of other gateways with members. */
  groupPush(group: string, operation: Operation, args: unknown[], isPassedOn: boolean): readonly number[];
  /** What the gateway of another node says of its sessions and of groups. Throws InvalidMessageError and UnavailableError. */
  hear(node: number, rows: unknown): void;
}
