import type { EntityStore, StoredRecord } from '../runtime/entity-store.ts';

/** Hears of a record that cannot be read, instead of the whole scan ending there. */
export type OnDamage = (key: string, error: Error) => void;

export const rethrow: OnDamage = (_, error) => {
  throw error;
};

/** A store that tools can walk past what is damaged. */
export interface SalvageableStore extends EntityStore {
  scan(prefix: string, onDamage?: OnDamage): AsyncIterable<{ key: string; record: StoredRecord }>;
  /** What a save over a record has to expect, whether it can be read or not; null when there is none. */
  etagOf(key: string): Promise<string | null>;
}
