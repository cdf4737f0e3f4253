import test from 'ava';
import type { ArenaId, Steering } from '../contracts.ts';
import type { Body } from './body.ts';
import { MAPS } from './maps.ts';
import {
  CAPACITY,
  HP_MAX,
  KILL_SCORE,
  PLAYER_SPEED,
  PORTAL_PATIENCE_TICKS,
  RESPAWN_TICKS,
  SAFE_TICKS,
  STEERINGS_WAITING,
} from './numbers.ts';
import { type Happening, World } from './world.ts';

/** Small and even: the tests need no luck. */
function dice(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
const world = (arena: ArenaId = 'north', seed = 1): World => new World(MAPS[arena], dice(seed));
const steering = (part: Partial<Steering>): Steering => ({ seq: 0, x: 0, y: 0, aim: 0, fire: false, ...part });

function enter(arena: World, id: string, x: number, y: number): Body {
  const body = arena.enter(id, id, 1)!;
  body.x = x;
  body.y = y;
  body.safeTicks = 0;
  return body;
}
function run(arena: World, ticks: number): Happening[] {
  const all: Happening[] = [];
  for (let i = 0; i < ticks; i++) arena.step(all);
  return all;
}

test('full speed is the same in every direction, and no more than full', (t) => {
  for (const [x, y] of [
    [127, 0],
    [0, -127],
    [127, 127],
    [-128, 90],
  ] as const) {
    const arena = world();
    const body = enter(arena, 'ann', 1000, 950);
    arena.steer('ann', 1, steering({ x, y }));
    run(arena, 1);
    t.true(Math.abs(Math.hypot(body.x - 1000, body.y - 950) - PLAYER_SPEED) < 0.2);
  }
});

test('half a stick is half the speed', (t) => {
  const arena = world();
  const body = enter(arena, 'ann', 1000, 950);
  arena.steer('ann', 1, steering({ x: 0, y: 64 }));
  run(arena, 1);
  t.true(Math.abs(body.y - 950 - (PLAYER_SPEED * 64) / 127) < 0.01);
});

test('one steering a tick, the last is held, a flood moves nobody faster', (t) => {
  const arena = world();
  const body = enter(arena, 'ann', 600, 1080);
  for (let seq = 1; seq <= 40; seq++) arena.steer('ann', 1, steering({ seq, x: 127 }));
  run(arena, 1);
  t.is(body.ack, 40 - STEERINGS_WAITING + 1);
  run(arena, 9);
  t.is(body.ack, 40);
  t.true(Math.abs(body.x - 600 - 10 * PLAYER_SPEED) < 0.01);
});

test('shots hurt, kill and score; the dead come back', (t) => {
  const arena = world('ember');
  const ann = enter(arena, 'ann', 900, 700);
  const bob = enter(arena, 'bob', 1150, 700);
  arena.steer('ann', 1, steering({ aim: 0, fire: true }));
  const happened: Happening[] = [];
  while (bob.deaths === 0 && arena.tick < 200) arena.step(happened);
  t.is(bob.hp, 0);
  t.is(ann.kills, 1);
  t.is(ann.score, KILL_SCORE);
  t.is(happened.filter(({ kind }) => kind === 'kill').length, 1);
  arena.steer('ann', 1, steering({ aim: 32_768 }));
  run(arena, RESPAWN_TICKS);
  t.is(bob.hp, HP_MAX);
  t.true(bob.safeTicks > 0);
});

test('walls stop shots, also those fired with the nose against the wall', (t) => {
  const arena = world('north');
  const ann = enter(arena, 'ann', 1000, 660);
  const bob = enter(arena, 'bob', 1000, 740);
  arena.steer('ann', 1, steering({ aim: 16_384, fire: true }));
  run(arena, 40);
  t.is(ann.y, 660);
  t.is(bob.hp, HP_MAX);
});

test('nothing hurts right after a spawn, and shooting ends that', (t) => {
  const arena = world('ember');
  enter(arena, 'ann', 900, 700);
  const bob = enter(arena, 'bob', 1150, 700);
  bob.safeTicks = SAFE_TICKS;
  arena.steer('ann', 1, steering({ fire: true }));
  run(arena, SAFE_TICKS - 2);
  t.is(bob.hp, HP_MAX);
  arena.steer('bob', 1, steering({ aim: 16_384, fire: true }));
  run(arena, 20);
  t.true(bob.hp < HP_MAX);
});

test('a portal takes a player out of play until somebody decides', (t) => {
  const arena = world('north');
  const ann = enter(arena, 'ann', 1900, 700);
  ann.score = 7;
  arena.steer('ann', 1, steering({ x: 127 }));
  const [happening] = run(arena, 30).filter(({ kind }) => kind === 'portal');
  t.like(happening, { kind: 'portal', to: 'ember', baggage: { score: 7 } });
  const { x } = ann;
  run(arena, 10);
  t.is(ann.x, x, 'stands still');

  arena.stay('ann', 1);
  t.is(ann.portalTicks, 0);
  t.true(ann.x < 1900, 'put back before the portal');
  t.true(arena.leave('ann', 1));
  t.is(arena.bodies.size, 0);
});

test('a traveller whom nobody settles is asked about again and again', (t) => {
  const arena = world('north');
  enter(arena, 'ann', 1970, 700);
  const happened = run(arena, PORTAL_PATIENCE_TICKS * 2 + 5);
  t.deepEqual(
    happened.map(({ kind }) => kind).filter((kind) => kind === 'portal' || kind === 'stranded'),
    ['portal', 'stranded', 'stranded'],
  );
});

test('who comes through a portal stands before the one that leads back, with the baggage', (t) => {
  const arena = world('ember');
  const ann = arena.enter('ann', 'Ann', 2, 'north', {
    hp: 40,
    shield: 60,
    rapidTicks: 100,
    score: 12,
    kills: 2,
    deaths: 1,
  })!;
  t.true(ann.x < 250 && Math.abs(ann.y - 700) < 40);
  t.like(ann, { hp: 40, shield: 60, rapidTicks: 100, score: 12, kills: 2, deaths: 1 });
  t.false(run(arena, 5).some(({ kind }) => kind === 'portal'));
});

test('messages of an older stay do nothing', (t) => {
  const arena = world();
  arena.enter('ann', 'Ann', 1);
  arena.enter('ann', 'Ann', 2);
  t.is(arena.bodies.size, 1);
  t.false(arena.steer('ann', 1, steering({})));
  t.false(arena.leave('ann', 1));
  t.true(arena.leave('ann', 2));
});

test('an arena holds so many and no more, and numbers go round', (t) => {
  const arena = world();
  const numbers = new Set<number>();
  for (let i = 0; i < CAPACITY; i++) numbers.add(arena.enter(`p${i}`, 'p', 1)!.number);
  t.is(numbers.size, CAPACITY);
  t.is(arena.enter('late', 'late', 1), undefined);
  arena.leave('p3', 1);
  t.is(arena.enter('late', 'late', 1)!.number, 4);
});

test('pick-ups: health only for the hurt, crystals score', (t) => {
  const arena = world('north');
  const ann = enter(arena, 'ann', 1000, 630);
  run(arena, 3);
  t.true(arena.pickups.lying.some(({ kind, x, y }) => kind === 'health' && x === 1000 && y === 630));
  ann.hp = 30;
  const happened = run(arena, 1);
  t.like(happened[0], { kind: 'pickup', what: 'health' });
  t.is(ann.hp, 75);
  arena.pickups.drop(ann, 3);
  run(arena, 1);
  ann.x = arena.pickups.lying.find(({ kind }) => kind === 'crystal')!.x;
  ann.y = arena.pickups.lying.find(({ kind }) => kind === 'crystal')!.y;
  run(arena, 1);
  t.true(ann.score >= 1);
});

test('the same calls and the same dice make the same world', (t) => {
  const play = () => {
    const arena = world('tide', 42);
    for (let i = 0; i < 8; i++) arena.enter(`p${i}`, 'p', 1);
    const moves = dice(7);
    for (let tick = 0; tick < 200; tick++) {
      for (let i = 0; i < 8; i++)
        arena.steer(
          `p${i}`,
          1,
          steering({ x: Math.floor(moves() * 255) - 127, aim: Math.floor(moves() * 65_536), fire: true }),
        );
      arena.step();
    }
    return [...arena.bodies.values()].map(({ x, y, hp, score }) => [x, y, hp, score]);
  };
  t.deepEqual(play(), play());
});
