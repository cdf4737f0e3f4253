import test from 'ava';
import { Cover, coverOf } from './cover.ts';
import { ARENAS, type ArenaMap, MAPS } from './maps.ts';
import { World } from './world.ts';

/** A start on each side of a wall. */
const divided: ArenaMap = {
  ...MAPS.north,
  rocks: [],
  walls: [{ x: 980, y: 0, w: 40, h: 1400 }],
  portals: [],
  spots: [],
  starts: [
    { x: 200, y: 700 },
    { x: 1800, y: 700 },
  ],
};

test('a start is seen from where nothing stands in between', (t) => {
  const cover = new Cover(coverOf(divided));
  t.true(cover.sees({ x: 700, y: 300 }, 0));
  t.false(cover.sees({ x: 700, y: 300 }, 1));
  t.true(cover.sees({ x: 1300, y: 1100 }, 1));
  t.false(cover.sees({ x: 1300, y: 1100 }, 0));
  for (const at of [
    { x: 0, y: 0 },
    { x: 2000, y: 1400 },
    { x: -5, y: 1500 },
  ]) {
    t.is(typeof cover.sees(at, 1), 'boolean');
  }
});

for (const id of ARENAS) {
  test(`${id}: every start sees itself, and none the whole map`, (t) => {
    const map = MAPS[id];
    const cover = new Cover(coverOf(map));
    for (const [index, start] of map.starts.entries()) {
      t.true(cover.sees(start, index));
      const hidden = [...map.starts, ...map.spots].filter((at) => !cover.sees(at, index));
      t.true(hidden.length > 0, `start ${index}`);
    }
  });
}

test('who comes back does so where nobody looks, once the cover is known', (t) => {
  let state = 1;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  // One start lies far away before the eyes of a lookout, one near behind a wall.
  const map = {
    ...divided,
    starts: [
      { x: 100, y: 200 },
      { x: 1150, y: 700 },
    ],
  };
  const comesBackAt = (cover: Cover | undefined): number => {
    const world = new World(map, random);
    world.cover = cover;
    const lookout = world.enter('lookout', 'lookout', 1)!;
    lookout.x = 900;
    lookout.y = 700;
    return world.enter('comer', 'comer', 1)!.x;
  };
  const times = Array.from({ length: 20 }, (_, i) => i);
  const behindTheWall = (cover: Cover | undefined): number => times.filter(() => comesBackAt(cover) > 1000).length;
  // A start is chosen from four throws: nearly always both are among them.
  t.true(behindTheWall(undefined) <= 4);
  t.true(behindTheWall(new Cover(coverOf(map))) >= 16);
});
