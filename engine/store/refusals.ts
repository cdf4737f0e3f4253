import { EngineError, FencedError, InvalidMessageError, OverloadedError, StoreError } from '../base/errors.ts';
import type { EntityStore, RecordSave, SaveLevel } from '../runtime/entity-store.ts';

/** Bytes of UTF-8. */
export const KEY_BYTES_MAX = 1024;

/** Batches that one store has under way. */
export const SAVES_MAX = 4096;

/** Throws when a batch cannot be saved whatever the store holds. */
export function checkBatch(caps: EntityStore['caps'], batch: readonly RecordSave[], level: SaveLevel): void {
  if (!caps.levels.includes(level)) {
    throw new EngineError(
      'not-implemented',
      `This store cannot promise '${level}', only '${caps.levels.join("', '")}'.`,
    );
  }
  const seen = new Set<string>();
  for (const { key, bytes, slot, epoch } of batch) {
    if (key === '') throw new TypeError('A record has no key.');
    // Three bytes of UTF-8 at most for each of a string's own.
    if (key.length * 3 > KEY_BYTES_MAX && Buffer.byteLength(key) > KEY_BYTES_MAX) {
      throw new InvalidMessageError('too-large', `The key of a record has more than ${KEY_BYTES_MAX} bytes.`);
    }
    if (bytes !== null && bytes.length > caps.maxRecord) {
      throw new InvalidMessageError(
        'too-large',
        `Record ${key}: ${bytes.length} bytes; the store takes ${caps.maxRecord}.`,
      );
    }
    if (seen.has(key)) throw new TypeError(`Record ${key} is twice in one batch.`);
    seen.add(key);
    checkClaim(slot, epoch);
  }
}

export function checkClaim(slot: number, epoch: number): void {
  if (!Number.isSafeInteger(slot) || slot < 0) throw new RangeError(`slot: ${slot} is not a whole number from 0 on.`);
  if (!Number.isSafeInteger(epoch) || epoch < 0)
    throw new RangeError(`epoch: ${epoch} is not a whole number from 0 on.`);
}

export const fenced = (slot: number, epoch: number): FencedError =>
  new FencedError('fenced', `Slot ${slot} is not claimed with epoch ${epoch}.`);

export const conflict = (key: string): StoreError =>
  new StoreError('conflict', `Record ${key} is not the one that was expected.`, { outcome: 'notExecuted' });

export const busy = (): OverloadedError =>
  new OverloadedError('store-busy', `${SAVES_MAX} batches are being saved already.`, { retryAfterMs: 100 });
