/** The door of 'skerry' in browsers: what contracts are written with, and the errors that calls end in. */
export type { Duration } from '../base/duration.ts';
export type { EntityId } from '../base/entity-id.ts';
export {
  CallTimeoutError,
  ContractMismatchError,
  DeadlockError,
  EngineError,
  EntityExistsError,
  EntityNotFoundError,
  FencedError,
  ForbiddenError,
  GameError,
  InvalidMessageError,
  MoveAbortedError,
  NodeDownError,
  OverloadedError,
  RemoteError,
  StoreError,
  UnavailableError,
} from '../base/errors.ts';
export type { Access, Contract, Lock, OperationOptions, Priority, Reliability } from '../contract/contract.ts';
export { contract } from '../contract/contract.ts';
export type { Principal } from '../contract/principal.ts';
export type {
  float32,
  int8,
  int16,
  int32,
  int64,
  uint8,
  uint16,
  uint32,
  uint64,
} from '../contract/wire-types.ts';
export type { CallOptions } from './call-options.ts';
