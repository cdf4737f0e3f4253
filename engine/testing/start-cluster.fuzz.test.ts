import assert from 'node:assert/strict';
import test from 'ava';
import * as fc from 'fast-check';
import { startCluster, type TestCluster } from 'skerry/testing';
import { gameFile } from './fixture-game.fixture.ts';
import { Bell, Hero, HeroView } from './games/heroes/contracts.fixture.ts';

const HEROES = 8;

type Step =
  | { kind: 'attack'; by: number; on: number; damage: number }
  | { kind: 'hit'; by: 'test' | 'node' | 'client'; on: number; damage: number }
  | { kind: 'stumble' | 'patrol'; on: number }
  | { kind: 'advance'; ms: number }
  | { kind: 'restart'; node: number };

const hero = fc.nat(HEROES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('attack' as const), by: hero, on: hero, damage: fc.nat(9) }),
  fc.record({
    kind: fc.constant('hit' as const),
    by: fc.constantFrom('test', 'node', 'client'),
    on: hero,
    damage: fc.nat(9),
  }),
  fc.record({ kind: fc.constantFrom('stumble' as const, 'patrol' as const), on: hero }),
  fc.record({ kind: fc.constant('advance' as const), ms: fc.nat(3000) }),
  fc.record({ kind: fc.constant('restart' as const), node: fc.nat(1) }),
);

/** Nobody hears of a patrol that loses its world, but the test runner. */
const mortal = step.filter(({ kind }) => kind !== 'patrol');

/** Everything that was to be seen of a run, in its order. */
async function play(seed: number, steps: readonly Step[], split = (ms: number): number[] => [ms]): Promise<unknown[]> {
  const cluster = await startCluster({ game: gameFile('heroes'), seed });
  try {
    const client = await cluster.connect({ ticket: { name: 'ann' } });
    const seen: unknown[] = [];
    client.implement(HeroView, { hurt: (hp) => void seen.push(`hurt ${hp}`) });
    await cluster.getProxy(Bell).strikes();
    for (const one of steps) await take(cluster, client, one, split, seen);
    await cluster.settled();
    seen.push(await cluster.getProxy(Hero, 0).dice(3));
    for (let id = 0; id < HEROES; id++) {
      const { node, active, openTurns, state } = cluster.inspect(Hero, id);
      seen.push({ node, active, openTurns, state });
    }
    for (const { message, fields } of cluster.log.lines) {
      const { err, ...rest } = fields as Record<string, unknown>;
      seen.push([message, rest, String(err)]);
    }
    return [...seen, cluster.now()];
  } finally {
    await cluster.stop();
  }
}

async function take(
  cluster: TestCluster,
  client: Awaited<ReturnType<TestCluster['connect']>>,
  one: Step,
  split: (ms: number) => number[],
  seen: unknown[],
): Promise<void> {
  switch (one.kind) {
    case 'attack':
      cluster.getProxy(Hero, one.by).attack(one.on, one.damage);
      return;
    case 'hit': {
      const from = one.by === 'client' ? client : one.by === 'node' ? cluster.node(1) : cluster;
      const hit = from.getProxy(Hero, one.on).hit(one.damage);
      hit.then(
        (hp) => seen.push(`hit ${hp}`),
        (error) => seen.push(`hit ${error}`),
      );
      return;
    }
    case 'patrol':
      cluster.getProxy(Hero, one.on).patrol((one.on + 1) % HEROES);
      return;
    case 'stumble':
      cluster.getProxy(Hero, one.on).stumble();
      return;
    case 'advance':
      for (const ms of split(one.ms)) await cluster.advance(ms);
      return;
    case 'restart':
      await cluster.settled();
      await cluster.restart(one.node);
  }
}

test('the same seed and the same steps make the same run', async (t) => {
  const property = fc.asyncProperty(fc.integer(), fc.array(mortal, { maxLength: 30 }), async (seed, steps) => {
    assert.deepEqual(await play(seed, steps), await play(seed, steps));
  });
  await fc.assert(property, { numRuns: 12, interruptAfterTimeLimit: 10_000, includeErrorInReport: true });
  t.pass();
});

test('time that passes in pieces passes like time in one', async (t) => {
  const timed = step.filter(({ kind }) => kind !== 'restart');
  const property = fc.asyncProperty(
    fc.array(timed, { maxLength: 20 }),
    fc.integer({ min: 1, max: 700 }),
    async (steps, piece) => {
      const pieces = (ms: number): number[] => [
        ...Array.from({ length: Math.floor(ms / piece) }, () => piece),
        ms % piece,
      ];
      assert.deepEqual(await play(1, steps, pieces), await play(1, steps));
    },
  );
  await fc.assert(property, { numRuns: 12, interruptAfterTimeLimit: 10_000, includeErrorInReport: true });
  t.pass();
});
