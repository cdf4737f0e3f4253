import assert from 'node:assert/strict';
import { EngineError, FencedError, StoreError } from '../base/errors.ts';
import type { EntityStore, RecordSave, SaveLevel } from '../runtime/entity-store.ts';

/** What is to be checked: a store that can be opened again and again. */
export interface StoreSubject {
  /** Opens the store as it was left. Without `keeps` it may be empty each time. */
  open(): Promise<EntityStore>;
  /** Makes it empty; no handle is open then. */
  wipe(): Promise<void>;
  /** What was committed is still there after `close` and `open`. */
  readonly keeps: boolean;
}

export interface StoreCheckOptions {
  /** Of the random runs; printed with whatever fails. */
  readonly seed?: number;
  /** Random runs; default 40. */
  readonly runs?: number;
}

type Step =
  | { kind: 'claim'; slot: number; by: number }
  | { kind: 'save'; level: SaveLevel; records: { key: number; size: number | null; etag: Aim; epoch: Aim }[] }
  | { kind: 'load'; key: number }
  | { kind: 'scan'; prefix: number }
  | { kind: 'race'; key: number }
  | { kind: 'reopen' };

/** Whether the store is told the truth, something that was true once, or something that never was. */
type Aim = 'right' | 'old' | 'wrong';

const SLOTS = 3;
const PREFIXES = ['a/', 'a/b*', 'ä?', 'z\u{1f600}['];
/** Beside those, some that only look as if they began so. */
const KEYS = ['a/', 'a/\u0001', 'a/b*', 'a/b*~', 'a/bc', 'ä?1', 'äx1', 'z\u{1f600}['];
const slotOf = (key: number): number => key % SLOTS;

/**
 * Checks that a store keeps every promise of `EntityStore`: random operations against a model, closed and opened again in between. Needs the package
 * `fast-check`. Rejects with the seed and the shortest script that shows the fault.
 */
export async function checkStore(subject: StoreSubject, options: StoreCheckOptions = {}): Promise<void> {
  const fc = await fastCheck();
  const aim = fc.oneof(
    { weight: 12, arbitrary: fc.constant<Aim>('right') },
    { weight: 1, arbitrary: fc.constant<Aim>('old') },
    { weight: 1, arbitrary: fc.constant<Aim>('wrong') },
  );
  const key = fc.nat(KEYS.length - 1);
  const record = fc.record({ key, size: fc.option(fc.nat(300), { freq: 5 }), etag: aim, epoch: aim });
  const step: import('fast-check').Arbitrary<Step> = fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('claim' as const),
        slot: fc.nat(SLOTS - 1),
        by: fc.integer({ min: -1, max: 2 }),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('save' as const),
        level: fc.constantFrom<SaveLevel>('committed', 'flushed'),
        records: fc.uniqueArray(record, { maxLength: 5, selector: ({ key }) => key }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('load' as const), key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('scan' as const), prefix: fc.nat(PREFIXES.length - 1) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('race' as const), key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  );
  await checkLimits(subject);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30, size: 'max' }), async (steps) => {
      await subject.wipe();
      const run = new Run(subject, await subject.open());
      try {
        // One slot is left for those who forget to claim it.
        for (let slot = 1; slot < SLOTS; slot++) await run.step({ kind: 'claim', slot, by: 0 });
        for (const one of steps) await run.step(one);
        await run.compareAll();
      } finally {
        await run.store.close();
      }
    }),
    { numRuns: options.runs ?? 40, ...(options.seed === undefined ? {} : { seed: options.seed }) },
  );
}

/** One random run: the store and what it must hold. */
class Run {
  store: EntityStore;
  private readonly subject: StoreSubject;
  private readonly records = new Map<string, { bytes: Uint8Array; etag: string; epoch: number }>();
  private readonly claims = new Map<number, number>();
  private readonly etagsSeen = new Map<string, Set<string>>();
  private stamp = 0;

  constructor(subject: StoreSubject, store: EntityStore) {
    this.subject = subject;
    this.store = store;
  }

  async step(step: Step): Promise<void> {
    switch (step.kind) {
      case 'claim':
        return this.claim(step.slot, step.by);
      case 'save':
        return this.save(step.records, this.store.caps.levels.includes(step.level) ? step.level : 'committed');
      case 'load':
        return this.compare(KEYS[step.key]!);
      case 'scan':
        return this.compareScan(PREFIXES[step.prefix]!);
      case 'race':
        return this.race(step.key);
      case 'reopen':
        return this.reopen();
    }
  }

  async compareAll(): Promise<void> {
    for (const key of KEYS) await this.compare(key);
    for (const prefix of ['', ...PREFIXES]) await this.compareScan(prefix);
  }

  private async claim(slot: number, by: number): Promise<void> {
    const before = this.claims.get(slot);
    const epoch = Math.max(0, (before ?? 1) + by);
    if (before !== undefined && epoch < before && this.store.caps.fencing === 'cas') {
      await assert.rejects(this.store.claim(slot, epoch), FencedError);
    } else {
      await this.store.claim(slot, epoch);
      this.claims.set(slot, epoch);
    }
  }

  private async save(
    parts: readonly { key: number; size: number | null; etag: Aim; epoch: Aim }[],
    level: SaveLevel,
  ): Promise<void> {
    const batch = parts.map((part) => this.saveOf(part));
    const isFenced = batch.some(({ slot, epoch }) => this.claims.get(slot) !== epoch);
    const isStale = batch.some(({ key, expectedEtag }) => (this.records.get(key)?.etag ?? null) !== expectedEtag);
    if ((isFenced || isStale) && this.store.caps.fencing === 'cas') {
      const refused = await this.store.save(batch, level).then(
        () => assert.fail('a save with an old etag or epoch was taken'),
        (error: unknown) => error,
      );
      const isTyped =
        (isFenced && refused instanceof FencedError) ||
        (isStale && refused instanceof StoreError && refused.code === 'conflict');
      assert.ok(isTyped, `refused with ${refused}`);
      for (const slot of new Set(batch.map((one) => one.slot))) {
        await this.compareRefused(batch.filter((one) => one.slot === slot));
      }
      return;
    }
    const etags = await this.store.save(batch, level);
    assert.equal(etags.length, batch.length);
    for (const [i, { key, bytes, epoch }] of batch.entries()) {
      if (bytes === null) this.records.delete(key);
      else {
        this.isNew(key, etags[i]!);
        this.records.set(key, { bytes: bytes.slice(), etag: etags[i]!, epoch });
      }
      // The store must have copied it.
      bytes?.fill(0xee);
    }
  }

  private saveOf({ key, size, etag, epoch }: { key: number; size: number | null; etag: Aim; epoch: Aim }): RecordSave {
    const name = KEYS[key]!;
    const slot = slotOf(key);
    const held = this.records.get(name)?.etag ?? null;
    const old = [...(this.etagsSeen.get(name) ?? [])].find((one) => one !== held) ?? null;
    const claimed = this.claims.get(slot) ?? 0;
    return {
      key: name,
      bytes: size === null ? null : new Uint8Array(size).fill(++this.stamp),
      expectedEtag: etag === 'right' ? held : etag === 'old' ? old : 'never given',
      slot,
      epoch: epoch === 'right' ? claimed : epoch === 'old' ? Math.max(0, claimed - 1) : claimed + 7,
    };
  }

  /** Two that expect the same: one of them is late. */
  private async race(key: number): Promise<void> {
    const slot = slotOf(key);
    if (!this.claims.has(slot) || this.store.caps.fencing === 'none') return;
    const one = this.saveOf({ key, size: 10, etag: 'right', epoch: 'right' });
    const two = this.saveOf({ key, size: 20, etag: 'right', epoch: 'right' });
    const outcomes = await Promise.allSettled([
      this.store.save([one], 'committed'),
      this.store.save([two], 'committed'),
    ]);
    const [won, ...more] = outcomes.flatMap((outcome, i) =>
      outcome.status === 'fulfilled' ? [{ i, etag: outcome.value[0]! }] : [],
    );
    assert.ok(
      won !== undefined && more.length === 0,
      'of two saves that expect the same etag, not exactly one was taken',
    );
    const lost = outcomes.find((outcome) => outcome.status === 'rejected')!.reason;
    assert.ok(lost instanceof StoreError && lost.code === 'conflict', `the late one was refused with ${lost}`);
    this.isNew(one.key, won.etag);
    this.records.set(one.key, { bytes: (won.i === 0 ? one : two).bytes!, etag: won.etag, epoch: one.epoch });
  }

  private async reopen(): Promise<void> {
    if (!this.subject.keeps) return;
    await this.store.close();
    this.store = await this.subject.open();
    await this.compareAll();
  }

  private async compare(key: string): Promise<void> {
    const found = await this.store.load(key, slotOf(KEYS.indexOf(key)));
    const expected = this.records.get(key);
    assert.deepEqual(
      found && { ...found, bytes: [...found.bytes] },
      expected && { ...expected, bytes: [...expected.bytes] },
    );
    // What was given belongs to us.
    found?.bytes.fill(0xdd);
  }

  /** Of a refused batch the records of one slot: all are as they were, or all were saved, which only those may that nothing speaks against. */
  private async compareRefused(part: readonly RecordSave[]): Promise<void> {
    const isFaultless = part.every(
      ({ key, slot, epoch, expectedEtag }) =>
        this.claims.get(slot) === epoch && (this.records.get(key)?.etag ?? null) === expectedEtag,
    );
    const found = await Promise.all(part.map(({ key, slot }) => this.store.load(key, slot)));
    const isSaved = ({ key }: RecordSave, i: number): boolean => found[i]?.etag !== this.records.get(key)?.etag;
    if (!isFaultless || !part.some(isSaved)) {
      for (const { key } of part) await this.compare(key);
      return;
    }
    for (const [i, { key, bytes }] of part.entries()) {
      assert.deepEqual(
        found[i] && [...found[i].bytes],
        bytes === null ? undefined : [...bytes],
        `${key} was not saved with its slot`,
      );
      if (found[i] === undefined) this.records.delete(key);
      else this.records.set(key, found[i]);
    }
  }

  private async compareScan(prefix: string): Promise<void> {
    const found = new Map<string, string>();
    for await (const { key, record } of this.store.scan(prefix)) {
      assert.ok(!found.has(key), `a scan gives ${key} twice`);
      found.set(key, record.etag);
    }
    const expected = [...this.records]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { etag }]) => [key, etag] as const);
    assert.deepEqual([...found].sort(), [...expected].sort());
  }

  /** An etag that comes back would let somebody save over what he has not seen. */
  private isNew(key: string, etag: string): void {
    const seen = this.etagsSeen.get(key) ?? new Set();
    this.etagsSeen.set(key, seen);
    assert.ok(etag !== '' && !seen.has(etag), `etag ${JSON.stringify(etag)} of ${key} is not new`);
    seen.add(etag);
  }
}

async function checkLimits(subject: StoreSubject): Promise<void> {
  await subject.wipe();
  const store = await subject.open();
  try {
    const record = { key: 'large', expectedEtag: null, slot: 0, epoch: 1 };
    await store.claim(0, 1);
    const largest = new Uint8Array(Math.min(store.caps.maxRecord, 1024 * 1024)).fill(7);
    const [etag] = await store.save([{ ...record, bytes: largest }], 'committed');
    assert.deepEqual(await store.load('large', 0), { bytes: largest, etag, epoch: 1 });
    await assert.rejects(
      store.save([{ ...record, key: 'larger', bytes: new Uint8Array(store.caps.maxRecord + 1) }], 'committed'),
      (error: unknown) => error instanceof EngineError && error.code === 'too-large',
    );
    await assert.rejects(store.claim(0, 0.5), RangeError);
    for (const level of ['committed', 'flushed'] as const) {
      if (store.caps.levels.includes(level)) continue;
      await assert.rejects(store.save([{ ...record, key: 'x', bytes: largest }], level), EngineError);
    }
    assert.deepEqual(await store.save([], 'committed'), []);
  } finally {
    await store.close();
  }
}

async function fastCheck(): Promise<typeof import('fast-check')> {
  try {
    return await import('fast-check');
  } catch (cause) {
    throw new Error('checkStore() needs the package fast-check: npm install --save-dev fast-check', { cause });
  }
}
