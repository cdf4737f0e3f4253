import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import type { EntityId } from '../base/entity-id.ts';
import { loadFixtureGame } from '../testing/fixture-game.fixture.ts';
import { Perilous } from '../testing/games/perilous/contracts.fixture.ts';
import { LocalHost } from '../testing/local-host.ts';

const NODES = 3;
const { catalogue, module } = await loadFixtureGame<{
  peepholes: { inside: ((id: EntityId, n: number) => void) | undefined };
}>('perilous');

type Command =
  | { do: 'call'; from: number; to: number; isOneWay: boolean; times: number }
  | { do: 'kill'; node: number; after: number }
  | { do: 'flush'; node: number }
  | { do: 'turn'; node: number };

const node = fc.nat(NODES - 1);
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('call' as const),
      from: node,
      to: node,
      isOneWay: fc.boolean(),
      times: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const), node, after: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('flush' as const), node }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const), node }) },
);

/** One call, by whom, and what became of it. */
interface Made {
  readonly by: string;
  readonly to: number;
  /** How often the target, and the caller, had been lost before. */
  readonly lives: readonly [number, number];
  readonly isOneWay: boolean;
  outcome: 'pending' | 'done' | 'refused' | 'unknown';
}

test.serial('nodes that are lost at any moment: every call ends, at most once executed, in order', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
      const host = new LocalHost(catalogue, { nodes: NODES, ring: { laneBytes: [512, 512, 512] } });
      const ids = Array.from({ length: NODES }, (_, index) => host.idOn(index, Perilous));
      const calls: Made[] = [];
      const runs: { n: number; life: number }[] = [];
      const lives = new Array<number>(NODES).fill(0);
      const down = new Map<number, number>();
      module.peepholes.inside = (_, n) => runs.push({ n, life: lives[calls[n]!.to]! });
      const revive = (index: number): void => {
        down.delete(index);
        lives[index]!++;
        host.replace(index);
      };
      try {
        for (const one of commands) {
          for (const [index, left] of down) {
            if (left === 0) revive(index);
            else down.set(index, left - 1);
          }
          if (one.do === 'turn') await new Promise((resolve) => setImmediate(resolve));
          else if (one.do === 'flush') host.nodes[one.node]!.flush();
          else if (one.do === 'kill') {
            if (down.has(one.node)) continue;
            host.kill(one.node);
            down.set(one.node, one.after);
          } else if (!down.has(one.from)) {
            const proxy = host.view(one.from).getProxy(Perilous, ids[one.to]!);
            for (let i = 0; i < one.times; i++) {
              const n = calls.length;
              const by = `${one.from} in its life ${lives[one.from]}`;
              const made: Made = {
                by,
                to: one.to,
                lives: [lives[one.to]!, lives[one.from]!],
                isOneWay: one.isOneWay,
                outcome: 'pending',
              };
              calls.push(made);
              if (one.isOneWay) proxy.addOneWay(n);
              else {
                proxy.add(n).then(
                  () => (made.outcome = 'done'),
                  (error) => (made.outcome = error.outcome === 'unknown' ? 'unknown' : 'refused'),
                );
              }
            }
          }
        }
        for (const index of [...down.keys()]) revive(index);
        await host.settled();
      } finally {
        module.peepholes.inside = undefined;
      }
      for (const [n, call] of calls.entries()) {
        const times = runs.filter((run) => run.n === n).length;
        const wasLost = lives[Number(call.by[0])] !== call.lives[1];
        const targetWasLost = lives[call.to] !== call.lives[0];
        assert.ok(times <= 1, `call ${n} ran ${times} times`);
        if (!wasLost && !call.isOneWay) assert.notEqual(call.outcome, 'pending', `call ${n} never ended`);
        if (call.outcome === 'done') assert.equal(times, 1);
        if (call.outcome === 'refused') assert.equal(times, 0);
        if (call.outcome === 'unknown') assert.ok(targetWasLost, `call ${n} to a node that lived`);
        // Whoever lives on, and whom it asked, leave nothing undone.
        if (!wasLost && !targetWasLost) assert.equal(times, 1, `call ${n} did not run`);
      }
      const seen = new Map<string, number>();
      for (const { n } of runs) {
        const pair = `${calls[n]!.by} > ${calls[n]!.to}`;
        assert.ok(n > (seen.get(pair) ?? -1), `${pair}: ${n} after ${seen.get(pair)}`);
        seen.set(pair, n);
      }
      host.stop();
    }),
    { numRuns: 150 },
  );
  t.pass();
});
