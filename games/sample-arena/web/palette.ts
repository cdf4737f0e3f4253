import type { ArenaId, PickupKind } from '../contracts.ts';

/** The colours of one island. */
export interface Palette {
  sea: string;
  foam: string;
  shallows: string;
  ground: string;
  speckle: readonly [string, string];
  shore: string;
  rock: string;
  rockLight: string;
  rockShade: string;
  wall: string;
  wallLight: string;
  accent: string;
}

export const PALETTES: Readonly<Record<ArenaId, Palette>> = {
  north: {
    sea: '#0c2b47',
    foam: '#bfe4f7',
    shallows: '#2b6488',
    ground: '#a9c0cf',
    speckle: ['#bdd1dd', '#97b0c1'],
    shore: '#d9e6ee',
    rock: '#5d7b92',
    rockLight: '#e6f0f6',
    rockShade: '#3d586d',
    wall: '#49667d',
    wallLight: '#6d8ba2',
    accent: '#7fd8ff',
  },
  ember: {
    sea: '#2a0d14',
    foam: '#ff8a52',
    shallows: '#6d1f1c',
    ground: '#584149',
    speckle: ['#66505a', '#4a353d'],
    shore: '#7b5a59',
    rock: '#2c2026',
    rockLight: '#54404a',
    rockShade: '#180f14',
    wall: '#2a1e25',
    wallLight: '#614a53',
    accent: '#ff9a4d',
  },
  grove: {
    sea: '#0d3440',
    foam: '#c8efdf',
    shallows: '#1f6a66',
    ground: '#6f9560',
    speckle: ['#7fa66d', '#618653'],
    shore: '#c6c490',
    rock: '#2f6043',
    rockLight: '#4c8a58',
    rockShade: '#1f4632',
    wall: '#5b4a38',
    wallLight: '#7a664e',
    accent: '#a9e55f',
  },
  tide: {
    sea: '#0b4654',
    foam: '#d9fbf2',
    shallows: '#2a8c90',
    ground: '#d3bf94',
    speckle: ['#dfcda6', '#c2ad80'],
    shore: '#ecdfbb',
    rock: '#83745f',
    rockLight: '#b0a189',
    rockShade: '#5d5141',
    wall: '#6a5441',
    wallLight: '#92775c',
    accent: '#5ff0d3',
  },
};

export const PICKUP_COLORS: Readonly<Record<PickupKind, string>> = {
  health: '#6fe3a1',
  rapid: '#ffb454',
  shield: '#74d4ff',
  crystal: '#e48bff',
};

const HUES = 20;

/** A player's plumage, the same on every page. */
export function hueOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return ((hash >>> 8) % HUES) * (360 / HUES);
}

/** Even noise in [0, 1) from whole numbers: rocks look the same every time. */
export function noise(a: number, b: number): number {
  let hash = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
