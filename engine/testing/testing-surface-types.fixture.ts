/** What the compiler is asked about the surface of 'skerry/testing'; nothing here runs. */
import * as own from 'skerry/testing';
import { Hero } from './games/heroes/contracts.fixture.ts';
import type { HeroEntity } from './games/heroes/game.fixture.ts';
import type * as spec from './testing-surface.fixture.ts';

/** Only for the compiler: an `Actual` does wherever an `Expected` is asked for. */
type Fits<Expected, Actual extends Expected> = [Expected, Actual];

/** What tests receive: ours does for what is promised. */
export type Given = [
  Fits<spec.TestCluster, own.TestCluster>,
  Fits<spec.LogLine, own.LogLine>,
  Fits<spec.TurnRecord, own.TurnRecord>,
  Fits<spec.Inspection<HeroEntity>, own.Inspection<HeroEntity>>,
  Fits<typeof spec.startCluster, typeof own.startCluster>,
];

/** What tests write: what is promised does for ours. */
export type Taken = [Fits<own.ClusterOptions, spec.ClusterOptions>];

/** Programs that the compiler must refuse or accept. Never run. */
export async function program(cluster: own.TestCluster): Promise<void> {
  const found: number = await cluster.until(() => (cluster.seed > 1 ? 5 : undefined));
  const length: number | undefined = cluster.inspect<HeroEntity>(Hero, found).entity?.woundedBy.length;
  const hp: number | undefined = cluster.inspect<HeroEntity>(Hero).state?.hp;
  // @ts-expect-error: entities have no such field
  void cluster.inspect<HeroEntity>(Hero).entity?.wings;
  // @ts-expect-error: there is no such counter
  void cluster.count('turnsSkipped');
  // @ts-expect-error: an option that is none
  void own.startCluster({ game: '', workers: 2 });
  void [length, hp];
}
