import { type EngineError, FencedError, StoreError } from '../../base/errors.ts';
import type { EntityRecord } from './entity-record.ts';
import { PARCELS_PREFIX } from './record-key.ts';
import type { StoreCalls } from './store-calls.ts';

/** Looked into at the same time. */
const LOOKS_MAX = 16;

/** What was found out about a save that failed; the write-behind. */
export interface Verdicts {
  /** The store has what was to be saved, under this etag. */
  isSaved(record: EntityRecord, etag: string | null): void;
  /** The store has what it had before. */
  isNotSaved(record: EntityRecord, error: EngineError): void;
  /** The record is somebody else's, or somebody else has written it. */
  isLost(record: EntityRecord, error: EngineError): void;
  /** The store does not say. */
  isUnknown(record: EntityRecord, error: EngineError): void;
}

interface Doubt {
  readonly record: EntityRecord;
  readonly error: EngineError;
}

/**
 * Saves of which it is not known whether they took effect. The record is loaded and compared: while that is open nothing else of the entity is
 * sent, so that whatever takes effect late is either what was meant to be saved or is refused for its old etag.
 */
export class Doubts {
  private readonly store: StoreCalls;
  private readonly verdicts: Verdicts;
  /** Until the next `resolve`, and being looked into. */
  private waiting: Doubt[] = [];
  private readonly open: Doubt[] = [];
  private looking = 0;

  constructor(store: StoreCalls, verdicts: Verdicts) {
    this.store = store;
    this.verdicts = verdicts;
  }

  add(record: EntityRecord, error: EngineError): void {
    this.waiting.push({ record, error });
  }

  /** Looks into all that wait. */
  resolve(): void {
    this.open.push(...this.waiting.splice(0));
    while (this.looking < LOOKS_MAX && this.open.length > 0) void this.work();
  }

  private async work(): Promise<void> {
    this.looking++;
    for (let one = this.open.pop(); one !== undefined; one = this.open.pop()) await this.look(one.record, one.error);
    this.looking--;
  }

  private async look(record: EntityRecord, error: EngineError): Promise<void> {
    const { verdicts, store } = this;
    try {
      if (error instanceof FencedError) await store.claimAgain(record.keeper.slot);
      const found = await store.load(record.key, record.keeper.slot);
      if (record.exchange !== undefined) {
        // Saved with it, or not at all.
        const mark = await store.load(PARCELS_PREFIX + record.key, record.keeper.slot);
        record.parcelsEtag = mark?.etag ?? null;
      }
      const { bytes } = record.sending!;
      const etag = found?.etag ?? null;
      const isThere =
        bytes === null ? found === undefined : found !== undefined && Buffer.compare(found.bytes, bytes) === 0;
      if (isThere) verdicts.isSaved(record, etag);
      else if (etag === record.etag) verdicts.isNotSaved(record, error);
      else {
        const message = `Record ${record.key} was changed by somebody else.`;
        verdicts.isLost(record, new StoreError('conflict', message));
      }
    } catch (reason) {
      const failure = reason as EngineError;
      const isLost = failure instanceof FencedError || failure.code === 'corrupt' || failure.code === 'newer-version';
      if (isLost) verdicts.isLost(record, failure);
      else verdicts.isUnknown(record, failure);
    }
  }
}
