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

/** Scripts whose seed is not shrunk: fast-check takes faults away until none can be missed. */
export function faultScripts(kinds: readonly FaultKind[] = FAULT_KINDS): fc.Arbitrary<FaultScript> {
  const episode = fc.record({
    at: fc.nat(CHAOS_MS - EPISODE_MS),
    faults: fc.array(fault(kinds), { minLength: 1, maxLength: 4, size: 'max' }),
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
