import { FencedError, StoreError } from '../base/errors.ts';
import type { EntityStore, RecordSave, SaveLevel, StoredRecord } from '../runtime/entity-store.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { checkBatch } from '../store/refusals.ts';

/** What becomes of a save: done, refused, done without an answer, or refused now and done at the next `late()`. */
export type SaveFate = 'done' | 'full' | 'lost' | 'silent' | 'late' | 'fenced';

/** A store in memory that fails as a test says, and counts. */
export class FaultyStore implements EntityStore {
  readonly caps = { scope: 'host', fencing: 'cas', levels: ['committed', 'flushed'], maxRecord: 1024 * 1024 } as const;
  readonly inner = new MemoryStore();
  /** By the order of saves; `done` when there is none left. */
  fates: SaveFate[] = [];
  /** Everything waits while this is there. */
  gate: Promise<void> | undefined = undefined;
  isDown = false;
  saves: { keys: string[]; level: SaveLevel }[] = [];
  /** Of records of entities. */
  loads = 0;
  private delayed: (() => void)[] = [];

  async claim(slot: number, epoch: number): Promise<void> {
    await this.gate;
    if (this.isDown) throw timeout();
    await this.inner.claim(slot, epoch);
  }

  async load(key: string): Promise<StoredRecord | undefined> {
    if (key.startsWith('entity/')) this.loads++;
    await this.gate;
    if (this.isDown) throw timeout();
    return this.inner.load(key);
  }

  async save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
    checkBatch(this.caps, batch, level);
    this.saves.push({ keys: batch.map(({ key }) => key), level });
    const fate = this.fates.shift() ?? 'done';
    await this.gate;
    if (this.isDown) throw timeout();
    switch (fate) {
      case 'full':
        throw new StoreError('full', 'There is no room.');
      case 'fenced':
        throw new FencedError('fenced', 'Somebody else has it.');
      case 'lost':
        throw timeout();
      case 'silent':
        await this.inner.save(batch, level);
        throw timeout();
      case 'late':
        this.delayed.push(() => void this.inner.save(batch, level).catch(() => {}));
        throw timeout();
      default:
        return this.inner.save(batch, level);
    }
  }

  /** What was said to have timed out takes effect. */
  late(): void {
    for (const apply of this.delayed.splice(0)) apply();
  }

  scan(prefix: string): AsyncIterable<{ key: string; record: StoredRecord }> {
    return this.inner.scan(prefix);
  }

  async close(): Promise<void> {}
}

const timeout = (): StoreError => new StoreError('timeout', 'The store does not answer.');
