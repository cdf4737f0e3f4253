import type { EntityId } from '../../base/entity-id.ts';

/** In front of the keys of entities; the engine's own records have others. */
export const ENTITY_PREFIX = 'entity/';
/** In front of the whole key of a record: a copy of bytes that could not be read. */
export const ASIDE_PREFIX = 'set-aside/';

/** In front of the whole key of a record: it has parcels. So those are found again after a restart whose senders are not in memory. */
export const PARCELS_PREFIX = 'parcels/';

const KIND_OF = { number: 'n', bigint: 'b', string: 's' } as const;

/** The key of an entity's record: `entity/Hero/n7`. Kinds of ids are told apart, and a slash in the name of a type is no border. */
export function recordKey(type: string, id: EntityId): string {
  return `${ENTITY_PREFIX}${encodeURIComponent(type)}/${KIND_OF[typeof id as keyof typeof KIND_OF]}${id}`;
}

/** Undefined for a key that is no entity's. */
export function entityOfKey(key: string): { type: string; id: EntityId } | undefined {
  const match = /^entity\/([^/]+)\/([nbs])(.*)$/s.exec(key);
  if (match === null) return undefined;
  const [, name, kind, text] = match as unknown as [string, string, string, string];
  try {
    const type = decodeURIComponent(name);
    const id = kind === 'n' ? Number(text) : kind === 'b' ? BigInt(text) : text;
    return recordKey(type, id) === key ? { type, id } : undefined;
  } catch {
    return undefined;
  }
}
