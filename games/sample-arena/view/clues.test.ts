import test from 'ava';
import { type BodyView, type Frame, packFrame, unpackFrame } from '../rules/frame.ts';
import { MAPS } from '../rules/maps.ts';
import { steeringOf } from '../rules/steering.ts';
import { World } from '../rules/world.ts';
import { type Clue, cluesBetween } from './clues.ts';

/** Ann shoots at Bob from the left until he is gone, as a page sees it. */
function duel(): { clues: Clue[]; bob: number } {
  const map = MAPS.ember;
  const world = new World(map, () => 0.5);
  const ann = world.enter('ann', 'Ann', 1)!;
  const bob = world.enter('bob', 'Bob', 1)!;
  Object.assign(ann, { x: 900, y: 700, safeTicks: 0 });
  Object.assign(bob, { x: 1150, y: 700, safeTicks: 0 });
  world.steer('ann', 1, steeringOf(1, 0, 0, 0, true));
  const clues: Clue[] = [];
  let before: Frame = unpackFrame(packFrame(world));
  while (bob.respawnTicks !== 1) {
    world.step();
    const after = unpackFrame(packFrame(world));
    clues.push(...cluesBetween(map, before, after));
    before = after;
    if (bob.deaths > 0) world.steer('ann', 1, steeringOf(2, 0, 0, 0, false));
  }
  world.step();
  clues.push(...cluesBetween(map, before, unpackFrame(packFrame(world))));
  return { clues, bob: bob.number };
}

test('two frames tell of shots, hits, deaths and spawns', (t) => {
  const { clues, bob } = duel();
  const of = (kind: Clue['kind']) => clues.filter((clue) => clue.kind === kind);
  t.is(of('death').length, 1);
  t.is(of('spawn').length, 1);
  t.is(of('hit').length, 5, 'the sixth is the end');
  t.true(of('shot').length >= 6);
  const impacts = of('impact') as Extract<Clue, { kind: 'impact' }>[];
  t.true(impacts.length >= 5);
  t.true(
    impacts.slice(0, 5).every(({ at }) => at.x < 1150 && at.x > 1090),
    'where his feathers are',
  );
  t.true(of('hit').every((clue) => (clue as { body: BodyView }).body.number === bob));
});

test('nothing happens between a frame and itself', (t) => {
  const world = new World(MAPS.tide, () => 0.3);
  world.enter('ann', 'Ann', 1);
  world.step();
  const frame = unpackFrame(packFrame(world));
  t.deepEqual(cluesBetween(MAPS.tide, frame, frame), []);
});
