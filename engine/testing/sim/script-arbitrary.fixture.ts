import fc from 'fast-check';
import { FAULT_KINDS, type Fault, type FaultKind, type FaultScript } from './fault.ts';
import { CHAOS_MS } from './simulation.ts';

/** Faults that come together find more than the same faults one by one: an episode is a handful of them within a second. */
const EPISODE_MS = 1000;

const fault = (kinds: readonly FaultKind[]): fc.Arbitrary<Fault> =>
  fc.record({
    kind: fc.constantFrom(...kinds),
    at: fc.nat(EPISODE_MS),
    ms: fc.oneof(fc.integer({ min: 10, max: 400 }), fc.integer({ min: 400, max: 4000 })),
    host: fc.nat(2),
    other: fc.nat(1),
    level: fc.integer({ min: 1, max: 100 }).map((percent) => percent / 100),
  });

/** Faults that are harmless alone: who is hit (of `host`, `other` and the third), how long, how soon, how badly. */
const RECIPES: readonly (readonly (readonly [FaultKind, 'host' | 'other' | 'third', number, number, number])[])[] = [
  // Who watches has a fast clock, and an owner cannot renew.
  [
    ['wall-fast', 'host', 4000, 0, 1],
    ['cut-store', 'third', 2500, 700, 1],
  ],
  // What a dead owner sent is on its way to a host that does not know of the death.
  [
    ['watch-lost', 'host', 2000, 0, 1],
    ['slow', 'host', 2000, 0, 0.5],
    ['crash-seen', 'other', 0, 1000, 1],
  ],
  // An owner stands still in the middle of a slice until it is dead.
  [
    ['long-slice', 'host', 3000, 0, 1],
    ['pause', 'host', 2500, 1000, 1],
  ],
  // A write is on its way to the records when its owner dies.
  [
    ['records-slow', 'host', 3000, 0, 1],
    ['crash-seen', 'host', 0, 1500, 1],
  ],
];

const recipe: fc.Arbitrary<Fault[]> = fc
  .record({
    steps: fc.constantFrom(...RECIPES),
    host: fc.nat(2),
    other: fc.nat(1),
    share: fc.integer({ min: 30, max: 100 }).map((percent) => percent / 100),
  })
  .map(({ steps, host, other, share }) =>
    steps.map(([kind, who, ms, at, level]) => ({
      kind,
      at: Math.round(at * share),
      ms: Math.round(ms * share),
      host: who === 'host' ? host : (host + 1 + (who === 'other' ? other : 1 - other)) % 3,
      other,
      level: level * share,
    })),
  );

/** Scripts whose seed is not shrunk: fast-check takes faults away until none can be missed. */
export function faultScripts(kinds: readonly FaultKind[] = FAULT_KINDS): fc.Arbitrary<FaultScript> {
  const some = fc.array(fault(kinds), { minLength: 1, maxLength: 4, size: 'max' });
  const episode = fc.record({
    at: fc.nat(CHAOS_MS - 2 * EPISODE_MS),
    faults: kinds === HONEST_KINDS ? fc.oneof({ weight: 2, arbitrary: some }, { weight: 1, arbitrary: recipe }) : some,
  });
  return fc
    .record({
      seed: fc.noShrink(fc.integer({ min: 1, max: 2 ** 31 - 1 })),
      episodes: fc.array(episode, { maxLength: 4, size: 'max' }),
    })
    .map(({ seed, episodes }) => ({
      seed,
      faults: episodes.flatMap(({ at, faults }) => faults.map((one) => ({ ...one, at: at + one.at }))),
    }));
}

/** Store faults that lose acknowledged writes void promises, so they are a run of their own. */
export const HONEST_KINDS: readonly FaultKind[] = FAULT_KINDS.filter((kind) => kind !== 'store-lost-suffix');
