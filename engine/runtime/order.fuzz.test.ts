import test from 'ava';
import * as fc from 'fast-check';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import type { send } from '../testing/games/order/script.fixture.ts';
import { LocalHost } from '../testing/local-host.ts';
import { expectOrder, scripts } from './order.fixture.ts';

const { catalogue, module } = await loadFixtureGame<{ send: typeof send }>('order');
const KIB = 1024;

/** Small enough that most scripts fill them, so that messages wait in overflow and go in pieces. */
const TIGHT = {
  ring: { laneBytes: [KIB, KIB, KIB], frameBytesMax: 256 * KIB },
  loopback: { pageBytes: [KIB, KIB, KIB], frameBytesMax: 256 * KIB },
} as const;

// Journals outlive hosts, so no two runs have the same number.
for (const [title, first, options] of [
  ['ample links', 0, {}],
  ['tight links', 100_000, TIGHT],
] as const) {
  test(`messages of one caller to one target arrive in the order of sending: ${title}`, async (t) => {
    const host = new LocalHost(catalogue, { nodes: 3, ...options });
    t.teardown(() => host.stop());
    let run = first as number;
    await fc.assert(
      fc.asyncProperty(scripts(60), (all) =>
        expectOrder(host.view(0), ++run, all, (script) => module.send(host.view(0), 'host', script)),
      ),
      { numRuns: 60, endOnFailure: true, includeErrorInReport: true },
    );
    t.pass();
  });
}
