import test from 'ava';
import fc from 'fast-check';
import { FencedError, StoreError } from '../base/errors.ts';
import type { RecordSave } from '../runtime/entity-store.ts';
import type { Appended, LogStream, StreamMessage } from './log-stream.ts';
import { SlotLog } from './slot-log.ts';
import { WriteCache } from './write-cache.ts';

/** What becomes of a message: acknowledged; taken, and only the second try says that it is there; taken without a word; not taken; taken later if it still can be. */
type Fate = 'done' | 'doubled' | 'silent' | 'lost' | 'late';

const SLOT = 5;

class FakeStream implements LogStream {
  readonly bytesMax = 6000;
  readonly messages = new Map<number, Uint8Array>();
  fates: Fate[] = [];
  private sequence = 0;
  private lastOne = 0;
  private delayed: (() => void)[] = [];

  async append(_: number, expected: number, bytes: Uint8Array): Promise<Appended> {
    if (bytes.length > this.bytesMax) throw new StoreError('timeout', 'a message is too large');
    const fate = this.fates.shift() ?? 'done';
    await null;
    if (fate === 'late') this.delayed.push(() => void this.take(expected, bytes));
    if (fate === 'late' || fate === 'lost') throw new StoreError('timeout', fate);
    const sequence = this.take(expected, bytes);
    if (fate === 'silent') throw new StoreError('timeout', fate);
    if (sequence === undefined) return { sequence, isSure: fate !== 'doubled' };
    return fate === 'doubled' ? { sequence: undefined, isSure: false } : { sequence };
  }

  async last(): Promise<StreamMessage | undefined> {
    await null;
    return this.lastOne === 0 ? undefined : { sequence: this.lastOne, bytes: this.messages.get(this.lastOne)! };
  }

  async get(sequence: number): Promise<Uint8Array | undefined> {
    await null;
    return this.messages.get(sequence);
  }

  async remove(sequence: number): Promise<void> {
    await null;
    this.messages.delete(sequence);
  }

  late(): void {
    for (const take of this.delayed.splice(0)) take();
  }

  private take(expected: number, bytes: Uint8Array): number | undefined {
    if (expected !== this.lastOne) return undefined;
    // Other slots have messages as well.
    this.sequence += 1 + (bytes.length % 3);
    this.messages.set(this.sequence, bytes.slice());
    this.lastOne = this.sequence;
    return this.sequence;
  }
}

type Step =
  | { kind: 'claim'; by: number; up: number }
  | {
      kind: 'save';
      by: number;
      rows: { key: number; size: number | null; isStale: boolean }[];
      isOld: boolean;
      fates: Fate[];
    }
  | { kind: 'load'; by: number; key: number }
  | { kind: 'many'; by: number; count: number }
  | { kind: 'late' };

type World = Map<string, { etag: string; text: string }>;

const by = fc.nat(1);
const fate = fc.oneof(
  { weight: 12, arbitrary: fc.constant<Fate>('done') },
  { weight: 5, arbitrary: fc.constantFrom<Fate>('doubled', 'silent', 'lost', 'late') },
);
const row = fc.record({
  key: fc.nat(6),
  size: fc.option(fc.nat({ max: 14_000 }), { freq: 4 }),
  isStale: fc.integer({ min: 0, max: 20 }).map((n) => n === 0),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('claim' as const), by, up: fc.integer({ min: -1, max: 1 }) }) },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('save' as const),
      by,
      rows: fc.uniqueArray(row, { minLength: 1, maxLength: 4, selector: ({ key }) => key }),
      isOld: fc.integer({ min: 0, max: 20 }).map((n) => n === 0),
      fates: fc.array(fate, { maxLength: 4 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('load' as const), by, key: fc.nat(6) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('many' as const), by, count: fc.nat(60) }) },
  { weight: 2, arbitrary: fc.constant<Step>({ kind: 'late' }) },
);

class Run {
  readonly stream = new FakeStream();
  private readonly logs = [this.log(1), this.log(2)];
  private world: World = new Map();
  private epoch = -1;
  private stamp = 0;

  async step(one: Step): Promise<void> {
    const deadline = Number.POSITIVE_INFINITY;
    if (one.kind === 'late') {
      this.stream.late();
      // It was in doubt, and may have come true now.
      await this.adopt();
      return;
    }
    const log = this.logs[one.by]!;
    if (one.kind === 'claim') {
      const epoch = Math.max(0, this.epoch + one.up);
      const refused = await log.claim(epoch, deadline).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (epoch < this.epoch !== refused instanceof FencedError) throw new Error(`claim ${epoch}: ${refused}`);
      if (refused === undefined) this.epoch = epoch;
    } else if (one.kind === 'load') {
      const found = await log.load(`k${one.key}`, deadline);
      const held = this.world.get(`k${one.key}`);
      if (found?.etag !== held?.etag || textOf(found?.bytes) !== held?.text) throw new Error(`load k${one.key}`);
    } else if (one.kind === 'many') {
      for (let i = 0; i < one.count; i++)
        await this.save(log, [{ key: i % 7, size: 10 + i, isStale: false }], false, []);
    } else await this.save(log, one.rows, one.isOld, one.fates);
  }

  private async save(
    log: SlotLog,
    parts: readonly { key: number; size: number | null; isStale: boolean }[],
    isOld: boolean,
    fates: Fate[],
  ): Promise<void> {
    const after: World = new Map(this.world);
    const rows = parts.map(({ key, size, isStale }): RecordSave => {
      const name = `k${key}`;
      const bytes = size === null ? null : new Uint8Array(size).fill(++this.stamp);
      if (bytes === null) after.delete(name);
      else after.set(name, { etag: '', text: textOf(bytes)! });
      const expectedEtag = isStale ? 'stale' : (this.world.get(name)?.etag ?? null);
      return { key: name, bytes, expectedEtag, slot: SLOT, epoch: isOld ? this.epoch - 1 : this.epoch };
    });
    const isFenced = this.epoch < 0 || isOld;
    const isStale = parts.some((part) => part.isStale);
    this.stream.fates = [...fates];
    try {
      const etags = await log.save(rows, Number.POSITIVE_INFINITY);
      if (isFenced || isStale) throw new Error('a save was taken that should not be');
      for (const [i, { key, bytes }] of rows.entries()) {
        if (bytes !== null) after.get(key)!.etag = etags[i]!;
      }
      this.world = after;
      await this.compare();
    } catch (error) {
      if (error instanceof FencedError && isFenced) await this.compare();
      else if (error instanceof StoreError && error.code === 'conflict' && isStale) await this.compare();
      else if (error instanceof StoreError && error.code === 'timeout') await this.adopt(after);
      else throw error;
    } finally {
      this.stream.fates = [];
    }
  }

  async compare(): Promise<void> {
    const found = await this.found();
    if (shown(found) !== shown(this.world)) throw new Error(`found ${shown(found)}\ninstead of ${shown(this.world)}`);
  }

  /** What is there is what was there, or all of what was tried, by the texts. */
  private async adopt(after?: World): Promise<void> {
    const found = await this.found();
    const texts = (world: World): string => JSON.stringify([...world].map(([key, { text }]) => [key, text]).sort());
    if (after !== undefined && ![texts(this.world), texts(after)].includes(texts(found))) {
      throw new Error(`found ${shown(found)}\nwhich is neither ${shown(this.world)}\nnor ${shown(after)}`);
    }
    this.world = found;
  }

  private async found(): Promise<World> {
    const world: World = new Map();
    const damage = (key: string, error: Error): never => {
      throw new Error(`${key}: ${error.message}`);
    };
    for await (const { key, record } of this.log(9).scan('', Number.POSITIVE_INFINITY, damage)) {
      world.set(key, { etag: record.etag, text: textOf(record.bytes)! });
    }
    return world;
  }

  private log(writer: number): SlotLog {
    let number = 0;
    const { stream } = this;
    return new SlotLog({ slot: SLOT, stream, cache: new WriteCache(stream), writer, nextNumber: () => ++number });
  }
}

const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && `${bytes.length} of ${bytes[0]}, ${bytes.every((byte) => byte === bytes[0])}`;
const shown = (world: World): string => JSON.stringify([...world].sort());

test('two writers of one slot, answers that are lost or late: every write is there as a whole or not at all, and nobody writes over what he has not seen', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const run = new Run();
      await run.step({ kind: 'claim', by: 0, up: 1 });
      for (const one of steps) await run.step(one);
      await run.compare();
      // 7 records of up to 3 messages, what is out of use and not removed yet, and what came late.
      if (run.stream.messages.size > 150) throw new Error(`${run.stream.messages.size} messages`);
    }),
    { numRuns: 100 },
  );
  t.pass();
});

test('a log whose message is gone, and one that is damaged, say so', async (t) => {
  const stream = new FakeStream();
  const open = (): SlotLog => {
    let number = 0;
    return new SlotLog({ slot: SLOT, stream, cache: new WriteCache(stream), writer: 1, nextNumber: () => ++number });
  };
  const later = Number.POSITIVE_INFINITY;
  const log = open();
  await log.claim(1, later);
  const save = (key: string): Promise<string[]> =>
    log.save([{ key, bytes: new Uint8Array(3), expectedEtag: null, slot: SLOT, epoch: 1 }], later);
  await save('a');
  const first = [...stream.messages.keys()].at(-1)!;
  await save('b');
  const kept = stream.messages.get(first)!;
  stream.messages.delete(first);
  await t.throwsAsync(open().load('a', later), { code: 'corrupt', message: /log of slot 5/ });
  const broken = kept.slice();
  broken[broken.length - 1]! ^= 1;
  stream.messages.set(first, broken);
  await t.throwsAsync(open().load('a', later), { code: 'corrupt', message: /checksum/ });
  stream.messages.set(first, Uint8Array.from([9, ...kept.subarray(1)]));
  await t.throwsAsync(open().load('a', later), { code: 'newer-version' });
});
