import type { EntityId } from '../base/entity-id.ts';
import type { OperationTraits } from '../contract/contract.ts';
import type { Principal } from '../contract/principal.ts';
import type { OperationModel, WireType, WireTypes } from '../contract/wire-type.ts';

/** The client on whose behalf a call is made; one object for the whole session. */
export interface Caller {
  readonly session: number;
  readonly principal: Principal;
}

/** The world as the gateway reaches it. */
export interface EntityPort {
  /**
   * Sends one operation of a contract on behalf of a client, in the order of the calls. Undefined for a void operation.
   * Throws and rejects with what a generated proxy throws and rejects with.
   */
  call(
    caller: Caller,
    contract: string,
    operation: string,
    id: EntityId,
    args: unknown[],
    signal?: AbortSignal,
  ): Promise<unknown> | undefined;
}

/** One operation, of an entity or of a client. */
export interface GatewayOperation {
  readonly name: string;
  readonly contract: { readonly name: string };
  readonly traits: OperationTraits;
  readonly model: OperationModel;
}

/** The game's contracts. */
export interface Contracts {
  readonly types: WireTypes;
  readonly operations: readonly GatewayOperation[];
}

/** The value, checked against its type and copied into what the type says. Throws InvalidMessageError, naming `path`. */
export type Admit = (types: WireTypes, type: WireType, value: unknown, path: string) => unknown;

/** Throwing refuses the client. */
export type Authenticate = (ticket: unknown) => Principal | Promise<Principal>;
