import type { ArenaId, PickupKind } from '../contracts.ts';
import type { Box, Circle, Point } from './geometry.ts';

export interface Portal extends Point {
  to: ArenaId;
}
export interface Spot extends Point {
  kind: Exclude<PickupKind, 'crystal'>;
}
/** What never changes about an arena; server and clients both have it, so it never travels. */
export interface ArenaMap {
  id: ArenaId;
  title: string;
  width: number;
  height: number;
  rocks: readonly Circle[];
  walls: readonly Box[];
  portals: readonly Portal[];
  /** Where players appear. */
  starts: readonly Point[];
  /** Where pick-ups grow. */
  spots: readonly Spot[];
}

export const WIDTH = 2000;
export const HEIGHT = 1400;
const EAST = { x: WIDTH - 34, y: HEIGHT / 2 };
const WEST = { x: 34, y: HEIGHT / 2 };
const NORTH = { x: WIDTH / 2, y: 34 };
const SOUTH = { x: WIDTH / 2, y: HEIGHT - 34 };

const STARTS: readonly Point[] = [
  { x: 240, y: 220 },
  { x: 660, y: 200 },
  { x: 1340, y: 200 },
  { x: 1760, y: 220 },
  { x: 200, y: 980 },
  { x: 240, y: 1180 },
  { x: 660, y: 1200 },
  { x: 1340, y: 1200 },
  { x: 1760, y: 1180 },
  { x: 1800, y: 420 },
  { x: 760, y: 620 },
  { x: 1240, y: 780 },
];

const spot = (kind: Spot['kind'], x: number, y: number): Spot => ({ kind, x, y });
/** The same rocks again, turned by half a circle: nobody starts on the better side. */
const mirrored = <T extends Circle>(rocks: readonly T[]): Circle[] => [
  ...rocks,
  ...rocks.map(({ x, y, r }) => ({ x: WIDTH - x, y: HEIGHT - y, r })),
];
const mirroredWalls = (walls: readonly Box[]): Box[] => [
  ...walls,
  ...walls.map(({ x, y, w, h }) => ({ x: WIDTH - x - w, y: HEIGHT - y - h, w, h })),
];

/** The four arenas lie in a square: north–ember above grove–tide; a portal leads where the map says it does. */
export const MAPS: Readonly<Record<ArenaId, ArenaMap>> = {
  north: {
    id: 'north',
    title: 'Northlight',
    width: WIDTH,
    height: HEIGHT,
    rocks: mirrored([
      { x: 430, y: 390, r: 92 },
      { x: 545, y: 470, r: 56 },
      { x: 880, y: 300, r: 64 },
      { x: 330, y: 820, r: 48 },
      { x: 700, y: 900, r: 76 },
      { x: 1000, y: 560, r: 40 },
      { x: 1500, y: 330, r: 54 },
      { x: 140, y: 440, r: 40 },
    ]),
    walls: [{ x: 900, y: 680, w: 200, h: 40 }],
    portals: [
      { ...EAST, to: 'ember' },
      { ...SOUTH, to: 'grove' },
    ],
    starts: STARTS,
    spots: [
      spot('health', 1000, 630),
      spot('health', 320, 660),
      spot('health', 1680, 740),
      spot('rapid', 620, 340),
      spot('shield', 1380, 1060),
      spot('rapid', 1120, 900),
      spot('shield', 880, 480),
    ],
  },
  ember: {
    id: 'ember',
    title: 'Emberfall',
    width: WIDTH,
    height: HEIGHT,
    rocks: mirrored([
      { x: 520, y: 700, r: 70 },
      { x: 360, y: 300, r: 58 },
      { x: 1000, y: 330, r: 44 },
      { x: 1640, y: 330, r: 58 },
    ]),
    walls: mirroredWalls([
      { x: 620, y: 420, w: 260, h: 44 },
      { x: 620, y: 420, w: 44, h: 160 },
      { x: 1120, y: 420, w: 260, h: 44 },
      { x: 1336, y: 420, w: 44, h: 160 },
      { x: 240, y: 520, w: 44, h: 150 },
    ]),
    portals: [
      { ...WEST, to: 'north' },
      { ...SOUTH, to: 'tide' },
    ],
    starts: STARTS,
    spots: [
      spot('shield', 1000, 700),
      spot('health', 740, 520),
      spot('health', 1260, 880),
      spot('rapid', 1260, 520),
      spot('rapid', 740, 880),
      spot('health', 1000, 220),
      spot('health', 500, 1080),
    ],
  },
  grove: {
    id: 'grove',
    title: 'Greenhollow',
    width: WIDTH,
    height: HEIGHT,
    rocks: mirrored([
      { x: 380, y: 340, r: 44 },
      { x: 480, y: 420, r: 60 },
      { x: 610, y: 390, r: 38 },
      { x: 320, y: 620, r: 66 },
      { x: 480, y: 780, r: 40 },
      { x: 700, y: 760, r: 52 },
      { x: 860, y: 480, r: 58 },
      { x: 1000, y: 260, r: 48 },
      { x: 1180, y: 400, r: 42 },
      { x: 1420, y: 340, r: 60 },
      { x: 1620, y: 480, r: 46 },
      { x: 920, y: 1010, r: 40 },
    ]),
    walls: [],
    portals: [
      { ...NORTH, to: 'north' },
      { ...EAST, to: 'tide' },
    ],
    starts: STARTS,
    spots: [
      spot('health', 1000, 700),
      spot('rapid', 560, 600),
      spot('rapid', 1440, 800),
      spot('shield', 1000, 420),
      spot('shield', 1000, 1060),
      spot('health', 300, 860),
      spot('health', 1700, 620),
    ],
  },
  tide: {
    id: 'tide',
    title: 'Tidebreak',
    width: WIDTH,
    height: HEIGHT,
    rocks: mirrored([
      { x: 1000, y: 420, r: 50 },
      { x: 420, y: 560, r: 46 },
      { x: 1560, y: 470, r: 64 },
      { x: 800, y: 180, r: 40 },
    ]),
    walls: mirroredWalls([
      { x: 420, y: 330, w: 420, h: 40 },
      { x: 1160, y: 330, w: 320, h: 40 },
      { x: 620, y: 520, w: 40, h: 200 },
      { x: 860, y: 580, w: 280, h: 40 },
    ]),
    portals: [
      { ...WEST, to: 'grove' },
      { ...NORTH, to: 'ember' },
    ],
    starts: STARTS,
    spots: [
      spot('shield', 1000, 700),
      spot('rapid', 540, 440),
      spot('rapid', 1460, 960),
      spot('health', 300, 700),
      spot('health', 1700, 700),
      spot('health', 1000, 520),
      spot('shield', 740, 980),
    ],
  },
};

export const ARENAS: readonly ArenaId[] = ['north', 'ember', 'grove', 'tide'];

/** Where a player appears who came from `from`: before the portal that leads back there. */
export function arrival(map: ArenaMap, from: ArenaId): Point | undefined {
  const portal = map.portals.find(({ to }) => to === from);
  if (!portal) return undefined;
  const dx = WIDTH / 2 - portal.x;
  const dy = HEIGHT / 2 - portal.y;
  const scale = 120 / Math.hypot(dx, dy);
  return { x: portal.x + dx * scale, y: portal.y + dy * scale };
}
