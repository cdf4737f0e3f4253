/** The public door of 'skerry'. */
export type { Duration } from './base/duration.ts';
export type { EntityId } from './base/entity-id.ts';
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
} from './base/errors.ts';
export {
  type Access,
  type Contract,
  contract,
  type Lock,
  type OperationOptions,
  type Priority,
  type Reliability,
} from './contract/contract.ts';
export type { Principal } from './contract/principal.ts';
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
} from './contract/wire-types.ts';
export { startHost } from './host/embed.ts';
export type { Host, HostOptions } from './host/host-options.ts';
export type { Call } from './runtime/call.ts';
export { type DeactivationReason, NodeEntity, type TaskOptions, type Tasks } from './runtime/entity.ts';
export type { EntityStore, StoredRecord } from './runtime/entity-store.ts';
export { defineGame, type EntityOptions, type EntityType, entity, type Game } from './runtime/game.ts';
export type { Log } from './runtime/log.ts';
export type { CallOptions, Group, Location, NodeRef, OneWay } from './runtime/node-ref.ts';
