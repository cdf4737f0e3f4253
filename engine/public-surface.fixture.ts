/**
 * What the public surface promises, as types, written down a second time: `public-surface.test.ts` compares it with what is exported. Only
 * declarations; a program that compiles against these must compile against the engine.
 */
// Two mapped types with the same text are two to the compiler while their argument is open.
import type { OneWay } from './index.ts';

// ---- wire types: plain numbers and literals fit without casts, the name survives for the generator
type Wire<T, Name extends string> = T & { readonly __wire?: Name };
export type int8 = Wire<number, 'int8'>;
export type int16 = Wire<number, 'int16'>;
export type int32 = Wire<number, 'int32'>;
export type uint8 = Wire<number, 'uint8'>;
export type uint16 = Wire<number, 'uint16'>;
export type uint32 = Wire<number, 'uint32'>;
export type float32 = Wire<number, 'float32'>;
export type int64 = Wire<bigint, 'int64'>;
export type uint64 = Wire<bigint, 'uint64'>;

// ---- contracts
export type Priority = 'low' | 'medium' | 'high';
export type Reliability = 'unreliable' | 'unreliableOrdered' | 'reliable' | 'reliableOrdered';
export type Lock = 'none' | 'method' | 'entity';
export type Access = 'server' | 'client' | 'owner' | { role: string };
/** '250ms', '5s', '10m', '1h', or milliseconds. */
export type Duration = string | number;

export interface OperationOptions {
  priority?: Priority;
  reliability?: Reliability;
  lock?: Lock;
  readOnly?: boolean;
  idempotent?: boolean;
  exactlyOnce?: boolean;
  timeout?: Duration;
  access?: Access;
  /** Per client session, e.g. '20/s'. */
  rate?: string;
}
/** Every member is a method that returns void, Promise<void> or Promise<T>. */
type Remotable<I> = {
  [K in keyof I]: I[K] extends (...args: any[]) => infer R ? (R extends void | Promise<any> ? I[K] : never) : never;
};
export interface Contract<I> {
  readonly name: string;
  readonly __interface?: I;
}
export declare function contract<I extends Remotable<I>>(
  name: string,
  operations: { [K in keyof I]: OperationOptions },
): Contract<I>;

// ---- entities
export type EntityId = number | bigint | string;
export interface CallOptions {
  timeout?: Duration;
  signal?: AbortSignal;
  priority?: Priority;
  onlyIfActive?: boolean;
}

/** Read `this.call` before the first await; the object stays valid. */
export interface Call {
  readonly caller:
    | { kind: 'entity'; contract: string; id: EntityId }
    | { kind: 'client'; principal: Principal }
    | { kind: 'host' };
  /** Milliseconds left until the deadline. */
  readonly remaining: number;
  readonly signal: AbortSignal;
  readonly traceId: string;
  /** A proxy whose calls carry this call's deadline, abort, trace and lock chain. */
  getProxy<I>(contract: Contract<I>, id?: EntityId, options?: CallOptions): I;
  /** Present when a client calls: proxies to that very client. */
  readonly client?: { getProxy<I>(contract: Contract<I>): I };
}
export interface TaskOptions {
  args?: readonly unknown[];
  durable?: boolean;
  missed?: 'once' | 'skip';
}
export interface Tasks<E> {
  every(name: string, interval: Duration, method: keyof E & string, options?: TaskOptions): Promise<void>;
  once(name: string, delay: Duration, method: keyof E & string, options?: TaskOptions): Promise<void>;
  cron(name: string, expression: string, method: keyof E & string, options?: TaskOptions): Promise<void>;
  cancel(name: string): Promise<boolean>;
}
export interface Log {
  debug(o: object, m?: string): void;
  info(o: object, m?: string): void;
  warn(o: object, m?: string): void;
  error(o: object, m?: string): void;
}

/** Only the void operations. */
export type OneWayAsPromised<I> = { [K in keyof I as I[K] extends (...args: any[]) => Promise<any> ? never : K]: I[K] };
export interface Location {
  host: string;
  node: number;
  slot: number;
}
export interface NodeRef {
  getProxy<I>(contract: Contract<I>, id?: EntityId, options?: CallOptions): I;
  create<I>(contract: Contract<I>, id: EntityId, initial?: unknown): Promise<void>;
  destroy<I>(contract: Contract<I>, id: EntityId): Promise<boolean>;
  /** From the slot table; never activates. */
  locate<I>(contract: Contract<I>, id: EntityId): Promise<Location>;
  list<I>(contract: Contract<I>): AsyncIterable<EntityId>;
  move<I>(contract: Contract<I>, id: EntityId, target: { host?: string; node: number }): Promise<void>;
  getClientProxy<I>(contract: Contract<I>, principalId: EntityId): I;
  group<I>(
    contract: Contract<I>,
    name: string,
  ): {
    add(principalId: EntityId): Promise<void>;
    remove(principalId: EntityId): Promise<void>;
    readonly proxy: OneWay<I>;
  };
  compute<R = unknown>(name: string, input: unknown, options?: CallOptions): Promise<R>;
}
export declare abstract class NodeEntity<State = undefined> {
  readonly id: EntityId;
  readonly node: NodeRef;
  readonly log: Log;
  readonly tasks: Tasks<this>;
  readonly call: Call;
  state: State;
  initialState?(): State;
  /** Resolves when flushed. */
  save(): Promise<void>;
  now(): number;
  sleep(duration: Duration): Promise<void>;
  /** In [0, 1). */
  random(): number;
  track(event: string, fields?: Record<string, unknown>): void;
  onActivate?(): void | Promise<void>;
  onDeactivate?(reason: 'idle' | 'memory' | 'move' | 'swap' | 'shutdown' | 'destroyed'): void | Promise<void>;
  onDehydrate?(): unknown;
  onRehydrate?(state: unknown): void | Promise<void>;
}
export interface EntityOptions {
  autoCreate?: boolean;
  persistent?: boolean;
  idleTimeout?: Duration | 'never';
  mailboxMax?: number;
  affinity?: (id: EntityId) => EntityId;
  tasks?: Record<string, { every: Duration } | { cron: string }>;
  state?: { version?: number; autosave?: Duration; migrate?(old: unknown, fromVersion: number): unknown };
}
export interface EntityType {
  readonly __entity?: true;
}
/** What entity() asks of a class besides its contract: a NodeEntity of whatever state. */
type AnyEntity = Pick<NodeEntity<any>, 'id' | 'node' | 'log' | 'state' | 'save'>;
export declare function entity<I>(
  contract: Contract<I>,
  cls: new () => AnyEntity & NoInfer<I>,
  options?: EntityOptions,
): EntityType;
export declare function entity(
  contracts: readonly Contract<any>[],
  cls: new () => AnyEntity,
  options?: EntityOptions,
): EntityType;

// ---- stores (cluster-protocol.md, "Persistence and fencing", says what each promise means; refine, keep the capabilities)
export interface StoredRecord {
  bytes: Uint8Array;
  etag: string;
  epoch: number;
}
export interface EntityStore {
  readonly caps: {
    scope: 'host' | 'shared';
    fencing: 'cas' | 'none';
    levels: readonly ('committed' | 'flushed')[];
    maxRecord: number;
  };
  claim(slot: number, epoch: number): Promise<void>;
  load(key: string): Promise<StoredRecord | undefined>;
  save(
    batch: readonly {
      key: string;
      bytes: Uint8Array | null;
      expectedEtag: string | null;
      slot: number;
      epoch: number;
    }[],
    level: 'committed' | 'flushed',
  ): Promise<string[]>;
  scan(prefix: string): AsyncIterable<{ key: string; record: StoredRecord }>;
  close(): Promise<void>;
}

// ---- games and hosts
export interface Principal {
  id: EntityId;
  roles?: readonly string[];
}
export interface Game {
  name: string;
  entities: readonly EntityType[];
  defaultLock?: Lock;
  gateway?: { authenticate(ticket: unknown): Principal | Promise<Principal>; static?: string };
  compute?: Record<string, string>;
  store?: EntityStore;
  onStart?(node: NodeRef): void | Promise<void>;
}
export declare function defineGame(game: Game): Game;

export interface HostOptions {
  game: string | URL;
  workers?: number;
  port?: number;
  adminPort?: number;
  nats?: string;
  cluster?: string;
  store?: string;
  data?: string;
  logLevel?: string;
  leaseProfile?: 'default' | 'lan' | 'ci';
  hostId?: string;
}
export interface Host extends NodeRef {
  readonly port: number;
  readonly adminPort: number;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
export declare function startHost(options: HostOptions): Promise<Host>;

// ---- errors
export declare class EngineError extends Error {
  readonly code: string;
  readonly outcome: 'notExecuted' | 'unknown';
}
export declare class CallTimeoutError extends EngineError {}
export declare class EntityNotFoundError extends EngineError {}
export declare class EntityExistsError extends EngineError {}
export declare class OverloadedError extends EngineError {
  readonly retryAfterMs: number;
}
export declare class NodeDownError extends EngineError {}
export declare class DeadlockError extends EngineError {
  readonly chain: readonly { contract: string; id: EntityId; operation: string }[];
}
export declare class UnavailableError extends EngineError {
  readonly retryAfterMs?: number;
}
export declare class MoveAbortedError extends EngineError {}
export declare class FencedError extends EngineError {}
export declare class ContractMismatchError extends EngineError {}
export declare class ForbiddenError extends EngineError {}
export declare class InvalidMessageError extends EngineError {}
export declare class StoreError extends EngineError {}
export declare class GameError<Data = unknown> extends Error {
  constructor(code: string, data?: Data);
  readonly code: string;
  readonly data: Data | undefined;
}
export declare class RemoteError extends Error {
  readonly remoteStack?: string;
}
