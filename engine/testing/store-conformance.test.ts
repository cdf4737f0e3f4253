import test from 'ava';
import { FencedError, StoreError } from '../base/errors.ts';
import type { RecordSave, SaveLevel, StoredRecord } from '../runtime/entity-store.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { checkStore } from './store-conformance.ts';

/** Each breaks one promise, as a first version of a provider might. */
const FAULTY: Record<string, new () => MemoryStore> = {
  'keeps the bytes of the caller': class extends MemoryStore {
    private readonly given = new Map<string, Uint8Array | null>();
    override async save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
      const etags = await super.save(batch, level);
      for (const { key, bytes } of batch) this.given.set(key, bytes);
      return etags;
    }
    override async load(key: string): Promise<StoredRecord | undefined> {
      const record = await super.load(key);
      return record && { ...record, bytes: this.given.get(key)! };
    }
  },
  'ignores the epoch': class extends MemoryStore {
    override async save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
      for (const { slot, epoch } of batch) await super.claim(slot, epoch).catch(() => {});
      return super.save(batch, level);
    }
  },
  'takes a lower claim': class extends MemoryStore {
    override async claim(slot: number, epoch: number): Promise<void> {
      await super.claim(slot, epoch).catch((error: unknown) => {
        if (!(error instanceof FencedError)) throw error;
      });
    }
  },
  'looks before it writes, not while': class extends MemoryStore {
    override async save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
      const seen = await Promise.all(batch.map(({ key }) => super.load(key)));
      const isRight = batch.every(({ expectedEtag }, i) => (seen[i]?.etag ?? null) === expectedEtag);
      if (!isRight) return super.save(batch, level);
      for (;;) {
        const now = await Promise.all(batch.map(({ key }) => super.load(key)));
        const forced = batch.map((one, i) => ({ ...one, expectedEtag: now[i]?.etag ?? null }));
        try {
          return await super.save(forced, level);
        } catch (error) {
          if (!(error instanceof StoreError)) throw error;
        }
      }
    }
  },
  'saves what it can of a batch': class extends MemoryStore {
    override async save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
      const etags: string[] = [];
      for (const one of batch) etags.push(...(await super.save([one], level)));
      return etags;
    }
  },
  'counts etags by record, from the beginning after a deletion': class extends MemoryStore {
    private readonly counts = new Map<string, number>();
    private readonly real = new Map<string, string>();
    override async save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
      const inner = batch.map((one) => {
        if (one.expectedEtag === null) return one;
        const isHeld = String(this.counts.get(one.key) ?? 0) === one.expectedEtag;
        return { ...one, expectedEtag: isHeld ? (this.real.get(one.key) ?? 'none') : 'none' };
      });
      const etags = await super.save(inner, level);
      return batch.map(({ key, bytes }, i) => {
        this.real.set(key, etags[i]!);
        this.counts.set(key, bytes === null ? 0 : (this.counts.get(key) ?? 0) + 1);
        return bytes === null ? '' : String(this.counts.get(key));
      });
    }
    override async load(key: string): Promise<StoredRecord | undefined> {
      const record = await super.load(key);
      return record && { ...record, etag: String(this.counts.get(key)) };
    }
    override async *scan(prefix: string): AsyncGenerator<{ key: string; record: StoredRecord }> {
      for await (const { key } of super.scan(prefix)) yield { key, record: (await this.load(key))! };
    }
  },
  'takes a prefix for a pattern': class extends MemoryStore {
    override async *scan(prefix: string): AsyncGenerator<{ key: string; record: StoredRecord }> {
      const pattern = new RegExp(`^${prefix.replaceAll('*', '.*').replaceAll('?', '.').replaceAll('[', '\\[')}`, 'u');
      for await (const one of super.scan('')) if (pattern.test(one.key)) yield one;
    }
  },
};

for (const [fault, Store] of Object.entries(FAULTY)) {
  test(`a store that ${fault} is found out`, async (t) => {
    await t.throwsAsync(
      checkStore({ open: async () => new Store(), wipe: async () => {}, keeps: false }, { seed: 7, runs: 150 }),
      { message: /seed/ },
    );
  });
}
