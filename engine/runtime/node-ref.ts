import type { Duration } from '../base/duration.ts';
import type { EntityId } from '../base/entity-id.ts';
import type { Contract, Priority } from '../contract/contract.ts';

export interface CallOptions {
  /** Overrides the contract's. */
  timeout?: Duration;
  signal?: AbortSignal;
  priority?: Priority;
  /** Refuses with EntityNotFoundError instead of activating. */
  onlyIfActive?: boolean;
}

export interface Location {
  host: string;
  /** Index of the node in its host. */
  node: number;
  slot: number;
}

/** Only the void operations. */
export type OneWay<I> = { [K in keyof I as I[K] extends (...args: any[]) => Promise<any> ? never : K]: I[K] };

export interface Group<I> {
  add(principalId: EntityId): Promise<void>;
  remove(principalId: EntityId): Promise<void>;
  /** Encodes once and reaches all members. */
  readonly proxy: OneWay<I>;
}

/** The engine as game code sees it. */
export interface NodeRef {
  /** An id left out is 0: a singleton. */
  getProxy<I>(contract: Contract<I>, id?: EntityId, options?: CallOptions): I;
  /** `initial` takes the place of `initialState()`. Rejects with EntityExistsError when there is one. */
  create<I>(contract: Contract<I>, id: EntityId, initial?: unknown): Promise<void>;
  /** Whether there was one. */
  destroy<I>(contract: Contract<I>, id: EntityId): Promise<boolean>;
  /** From the slot table; never activates. */
  locate<I>(contract: Contract<I>, id: EntityId): Promise<Location>;
  /** Live entities; a snapshot page by page, so entities that come or go meanwhile may be missed. */
  list<I>(contract: Contract<I>): AsyncIterable<EntityId>;
  move<I>(contract: Contract<I>, id: EntityId, target: { host?: string; node: number }): Promise<void>;
  getClientProxy<I>(contract: Contract<I>, principalId: EntityId): I;
  group<I>(contract: Contract<I>, name: string): Group<I>;
  compute<R = unknown>(name: string, input: unknown, options?: CallOptions): Promise<R>;
}
