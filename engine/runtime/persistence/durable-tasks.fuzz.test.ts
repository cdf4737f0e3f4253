import test from 'ava';
import fc from 'fast-check';
import { decodeCbor } from '../../../transport/codec/cbor.ts';
import { FaultyStore, type SaveFate } from '../../testing/faulty-store.fixture.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { startDiaries } from './diaries.fixture.ts';
import { type Due, decodePage } from './due-pages.ts';
import { ENTITY_PREFIX } from './record-key.ts';

const DIARIES = 3;
const STORE_NODE = 3;
const SECOND = 1000;

type Step =
  | { kind: 'once'; diary: number; ms: number; turns: number }
  | { kind: 'cancel'; which: number; turns: number }
  | { kind: 'touch'; diary: number }
  | { kind: 'pass'; ms: number }
  | { kind: 'lose'; node: number }
  | { kind: 'fail'; fate: SaveFate }
  | { kind: 'forwards'; ms: number }
  | { kind: 'crash' | 'late' | 'down' | 'up' };

const diary = fc.nat(DIARIES - 1);
/** Of the event loop, until the next step: many are enough for whatever a step causes, few are the middle of it. */
const turns = fc.oneof(fc.constant(200), fc.nat(25));
const span = fc.constantFrom(0, 1, 300, 2 * SECOND, 15 * SECOND, 90 * SECOND, 700 * SECOND);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('once' as const), diary, ms: span, turns }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(10), turns }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('touch' as const), diary }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: span }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), node: fc.constantFrom(1, STORE_NODE) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      fate: fc.constantFrom<SaveFate>('full', 'lost', 'silent', 'late', 'fenced'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forwards' as const), ms: span }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('crash' as const, 'late' as const, 'down' as const, 'up' as const) }),
  },
);

async function letTurn(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}

/**
 * Whoever reads a store at any moment, after a crash, finds in the index whom the records say to activate, and by then. Returns what was
 * wrong after some save.
 */
function watch(store: FaultyStore): string[] {
  const wrong: string[] = [];
  const due = new Map<string, number>();
  const pages = new Map<string, Due[]>();
  const { inner } = store;
  const save = inner.save.bind(inner);
  inner.save = async (batch, level) => {
    const etags = await save(batch, level);
    for (const { key, bytes } of batch) {
      if (key.startsWith(ENTITY_PREFIX)) {
        const rows = bytes === null ? [] : ((decodeCbor(bytes) as any[])[2]?.tasks ?? []);
        due.set(key.slice(ENTITY_PREFIX.length), Math.min(...rows.map((row: any[]) => row[4])));
      } else if (/^due\/\d+\/\d+$/.test(key)) pages.set(key, bytes === null ? [] : decodePage(key, bytes));
    }
    const all = [...pages.values()].flat();
    for (const [key, at] of due) {
      if (at === Number.POSITIVE_INFINITY || all.some((one) => one.key === key && one.at <= at)) continue;
      wrong.push(`${key} is due at ${at}, and the index does not say so.`);
    }
    return etags;
  };
  return wrong;
}

/** What must become of a task that somebody asked for. */
interface Wish {
  readonly name: string;
  readonly diary: number;
  /** Not before, on the wall clock. */
  readonly due: number;
  /** It was said to be kept. */
  isKept: boolean;
  /** It may have been cancelled, or certainly has been, before it was due. */
  mayBeCancelled: boolean;
  isCancelled: boolean;
}

test('whatever fails and dies: what was said to be kept fires once, not too early, and what was cancelled does not', async (t) => {
  t.timeout(240_000);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const store = new FaultyStore();
      const teardowns: (() => void)[] = [];
      const ends = { teardown: (run: () => void) => teardowns.push(run) } as never;
      const wrong = watch(store);
      const clock = new ManualClock();
      let world = startDiaries(ends, { faulty: store, clock });
      const wishes: Wish[] = [];
      const underWay: Promise<unknown>[] = [];
      try {
        for (const one of steps) {
          switch (one.kind) {
            case 'once': {
              const name = `t${wishes.length}`;
              const due = clock.wallNow() + one.ms;
              const wish = { name, diary: one.diary, due, isKept: false, mayBeCancelled: false, isCancelled: false };
              wishes.push(wish);
              const kept = world.diary(one.diary).once(name, one.ms, 'once', null);
              underWay.push(
                kept.then(
                  () => {
                    wish.isKept = true;
                  },
                  () => {},
                ),
              );
              await letTurn(one.turns);
              break;
            }
            case 'cancel': {
              const wish = wishes[one.which];
              if (wish === undefined) break;
              wish.mayBeCancelled = true;
              const cancelled = world.diary(wish.diary).cancel(wish.name);
              underWay.push(
                cancelled.then(
                  (was) => {
                    wish.isCancelled ||= was && clock.wallNow() < wish.due;
                  },
                  () => {},
                ),
              );
              await letTurn(one.turns);
              break;
            }
            case 'touch':
              underWay.push(
                world
                  .diary(one.diary)
                  .touch()
                  .catch(() => {}),
              );
              await world.host.settled();
              break;
            case 'pass':
              await world.pass(one.ms);
              break;
            case 'lose':
              world.host.kill(one.node);
              world.host.replace(one.node);
              await world.host.settled();
              break;
            case 'fail':
              store.fates.push(one.fate);
              break;
            case 'forwards':
              clock.setWall(one.ms);
              break;
            case 'crash':
              world = world.crash();
              break;
            case 'late':
              store.late();
              break;
            default:
              store.isDown = one.kind === 'down';
          }
        }
        store.isDown = false;
        store.fates = [];
        await world.pass(60 * SECOND);
        store.late();
        await world.pass(1000 * SECOND);
        const said = new Map<string, number[]>();
        for (let id = 0; id < DIARIES; id++) {
          const since = await world.diary(id).since();
          for (const line of await world.diary(id).lines()) {
            const [name, at] = line.split(' at ') as [string, string];
            said.set(name, [...(said.get(name) ?? []), since + Number(at)]);
          }
        }
        for (const { name, due, isKept, mayBeCancelled, isCancelled } of wishes) {
          const runs = said.get(name) ?? [];
          if (runs.length > 1) throw new Error(`${name} ran ${runs.length} times.`);
          if (isKept && !mayBeCancelled && runs.length === 0) throw new Error(`${name} was kept and never ran.`);
          if (isCancelled && runs.length > 0) throw new Error(`${name} was cancelled and ran.`);
          if (runs.some((at) => at < due)) throw new Error(`${name} ran at ${runs}, and was due at ${due}.`);
        }
        if (wrong.length > 0) throw new Error(wrong[0]);
        // Nobody is left in the index for nothing.
        for (let id = 0; id < DIARIES; id++) {
          const left = await world.indexed(id);
          if (left.length > 0) throw new Error(`Diary ${id} has no tasks and is in the index at ${left}.`);
        }
      } finally {
        for (const end of teardowns) end();
      }
    }),
    {
      numRuns: Number(process.env.SKERRY_TASK_RUNS ?? 30),
      includeErrorInReport: true,
    },
  );
  t.pass();
});
