import type { EntityId } from '../base/entity-id.ts';
import type { Contract } from '../contract/contract.ts';
import type { Principal } from '../contract/principal.ts';
import type { CallOptions } from './node-ref.ts';

/** Who is calling: an entity, a game's client, or the host (`onStart`, code outside of entities, tasks). */
export type CallerIdentity =
  | { kind: 'entity'; contract: string; id: EntityId }
  | { kind: 'client'; principal: Principal }
  | { kind: 'host' };

/** Read `this.call` before the first await; the object stays valid. */
export interface Call {
  readonly caller: CallerIdentity;
  /** Milliseconds left until the deadline. */
  readonly remaining: number;
  /** Aborts when the caller gives up. */
  readonly signal: AbortSignal;
  readonly traceId: string;
  /** A proxy whose calls carry this call's deadline, abort, trace and lock chain. */
  getProxy<I>(contract: Contract<I>, id?: EntityId, options?: CallOptions): I;
  /** Present when a client calls: proxies to that very client. */
  readonly client?: { getProxy<I>(contract: Contract<I>): I };
}
