import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import fc from 'fast-check';
import type { FaultScript } from './fault.ts';
import { MUTANTS, mutant } from './mutants.ts';
import { faultScripts, HONEST_KINDS } from './script-arbitrary.fixture.ts';
import { Simulation } from './simulation.ts';

/** No more than the sound machines get (cluster.sim.test.ts). */
const RUNS = 80;
const SEED = 4;

/** What the sound machines are run with each time: the scripts that were kept, then new ones. */
const REGRESS = fileURLToPath(new URL('../../../../engine/testing/sim/regress/', import.meta.url));
const kept = readdirSync(REGRESS)
  .filter((file) => file.endsWith('.json'))
  .map((file): FaultScript => JSON.parse(readFileSync(`${REGRESS}${file}`, 'utf8')));
const scripts = [...kept, ...fc.sample(faultScripts(HONEST_KINDS), { numRuns: RUNS, seed: SEED })];

for (const name of Object.keys(MUTANTS)) {
  test(`the simulator finds a planted bug: ${name}`, (t) => {
    for (const [run, script] of scripts.entries()) {
      const [violation] = new Simulation(script, mutant(name)).run().violations;
      if (violation === undefined) continue;
      t.log(`script ${run}: ${violation.invariant}: ${violation.message}`);
      t.pass();
      return;
    }
    t.fail(`not found in ${scripts.length} clusters`);
  });
}
