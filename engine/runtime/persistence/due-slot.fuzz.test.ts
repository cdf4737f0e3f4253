import test from 'ava';
import fc from 'fast-check';
import { StoreError } from '../../base/errors.ts';
import { MemoryStore } from '../../store/memory-store.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import type { RecordSave, StoredRecord } from '../entity-store.ts';
import { TimingWheel } from '../timing-wheel.ts';
import { WallTimers } from '../wall-timers.ts';
import { Agenda } from './agenda.ts';
import type { DueEntry } from './due-entry.ts';
import { decodePage, pageKey } from './due-pages.ts';
import { DueSlot, type DueStore } from './due-slot.ts';

const SLOT = 7;
const ENTITIES = 2;
const MINUTES = [2, 4, 6, 8, Number.POSITIVE_INFINITY];

/** What becomes of a save: done, not done, done without an answer, or done much later than it was said not to have been. */
type Fate = 'done' | 'lost' | 'silent' | 'late';

/** Turns of the event loop before it takes effect, and before that is told. */
interface Delay {
  readonly fate: Fate;
  readonly before: number;
  readonly after: number;
}

type Step =
  | { kind: 'plan'; entity: number; minutes: number }
  | { kind: 'leave'; entity: number }
  | { kind: 'turns'; count: number };

async function letTurn(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** A store that is slow and fails as it is told. */
class SlowStore implements DueStore {
  readonly inner = new MemoryStore();
  private readonly delays: Delay[];
  private readonly changed: () => void;
  private readonly late: Promise<void>[] = [];

  constructor(delays: Delay[], changed: () => void) {
    this.delays = delays;
    this.changed = changed;
  }

  tokenOf(): number {
    return 1;
  }

  claimed(): Promise<void> {
    return this.inner.claim(SLOT, 1);
  }

  claimAgain(): Promise<void> {
    return this.claimed();
  }

  async load(key: string): Promise<StoredRecord | undefined> {
    const { before } = this.next();
    await letTurn(before);
    return this.inner.load(key);
  }

  async save(batch: readonly RecordSave[]): Promise<string[]> {
    const { fate, before, after } = this.next();
    const apply = async (): Promise<string[]> => {
      const etags = await this.inner.save(batch, 'committed');
      this.changed();
      return etags;
    };
    await letTurn(before);
    if (fate === 'done') {
      const etags = await apply();
      await letTurn(after);
      return etags;
    }
    if (fate === 'silent') await apply();
    if (fate === 'late')
      this.late.push(
        letTurn(after * 4)
          .then(apply)
          .then(
            () => {},
            () => {},
          ),
      );
    throw new StoreError('timeout', 'The store does not answer.');
  }

  async settled(): Promise<void> {
    await Promise.all(this.late);
  }

  private next(): Delay {
    return this.delays.shift() ?? { fate: 'done', before: 0, after: 0 };
  }
}

/** An entity that saves a record which says when it is due, as the write-behind does. */
class Planner {
  readonly key: string;
  /** What its record in the store says. */
  stored = Number.POSITIVE_INFINITY;
  private wanted = Number.POSITIVE_INFINITY;
  private agenda: Agenda | undefined = undefined;
  private saving: Promise<void> | undefined = undefined;
  private readonly slot: DueSlot;
  private readonly changed: () => void;

  constructor(key: string, slot: DueSlot, changed: () => void) {
    this.key = key;
    this.slot = slot;
    this.changed = changed;
  }

  plan(due: number): void {
    this.wanted = due;
    this.agenda ??= new Agenda(this.slot, this.slot.entryOf(this.key, this.stored), this.stored);
    this.agenda.tasks.set('task', { owedSince: undefined, dueWall: due } as never);
    this.saving ??= this.save();
  }

  async leave(): Promise<void> {
    while (this.saving !== undefined) await this.saving;
    this.agenda?.release();
    this.agenda = undefined;
  }

  private async save(): Promise<void> {
    await letTurn(1);
    while (this.wanted !== this.stored) {
      const due = this.wanted;
      await this.agenda!.cover(due, () => {});
      await letTurn(2);
      this.stored = due;
      this.changed();
      this.agenda!.saved(due, 0);
    }
    this.saving = undefined;
  }
}

const delay: fc.Arbitrary<Delay> = fc.record({
  fate: fc.oneof(
    { weight: 5, arbitrary: fc.constant<Fate>('done') },
    { weight: 2, arbitrary: fc.constantFrom<Fate>('lost', 'silent', 'late') },
  ),
  before: fc.nat(6),
  after: fc.nat(6),
});
const entity = fc.nat(ENTITIES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('plan' as const), entity, minutes: fc.constantFrom(...MINUTES) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), entity }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('turns' as const), count: fc.nat(9) }) },
);

test('at every moment the index has everybody by the time that his record says', async (t) => {
  t.timeout(120_000);
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40, size: 'max' }),
      fc.array(delay, { maxLength: 60, size: 'max' }),
      async (steps, delays) => {
        const clock = new ManualClock(0, 0);
        const timers = new WallTimers(clock, new TimingWheel(0));
        let pending = Promise.resolve();
        const planners: Planner[] = [];
        const wrong: string[] = [];
        const inIndex = async (): Promise<Map<string, number[]>> => {
          const found = new Map<string, number[]>();
          for await (const { key, record } of store.inner.scan(pageKey(SLOT, 0).slice(0, -1))) {
            for (const due of decodePage(key, record.bytes))
              found.set(due.key, [...(found.get(due.key) ?? []), due.at]);
          }
          return found;
        };
        const check = async (): Promise<void> => {
          const due = planners.map(({ key, stored }) => ({ key, stored }));
          const found = await inIndex();
          for (const { key, stored } of due) {
            if (stored === Number.POSITIVE_INFINITY || found.get(key)?.some((at) => at <= stored)) continue;
            wrong.push(`${key} is due at ${stored}, and the index says ${found.get(key)}.`);
          }
        };
        const changed = (): void => void check();
        const store = new SlowStore([...delays], changed);
        let isWorking = false;
        let isWanted = false;
        const work = async (): Promise<void> => {
          if (isWorking) {
            isWanted = true;
            return;
          }
          isWorking = true;
          do {
            isWanted = false;
            await slot.work().catch(() => {
              isWanted = true;
            });
            await letTurn(1);
          } while (isWanted);
          isWorking = false;
        };
        const slot: DueSlot = new DueSlot(SLOT, store, timers, {
          marked: () => undefined,
          enqueue: () => void work(),
          mayWake: () => false,
          wake: (_: DueSlot, __: DueEntry) => false,
          wantsRoom: () => {},
        });
        for (let i = 0; i < ENTITIES; i++) planners.push(new Planner(`e${i}`, slot, changed));
        for (const one of steps) {
          if (one.kind === 'plan') planners[one.entity]!.plan(one.minutes * 60_000);
          else if (one.kind === 'leave') pending = Promise.all([pending, planners[one.entity]!.leave()]).then(() => {});
          else await letTurn(one.count);
        }
        await pending;
        for (const planner of planners) await planner.leave();
        await letTurn(60);
        await store.settled();
        await letTurn(60);
        await check();
        if (wrong.length > 0) throw new Error(wrong[0]);
        if (isWorking || slot.isDirty || slot.entries.size > 0) throw new Error('It does not come to an end.');
        const found = await inIndex();
        for (const { key, stored } of planners) {
          const places = found.get(key) ?? [];
          // A write that came late may have left an earlier one; nothing did when all went well.
          const isExact = places.join() === (stored === Number.POSITIVE_INFINITY ? '' : String(stored));
          if (!isExact && !delays.some(({ fate }) => fate === 'late')) {
            throw new Error(`${key} is due at ${stored}, and the index has it at ${places}.`);
          }
        }
      },
    ),
    { numRuns: Number(process.env.SKERRY_TASK_RUNS ?? 200), includeErrorInReport: true },
  );
  t.pass();
});
