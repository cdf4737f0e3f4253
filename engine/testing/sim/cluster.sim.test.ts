import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import fc from 'fast-check';
import type { FaultScript } from './fault.ts';
import { faultScripts, HONEST_KINDS } from './script-arbitrary.fixture.ts';
import { Simulation, type Verdict } from './simulation.ts';

/** Scripts that once found something. This file runs as build/engine/testing/sim/cluster.sim.test.js. */
const REGRESS = fileURLToPath(new URL('../../../../engine/testing/sim/regress/', import.meta.url));
/** `SKERRY_SIM_RUNS=20000 SKERRY_SIM_SEED=7` for a night. */
const RUNS = Number(process.env.SKERRY_SIM_RUNS ?? (process.env.CI ? 20_000 : 80));
/** As many as fit this; a night has all the time that it takes. */
const SIM_MS = process.env.CI && process.env.SKERRY_SIM_RUNS === undefined ? 90_000 : undefined;
const SEED = Number(process.env.SKERRY_SIM_SEED ?? 4);

function mustHold(script: FaultScript): Verdict {
  const verdict = new Simulation(script).run();
  const { violations } = verdict;
  assert.deepEqual(violations, [], `keep this script in engine/testing/sim/regress: ${JSON.stringify(script)}`);
  return verdict;
}

test('whatever goes wrong, no invariant is violated, and everything is served again afterwards', (t) => {
  t.timeout(60_000 + (SIM_MS ?? RUNS * 1000));
  let runs = 0;
  const reached = new Map<string, number>();
  fc.assert(
    fc.property(faultScripts(HONEST_KINDS), (script) => {
      runs++;
      for (const [label, count] of mustHold(script).reached) reached.set(label, (reached.get(label) ?? 0) + count);
    }),
    { numRuns: RUNS, seed: SEED, ...(SIM_MS !== undefined && { interruptAfterTimeLimit: SIM_MS }) },
  );
  t.log(`${runs} clusters`, Object.fromEntries([...reached].sort()));
  // Teeth: a run in which none of this happens shows nothing.
  for (const label of [
    'bounced',
    'death declared by the launcher',
    'drained',
    'exit: declared-dead',
    'exit: left',
    'fenced',
    'overtaken pulse dropped',
    'request that never left is sent elsewhere',
    'resumed with memory intact',
    'stale source refused',
    'straddler discarded',
    'unfrozen',
  ]) {
    t.true((reached.get(label) ?? 0) > 0, `never happened: ${label}`);
  }
});

test('a control store that loses what it had acknowledged puts hosts on hold, and what does not rest on it still holds', (t) => {
  let holds = 0;
  const losing = faultScripts(['store-lost-suffix', 'crash', 'pause', 'cut-store', 'store-down', 'loss']);
  fc.assert(
    fc.property(losing, (script) => {
      holds += mustHold(script).reached.get('hold') ?? 0;
    }),
    { numRuns: 15, seed: SEED },
  );
  t.true(holds > 0);
});

test('the same script gives the same history', (t) => {
  const [script] = fc.sample(faultScripts(HONEST_KINDS), { numRuns: 1, seed: SEED });
  t.deepEqual(new Simulation(script!).run().history, new Simulation(script!).run().history);
});

for (const file of readdirSync(REGRESS).filter((name) => name.endsWith('.json'))) {
  test(`what was once found stays found: ${file}`, (t) => {
    mustHold(JSON.parse(readFileSync(`${REGRESS}${file}`, 'utf8')));
    t.pass();
  });
}
