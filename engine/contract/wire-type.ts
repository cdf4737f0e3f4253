/**
 * What travels, as plain data: the generator reads contracts into this model, emits code and the manifest from it, and the
 * gateway checks client values against it. JSON in and out without loss.
 */
export type WireType =
  | { kind: Primitive }
  /** `T | null` */
  | { kind: 'nullable'; of: WireType }
  | { kind: 'array'; of: WireType }
  | { kind: 'tuple'; items: WireType[] }
  | { kind: 'map'; key: WireType; value: WireType }
  | { kind: 'set'; of: WireType }
  | { kind: 'record'; of: WireType }
  /** A union of string and number literals; on the wire the index of the value. */
  | { kind: 'literals'; values: (string | number | boolean)[] }
  /** Members in the order of declaration; on the wire a presence bitmap for the optional ones, then the members. */
  | { kind: 'struct'; members: Member[] }
  /**
   * Told apart by the literal member `tag`; on the wire the index of the variant, then its struct. The struct lists the tag as a member
   * like any other, with one literal: that takes no bytes.
   */
  | { kind: 'union'; tag: string; variants: { value: string | number | boolean; type: WireType }[] }
  /** An entity's proxy; on the wire its id. */
  | { kind: 'proxy'; contract: string }
  /**
   * A named type of `WireTypes`; recursion goes through names only. `recursive` marks a reference that leads back to the type it stands
   * in: nesting is counted there, from 1 where a value enters the cycle to DEPTH_MAX.
   */
  | { kind: 'named'; name: string; recursive?: true };

export type Primitive =
  | 'int8'
  | 'int16'
  | 'int32'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'float32'
  | 'float64'
  | 'int64'
  | 'uint64'
  | 'string'
  | 'boolean'
  | 'bytes'
  | 'date'
  /** Only `null`. */
  | 'null'
  /** Carried as CBOR. */
  | 'unknown';

export interface Member {
  name: string;
  type: WireType;
  optional?: true;
}

/** The named types of one game, by name. */
export type WireTypes = Record<string, WireType>;

export type Returns = 'void' | 'completion' | 'value';

export interface OperationModel {
  name: string;
  parameters: Member[];
  returns: Returns;
  /** Present when `returns` is `value`. */
  result?: WireType;
  /** A parcel: its proxy keeps it instead of sending it. `returns` is `void`. */
  exactlyOnce?: true;
}

export interface ContractModel {
  name: string;
  operations: OperationModel[];
}

export { DEPTH_MAX } from '../../transport/codec/depth.ts';
