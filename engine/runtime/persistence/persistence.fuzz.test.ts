import test from 'ava';
import fc from 'fast-check';
import { FaultyStore, type SaveFate } from '../../testing/faulty-store.fixture.ts';
import { Vault } from '../../testing/games/keepers/contracts.fixture.ts';
import { startKeepers } from './keepers.fixture.ts';

const VAULTS = 4;
const STORE_NODE = 3;

type Step =
  | { kind: 'add' | 'deposit'; vault: number }
  | { kind: 'pass'; ms: number }
  | { kind: 'lose'; node: number }
  | { kind: 'fail'; fate: SaveFate }
  | { kind: 'late' | 'down' | 'up' };

const vault = fc.nat(VAULTS - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('add' as const, 'deposit' as const), vault }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(0, 1, 300, 1000, 15_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const), node: fc.constantFrom(0, 1, STORE_NODE) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      fate: fc.constantFrom<SaveFate>('full', 'lost', 'silent', 'late', 'fenced'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('late' as const, 'down' as const, 'up' as const) }) },
);

/** What a vault must at least have, and can at most have. */
interface Bounds {
  least: number;
  most: number;
}

test('whatever fails and dies: what was acknowledged is kept, and nothing older takes its place', async (t) => {
  t.timeout(120_000);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const store = new FaultyStore();
      const teardowns: (() => void)[] = [];
      const context = { teardown: (run: () => void) => teardowns.push(run) } as never;
      const { host, view } = startKeepers(context, { faulty: store });
      const bounds = Array.from({ length: VAULTS }, (): Bounds => ({ least: 0, most: 0 }));
      const underWay: Promise<unknown>[] = [];
      try {
        for (const one of steps) {
          switch (one.kind) {
            case 'add':
            case 'deposit': {
              const known = bounds[one.vault]!;
              known.most++;
              const proxy = view.getProxy(Vault, one.vault, { timeout: '20s' });
              const call = one.kind === 'add' ? proxy.add(1) : proxy.deposit(1);
              underWay.push(
                call.then(
                  (coins) => {
                    if (one.kind === 'deposit') known.least = Math.max(known.least, coins);
                  },
                  () => {},
                ),
              );
              await host.settled();
              break;
            }
            case 'pass':
              for (let rest = one.ms; rest > 0; rest -= 500) await host.advance(Math.min(rest, 500));
              await host.settled();
              break;
            case 'lose':
              // Who calls is on node 0: its own end is another test's business.
              if (one.node === 0) break;
              host.kill(one.node);
              host.replace(one.node);
              await host.settled();
              break;
            case 'fail':
              store.fates.push(one.fate);
              break;
            case 'late':
              store.late();
              break;
            case 'down':
            case 'up':
              store.isDown = one.kind === 'down';
              break;
            default:
          }
        }
        store.isDown = false;
        store.fates = [];
        for (let i = 0; i < 60; i++) await host.advance(1000);
        store.late();
        for (let i = 0; i < 5; i++) await host.advance(1000);
        await Promise.all(underWay);
        const inMemory = await Promise.all(bounds.map((_, id) => view.getProxy(Vault, id).coins()));
        const next = startKeepers(context, { faulty: store, epoch: 2 });
        for (const [id, { least, most }] of bounds.entries()) {
          const coins = await next.view.getProxy(Vault, id).coins();
          if (coins < least || coins > most) throw new Error(`Vault ${id} has ${coins}, not ${least} to ${most}.`);
          const before = inMemory[id];
          if (before !== coins) throw new Error(`Vault ${id} has ${before} in memory and ${coins} in the store.`);
        }
      } finally {
        for (const end of teardowns) end();
      }
    }),
    { numRuns: 40 },
  );
  t.pass();
});
