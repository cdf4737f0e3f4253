import { readEntityId } from '../../transport/codec/entity-id.ts';
import { Reader } from '../../transport/codec/reader.ts';
import type { EntityId } from '../base/entity-id.ts';
import type { Activation } from './activation.ts';
import { LOCK_NONE } from './catalogue.ts';
import type { Chain } from './chain.ts';
import { END_ENTITY, END_HOST, endsOf, HEADER_BYTES, ID_INT32, idKindsOf, sourceIdOf, sourceTypeOf } from './frame.ts';
import type { NodeState } from './node-state.ts';
import type { Turn } from './turn.ts';
import type { TurnLedger } from './turn-ledger.ts';
import type { Waiting } from './waiting.ts';

/** Entities that one report tells of, and turns and waiting ones of each. */
export const REPORT_ENTITIES_MAX = 100;
const REPORT_TURNS_MAX = 50;

export interface LockHolder {
  readonly operation: string;
  /** When it began, ISO 8601. */
  readonly since: string;
  /** `Account/7`, `client` or `host`. */
  readonly caller: string;
  /** This turn and the ones that wait for it, outermost first, as `node incarnation:number`. */
  readonly turn: string;
  readonly chain: readonly string[];
}

export interface LockWaiter {
  readonly operation: string;
  readonly priority: 'high' | 'medium' | 'low';
  readonly since: string;
  readonly caller: string;
  readonly chain: readonly string[];
}

/** An entity at which something holds a lock, or waits. */
export interface EntityLocks {
  readonly entity: string;
  readonly id: string;
  /** Of all of them, which may be more than are listed. */
  readonly holding: number;
  readonly waiting: number;
  readonly holders: readonly LockHolder[];
  readonly waiters: readonly LockWaiter[];
}

/** Those with the most that waits first. */
export interface LockReport {
  readonly entities: readonly EntityLocks[];
  /** How many there are in all. */
  readonly total: number;
}

/** Where the turns and the waiting of a node are; its waiting room. */
export interface LockPlaces {
  readonly ledger: TurnLedger | undefined;
  readonly waiting: ReadonlyMap<Waiting, Activation> | undefined;
}

const PRIORITIES = ['high', 'medium', 'low'] as const;

/** Who holds and who waits on one node, from the entity at `from` on. Empty in games without locks. */
export function lockReport(state: NodeState, places: LockPlaces, from: number): LockReport {
  const byEntity = new Map<Activation, { turns: Turn[]; waiting: Waiting[] }>();
  const at = (activation: Activation): { turns: Turn[]; waiting: Waiting[] } => {
    let entry = byEntity.get(activation);
    if (entry === undefined) {
      entry = { turns: [], waiting: [] };
      byEntity.set(activation, entry);
    }
    return entry;
  };
  for (const [waiting, activation] of places.waiting ?? []) at(activation).waiting.push(waiting);
  for (const turn of places.ledger?.all ?? []) {
    // Turns without a lock hold back who wants the whole entity.
    if (turn.operation.lock !== LOCK_NONE || byEntity.has(turn.activation)) at(turn.activation).turns.push(turn);
  }
  const entities = [...byEntity].sort(([, a], [, b]) => b.waiting.length - a.waiting.length);
  const since = (ms: number): string => new Date(state.clock.wallNow() - (state.clock.now() - ms)).toISOString();
  return {
    total: entities.length,
    entities: entities.slice(from, from + REPORT_ENTITIES_MAX).map(([activation, { turns, waiting }]) => ({
      entity: activation.type.name,
      id: String(activation.id),
      holding: turns.length,
      waiting: waiting.length,
      holders: turns.slice(0, REPORT_TURNS_MAX).map((turn) => ({
        operation: turn.operation.name,
        since: since(turn.since),
        caller: nameOfCaller(state, turn.callerEnd, turn.callerType, turn.callerId),
        turn: `${state.incarnation}:${turn.lineage!.number}`,
        chain: namesIn(turn.lineage!.ancestors),
      })),
      waiters: waiting
        .sort((a, b) => a.since - b.since)
        .slice(0, REPORT_TURNS_MAX)
        .map((one) => ({
          operation: one.operation.name,
          priority: PRIORITIES[one.lane]!,
          since: since(one.since),
          caller: callerOf(state, one),
          chain: namesIn(one.chain),
        })),
    })),
  };
}

function callerOf(state: NodeState, { frame }: Waiting): string {
  if (frame === undefined) return 'host';
  const input = new Reader(frame);
  const { view } = input;
  const idKinds = idKindsOf(view, 0);
  let id: EntityId = sourceIdOf(view, 0);
  if (idKinds >> 4 !== ID_INT32) {
    input.at = HEADER_BYTES;
    if ((idKinds & 15) !== ID_INT32) readEntityId(input);
    id = readEntityId(input);
  }
  return nameOfCaller(state, endsOf(view, 0) >> 4, sourceTypeOf(view, 0), id);
}

function nameOfCaller(state: NodeState, end: number, type: number, id: EntityId): string {
  if (end === END_ENTITY) return `${state.catalogue.entityTypes[type]?.name ?? '?'}/${id}`;
  return end === END_HOST ? 'host' : 'client';
}

function namesIn(chain: Chain): string[] {
  const names: string[] = [];
  for (let i = 0; i < chain.length; i += 2) names.push(`${chain[i]}:${chain[i + 1]}`);
  return names;
}
