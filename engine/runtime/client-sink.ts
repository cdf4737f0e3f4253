import type { EntityId } from '../base/entity-id.ts';
import type { Operation } from './catalogue.ts';

/** A principal (its session, wherever it is) or one exact session of this gateway. */
export type ClientTarget = { principal: EntityId } | { session: number };

/** Where frames for game clients end: the gateway of a node implements it. A node without one has no clients. */
export interface ClientSink {
  /**
   * Calls the operation at the client. Undefined for a void operation, else the client's reply.
   * Throws UnavailableError (no-session) when there is nobody to call.
   */
  push(target: ClientTarget, operation: Operation, args: unknown[], timeoutMs: number): Promise<unknown> | undefined;
  groupAdd(contract: string, group: string, principal: EntityId): void;
  groupRemove(contract: string, group: string, principal: EntityId): void;
  /** The same encoded bytes for every member. */
  groupPush(group: string, operation: Operation, args: unknown[]): void;
}
