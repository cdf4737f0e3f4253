import type { Reader } from '../../transport/codec/reader.ts';
import type { Writer } from '../../transport/codec/writer.ts';
import type { EntityId } from '../base/entity-id.ts';
import type { Contract } from './contract.ts';
import type { Proxy, Sender } from './proxy.ts';
import type { ContractModel, WireTypes } from './wire-type.ts';

/** What the generator emits for a game, and all that the runtime knows about its contracts. */
export interface Generated {
  /** Of all contracts and types together. */
  readonly fingerprint: string;
  readonly types: WireTypes;
  /** Sorted by name. Operation codes count through all operations of all contracts in this order. */
  readonly contracts: readonly GeneratedContract[];
}

export interface GeneratedContract {
  readonly contract: Contract<unknown>;
  readonly model: ContractModel;
  readonly fingerprint: string;
  readonly Proxy: new (sender: Sender, id: EntityId, slot?: number, end?: number, options?: object) => Proxy;
  /** In the order of the model. */
  readonly operations: readonly GeneratedOperation[];
}

export interface GeneratedOperation {
  readonly name: string;
  readonly code: number;
  readonly fingerprint: string;
  /** Decodes the arguments (InvalidMessageError) and calls the method of the same name; returns what it returns. */
  dispatch(target: any, input: Reader): unknown;
  /** Checks and encodes a result: throws MISMATCH or OVERFLOW. Writes nothing for `void` and `completion`. */
  writeResult(out: Writer, value: unknown): void;
  /** Decodes a result (InvalidMessageError). */
  readResult(input: Reader): unknown;
}
