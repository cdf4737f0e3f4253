import test from 'ava';
import fc from 'fast-check';
import type { ArenaId } from '../contracts.ts';
import { packFrame, unpackFrame } from './frame.ts';
import { ARENAS, MAPS } from './maps.ts';
import { CRYSTAL_SCORE, HP_MAX, KILL_SCORE, PICKUPS_MAX, PLAYER_RADIUS, RAPID_TICKS, SHIELD_MAX } from './numbers.ts';
import { type Happening, World } from './world.ts';

type Act =
  | { do: 'enter'; who: number; from: ArenaId | undefined }
  | { do: 'leave' | 'stay'; who: number }
  | { do: 'steer'; who: number; x: number; y: number; aim: number; fire: boolean; seq: number }
  | { do: 'put'; who: number; x: number; y: number }
  | { do: 'run'; ticks: number };

const who = fc.nat(11);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('enter' as const),
      who,
      from: fc.option(fc.constantFrom(...ARENAS), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('leave' as const, 'stay' as const), who }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('steer' as const),
      who,
      x: fc.integer({ min: -128, max: 127 }),
      y: fc.integer({ min: -128, max: 127 }),
      aim: fc.nat(65_535),
      fire: fc.boolean(),
      seq: fc.nat(65_535),
    }),
  },
  // Anywhere, rocks and portals included: the rules get everybody out of everything.
  { weight: 2, arbitrary: fc.record({ do: fc.constant('put' as const), who, x: fc.nat(2000), y: fc.nat(1400) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('run' as const), ticks: fc.integer({ min: 1, max: 40 }) }) },
);

test('whatever players do, bodies stay inside, points stay counted and the frame holds it all', (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  t.log(`seed ${seed}`);
  fc.assert(
    fc.property(fc.constantFrom(...ARENAS), fc.nat(), fc.array(act, { maxLength: 80 }), (arena, dice, acts) => {
      let state = dice;
      const world = new World(MAPS[arena], () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state / 2 ** 32;
      });
      const points = new Map<string, { kills: number; deaths: number; score: number }>();
      for (const step of acts) {
        const happened = apply(world, step);
        for (const { id } of world.bodies.values())
          if (!points.has(id)) points.set(id, { kills: 0, deaths: 0, score: 0 });
        for (const [id] of points) if (!world.bodies.has(id)) points.delete(id);
        for (const one of happened) count(points, one);
        check(world, points);
      }
    }),
    { seed, numRuns: 150 },
  );
  t.pass();
});

function apply(world: World, step: Act): Happening[] {
  if (step.do === 'run') {
    const happened: Happening[] = [];
    for (let i = 0; i < step.ticks; i++) world.step(happened);
    return happened;
  }
  const id = `p${step.who}`;
  if (step.do === 'enter') world.enter(id, id, 1, step.from);
  else if (step.do === 'steer') world.steer(id, 1, step);
  else if (step.do !== 'put') world[step.do](id, 1);
  else {
    const body = world.bodies.get(id);
    if (body) Object.assign(body, { x: step.x, y: step.y, safeTicks: 0 });
    // Outside of a tick bodies may stand anywhere for a moment; the next tick sorts them out.
    return world.step();
  }
  return [];
}

function count(points: Map<string, { kills: number; deaths: number; score: number }>, one: Happening): void {
  if (one.kind === 'kill') {
    points.get(one.killer.id)!.kills++;
    points.get(one.killer.id)!.score += KILL_SCORE;
    points.get(one.victim.id)!.deaths++;
  } else if (one.kind === 'pickup' && one.what === 'crystal') points.get(one.body.id)!.score += CRYSTAL_SCORE;
}

function check(world: World, points: Map<string, { kills: number; deaths: number; score: number }>): void {
  const numbers = new Set<number>();
  for (const body of world.bodies.values()) {
    within(body.x, PLAYER_RADIUS, world.map.width - PLAYER_RADIUS, 'x');
    within(body.y, PLAYER_RADIUS, world.map.height - PLAYER_RADIUS, 'y');
    within(body.hp, 0, HP_MAX, 'hp');
    within(body.shield, 0, SHIELD_MAX, 'shield');
    within(body.rapidTicks, 0, RAPID_TICKS, 'rapidTicks');
    const counted = points.get(body.id)!;
    if (body.kills !== counted.kills || body.deaths !== counted.deaths || body.score !== counted.score)
      throw new Error(`${body.id} has ${body.kills}/${body.deaths}/${body.score}, counted ${JSON.stringify(counted)}`);
    numbers.add(body.number);
  }
  if (numbers.size !== world.bodies.size) throw new Error('two bodies share a number');
  for (const shot of world.shots) {
    within(shot.x, 0, world.map.width, 'shot x');
    within(shot.y, 0, world.map.height, 'shot y');
    if (!numbers.has(shot.owner)) throw new Error('a shot without an owner');
  }
  within(world.pickups.lying.length, 0, PICKUPS_MAX, 'pick-ups');

  const frame = unpackFrame(packFrame(world));
  if (frame.bodies.length !== world.bodies.size || frame.shots.length !== world.shots.length)
    throw new Error('the frame lost something');
  let i = 0;
  for (const body of world.bodies.values()) {
    const seen = frame.bodies[i++]!;
    if (seen.number !== body.number || seen.hp !== body.hp || Math.abs(seen.x - body.x) > 0.03)
      throw new Error(`the frame shows ${JSON.stringify(seen)}`);
  }
}

function within(value: number, low: number, high: number, what: string): void {
  // NaN fails both comparisons.
  if (!(value >= low && value <= high)) throw new RangeError(`${what} is ${value}, not in ${low}..${high}`);
}

test('bytes that are no frame are a RangeError', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        unpackFrame(bytes);
      } catch (error) {
        return error instanceof RangeError;
      }
      return true;
    }),
    { numRuns: 500 },
  );
  t.pass();
});
