import test from 'ava';
import type { ArenaId } from '../contracts.ts';
import { type BodyView, packFrame, unpackFrame } from '../rules/frame.ts';
import { ARENAS, MAPS } from '../rules/maps.ts';
import { steeringOf } from '../rules/steering.ts';
import { type Happening, World } from '../rules/world.ts';
import { Brain } from './brain.ts';
import { botName } from './names.ts';

function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Bots playing against each other for so many ticks, thinking every other one. */
function play(arena: ArenaId, bots: number, ticks: number): { happened: Happening[]; walked: number[]; world: World } {
  const world = new World(MAPS[arena], dice(11));
  const happened: Happening[] = [];
  const brains = Array.from({ length: bots }, (_, i) => ({ id: `b${i}`, brain: new Brain(dice(100 + i * 7919)) }));
  const walked = brains.map(() => 0);
  for (const { id } of brains) world.enter(id, id, 1);
  for (let tick = 0; tick < ticks; tick++) {
    if (tick % 2 === 0) {
      const frame = unpackFrame(packFrame(world));
      brains.forEach(({ id, brain }) => {
        const number = world.bodies.get(id)!.number;
        const me = frame.bodies.find((body) => body.number === number)!;
        if (!me.present) return;
        const others = frame.bodies.filter((body: BodyView) => body !== me);
        const { x, y, aim, fire } = brain.think({
          tick: world.tick,
          map: world.map,
          me,
          others,
          pickups: frame.pickups,
        });
        world.steer(id, 1, steeringOf(tick, x, y, aim, fire));
      });
    }
    const before = brains.map(({ id }) => ({ ...world.bodies.get(id)! }));
    for (const happening of world.step()) {
      happened.push(happening);
      if (happening.kind === 'portal') world.stay(happening.body.id, 1);
    }
    brains.forEach(({ id }, i) => {
      const body = world.bodies.get(id)!;
      const step = Math.hypot(body.x - before[i]!.x, body.y - before[i]!.y);
      if (step < 30) walked[i]! += step;
    });
  }
  return { happened, walked, world };
}

for (const arena of ARENAS) {
  test(`${arena}: a minute of bots is a lively minute`, (t) => {
    const { happened, walked } = play(arena, 10, 1200);
    const count = (kind: Happening['kind']) => happened.filter((one) => one.kind === kind).length;
    t.log(`kills ${count('kill')}, pick-ups ${count('pickup')}, portals ${count('portal')}`);
    t.true(count('kill') >= 5, 'they hit each other');
    t.true(count('kill') <= 150, 'but not always');
    t.true(count('pickup') >= 10);
    t.true(count('portal') >= 1, 'and see the world');
    for (const distance of walked) t.true(distance > 2500, `nobody is stuck (${Math.round(distance)})`);
  });
}

test('two hundred bots have two hundred names', (t) => {
  t.is(new Set(Array.from({ length: 200 }, (_, i) => botName(i))).size, 200);
  for (let i = 0; i < 200; i++) t.true(botName(i).length <= 16);
});
