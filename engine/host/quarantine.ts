/**
 * Who may not run any more, because nodes died of it. Pure: deaths and releases go in, what is quarantined comes out.
 *
 *   the same operation of the same entity at two deaths within ten minutes   its calls are refused
 *   three deaths on one entity within ten minutes                            the entity is: calls, tasks, activation
 *
 * Both last until somebody releases them: time does not repair code.
 */
import type { EntityId } from '../base/entity-id.ts';
import type { Quarantined } from '../runtime/quarantine.ts';

/** What a node ran when it died. */
export interface Blame {
  /** The entity type. */
  readonly type: string;
  readonly id: EntityId;
  /** `Contract.operation`, `onActivate`, `onDeactivate` or `task`. */
  readonly operation: string;
}

export interface Death extends Blame {
  /** Milliseconds since 1970: it outlives the process. */
  readonly at: number;
}

export interface QuarantineRow extends Quarantined {
  /** When, milliseconds since 1970. */
  readonly since: number;
}

/** Plain data, so that it travels between processes. */
export interface QuarantineState {
  readonly deaths: readonly Death[];
  readonly rows: readonly QuarantineRow[];
}

export const DEATHS_OF_OPERATION = 2;
export const DEATHS_OF_ENTITY = 3;
export const WITHIN_MS = 600_000;
/** Rows beyond push the oldest out: by then the host has failed hundreds of times, and is not saved by a list. */
const ROWS_MAX = 1024;

export const NO_QUARANTINE: QuarantineState = { deaths: [], rows: [] };

const isSame = (a: { type: string; id: EntityId }, b: { type: string; id: EntityId }): boolean =>
  a.type === b.type && a.id === b.id;

/** A node died at `now` of what it ran. `added` is what is quarantined from now on, in words of its row; undefined when nothing is. */
export function afterDeathOf(
  state: QuarantineState,
  blame: Blame,
  now: number,
): { state: QuarantineState; added: QuarantineRow | undefined } {
  const deaths = [...state.deaths.filter((death) => now - death.at < WITHIN_MS), { ...blame, at: now }];
  const ofEntity = deaths.filter((death) => isSame(death, blame));
  const ofOperation = ofEntity.filter((death) => death.operation === blame.operation);
  const { type, id, operation } = blame;
  let added: QuarantineRow | undefined;
  // An entity that cannot be activated, or cannot leave, has no operation that could be spared.
  const isHook = operation === 'onActivate' || operation === 'onDeactivate';
  if (ofEntity.length >= DEATHS_OF_ENTITY || (isHook && ofOperation.length >= DEATHS_OF_OPERATION)) {
    added = { type, id, since: now };
  } else if (ofOperation.length >= DEATHS_OF_OPERATION) added = { type, id, operation, since: now };
  if (added === undefined || covers(state.rows, added)) return { state: { ...state, deaths }, added: undefined };
  const kept = state.rows.filter((row) => !(isSame(row, blame) && added.operation === undefined));
  return { state: { deaths, rows: [...kept, added].slice(-ROWS_MAX) }, added };
}

function covers(rows: readonly QuarantineRow[], one: Quarantined): boolean {
  return rows.some((row) => isSame(row, one) && (row.operation === undefined || row.operation === one.operation));
}

/**
 * An operator lets an entity, or one operation of it, run again; its deaths are forgotten, too. Without an id every row of the type.
 * `released` is how many rows that were.
 */
export function afterRelease(
  state: QuarantineState,
  what: { type: string; id?: EntityId | undefined; operation?: string | undefined },
): { state: QuarantineState; released: number } {
  const isMeant = (one: { type: string; id: EntityId; operation?: string | undefined }): boolean =>
    one.type === what.type &&
    (what.id === undefined || one.id === what.id) &&
    (what.operation === undefined || one.operation === what.operation);
  const rows = state.rows.filter((row) => !isMeant(row));
  return {
    state: { deaths: state.deaths.filter((death) => !isMeant(death)), rows },
    released: state.rows.length - rows.length,
  };
}
