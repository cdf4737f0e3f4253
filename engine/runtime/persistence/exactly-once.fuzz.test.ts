import test from 'ava';
import fc from 'fast-check';
import { FaultyStore, type SaveFate } from '../../testing/faulty-store.fixture.ts';
import type { Purse } from '../../testing/games/purses/contracts.fixture.ts';
import { startPurses } from './purses.fixture.ts';

/** `SKERRY_ONCE_RUNS=5000` for a night. */
const RUNS = Number(process.env.SKERRY_ONCE_RUNS ?? 40);
const PURSES = 5;
const COINS = 100;
const STORE_NODE = 3;

type Step =
  | { kind: 'pay' | 'payAlone'; from: number; to: number; coins: number }
  | { kind: 'note'; from: number; to: number }
  | { kind: 'pass'; ms: number }
  | { kind: 'lose'; node: number }
  | { kind: 'fail'; fate: SaveFate }
  | { kind: 'late' | 'down' | 'up' | 'restart' }
  /** The store does nothing; does what waits and nothing else; works. */
  | { kind: 'hold' | 'breathe' | 'release' };

const purse = fc.nat(PURSES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom('pay' as const, 'payAlone' as const),
      from: purse,
      to: purse,
      coins: fc.integer({ min: 1, max: 5 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('note' as const), from: purse, to: purse }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(0, 1, 50, 500, 2000, 12_000) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('lose' as const), node: fc.constantFrom(0, 1, STORE_NODE) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      fate: fc.constantFrom<SaveFate>('full', 'lost', 'silent', 'late', 'fenced'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('late' as const, 'down' as const, 'up' as const, 'restart' as const),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom<'hold' | 'breathe' | 'release'>('hold', 'breathe', 'breathe', 'breathe', 'release'),
    }),
  },
);

/** Lets the saves and loads of a store through, or holds them back. */
class Gate {
  private readonly store: FaultyStore;
  private open: () => void = () => {};

  constructor(store: FaultyStore) {
    this.store = store;
  }

  set(isOpen: boolean): void {
    const { open } = this;
    this.open = () => {};
    this.store.gate = isOpen
      ? undefined
      : new Promise((resolve) => {
          this.open = resolve;
        });
    open();
  }
}

const context = (ends: (() => void)[]) => ({ teardown: (end: () => void) => void ends.push(end) }) as never;

/** Everything has arrived, whatever it takes. */
async function settle({ host }: ReturnType<typeof startPurses>): Promise<void> {
  for (let i = 0; i < 60; i++) await host.advance(1000);
}

test('whatever fails and dies: no coin is lost or doubled, and notes are in order', async (t) => {
  t.timeout(240_000);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 50 }), async (steps) => {
      const store = new FaultyStore();
      const gate = new Gate(store);
      const ends: (() => void)[] = [];
      let epoch = 1;
      let game = startPurses(context(ends), { faulty: store, epoch });
      const sent = new Map<string, number>();
      try {
        await Promise.all(Array.from({ length: PURSES }, (_, id) => game.purse(id).mint(COINS)));
        for (const one of steps) {
          switch (one.kind) {
            case 'pay':
              game
                .purse(one.from)
                .pay(one.to, one.coins)
                .catch(() => {});
              await game.host.settled();
              break;
            case 'payAlone':
              game
                .purse(one.from)
                .payAlone(one.to, one.coins, 300)
                .catch(() => {});
              await game.host.settled();
              break;
            case 'note': {
              const pair = `${one.from}>${one.to}`;
              const number = (sent.get(pair) ?? 0) + 1;
              sent.set(pair, number);
              game
                .purse(one.from)
                .write(one.to, [`${pair} ${number}`, `${pair} ${number}b`])
                .catch(() => {});
              await game.host.settled();
              break;
            }
            case 'pass':
              for (let rest = one.ms; rest > 0; rest -= 500) await game.host.advance(Math.min(rest, 500));
              await game.host.settled();
              break;
            case 'lose':
              game.host.kill(one.node);
              game.host.replace(one.node);
              await game.host.settled();
              break;
            case 'restart':
              game.host.abandon();
              game = startPurses(context(ends), { faulty: store, epoch: ++epoch });
              await game.host.settled();
              break;
            case 'fail':
              store.fates.push(one.fate);
              break;
            case 'late':
              store.late();
              break;
            case 'hold':
            case 'breathe':
            case 'release':
              if (one.kind === 'breathe' && store.gate === undefined) break;
              gate.set(one.kind === 'release');
              await game.host.settled();
              break;
            default:
              store.isDown = one.kind === 'down';
          }
        }
        store.isDown = false;
        store.fates = [];
        gate.set(true);
        await settle(game);
        store.late();
        await settle(game);
        // A last one, with nothing of the host before in memory.
        game.host.abandon();
        game = startPurses(context(ends), { faulty: store, epoch: ++epoch });
        await settle(game);
        await checkLedger(game, [...sent]);
      } finally {
        for (const end of ends) end();
      }
    }),
    { numRuns: RUNS },
  );
  t.pass();
});

async function checkLedger(
  { purse, stored, isMarked }: ReturnType<typeof startPurses>,
  sent: readonly (readonly [pair: string, count: number])[],
): Promise<void> {
  const purses = Array.from({ length: PURSES }, (_, id) => purse(id) as Purse);
  const coins = await Promise.all(purses.map((one) => one.coins()));
  const sum = coins.reduce((all, one) => all + one, 0);
  if (sum !== PURSES * COINS) throw new Error(`There are ${sum} coins instead of ${PURSES * COINS}: ${coins}.`);
  const notes = await Promise.all(purses.map((one) => one.notes()));
  for (const [pair, count] of sent) {
    const arrived = notes.flat().filter((note) => note.startsWith(`${pair} `));
    const numbers = arrived.map((note) => {
      const [, number, second] = /^\S+ (\d+)(b?)/.exec(note)!;
      return Number(number) * 2 + (second === 'b' ? 1 : 0);
    });
    if (numbers.some((one, i) => i > 0 && one <= numbers[i - 1]!))
      throw new Error(`Notes are out of order: ${arrived}.`);
    // Two of one slice are in one record: both or none.
    if (arrived.length % 2 !== 0 || arrived.length > count * 2)
      throw new Error(`Half of a pair has arrived: ${arrived}.`);
  }
  for (let id = 0; id < PURSES; id++) {
    const beside = (await stored('Purse', id))?.beside;
    if (beside !== undefined) throw new Error(`Purse ${id} is not through: ${JSON.stringify(beside)}.`);
    if (await isMarked('Purse', id)) throw new Error(`Purse ${id} is still marked.`);
  }
}
