import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOG_LEVELS, type LogLevel } from './captured-log.ts';

export interface ClusterOptions {
  /** Path or file URL of the game file. */
  game: string | URL;
  /** How many nodes own entities. Default 2. */
  nodes?: number;
  /** `'manual'` (the default): time stands still until the test moves it. */
  clock?: 'manual' | 'real';
  /** What a manual clock says at first. Default 2030-01-01T00:00:00Z. */
  startsAt?: Date | string;
  /** Decides the dice and where entities live. A whole number; default 1. */
  seed?: number;
  /** The game's own flags: what its `onStart` finds in `process.argv` behind `--`, until its first `await`. */
  args?: readonly string[];
  /** False leaves the game's `onStart` out. */
  onStart?: boolean;
  /** What is logged at this level and above goes to stderr as well. */
  print?: LogLevel;
}

/** The options with everything decided. */
export interface ClusterConfig {
  /** Absolute path. */
  readonly game: string;
  readonly nodes: number;
  readonly isManual: boolean;
  readonly startsAtMs: number;
  readonly seed: number;
  readonly args: readonly string[];
  readonly onStart: boolean;
  readonly print: LogLevel | undefined;
}

const NODES_MAX = 64;
const STARTS_AT_MS = Date.UTC(2030, 0, 1);

export const CLUSTER_OPTION_KEYS: readonly string[] = [
  'game',
  'nodes',
  'clock',
  'startsAt',
  'seed',
  'args',
  'onStart',
  'print',
] satisfies (keyof ClusterOptions)[];

/** Throws TypeError with one clear line. */
export function clusterConfig(options: ClusterOptions): ClusterConfig {
  if (typeof options !== 'object' || options === null) throw wrong('it takes an object with a game.');
  for (const key of Object.keys(options)) {
    if (!CLUSTER_OPTION_KEYS.includes(key))
      throw wrong(`unknown option '${key}'; there are ${CLUSTER_OPTION_KEYS.join(', ')}.`);
  }
  const { game, nodes = 2, clock = 'manual', startsAt, seed = 1, args = [], onStart = true, print } = options;
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > NODES_MAX) {
    throw wrong(`nodes is ${show(nodes)}; it is a whole number from 1 to ${NODES_MAX}.`);
  }
  if (clock !== 'manual' && clock !== 'real') throw wrong(`clock is ${show(clock)}; it is 'manual' or 'real'.`);
  if (startsAt !== undefined && clock === 'real') throw wrong(`startsAt is for a manual clock.`);
  const startsAtMs = startsAt === undefined ? STARTS_AT_MS : new Date(startsAt).getTime();
  if (!(startsAtMs >= 0)) throw wrong(`startsAt is ${show(startsAt)}; it is a date like '2030-01-01T00:00:00Z'.`);
  if (!Number.isSafeInteger(seed)) throw wrong(`seed is ${show(seed)}; it is a whole number.`);
  if (!Array.isArray(args) || !args.every((arg) => typeof arg === 'string')) throw wrong('args is a list of text.');
  if (typeof onStart !== 'boolean') throw wrong(`onStart is ${show(onStart)}; it is true or false.`);
  if (print !== undefined && !LOG_LEVELS.includes(print)) {
    throw wrong(`print is ${show(print)}; there are ${LOG_LEVELS.join(', ')}.`);
  }
  return { game: pathOf(game), nodes, isManual: clock === 'manual', startsAtMs, seed, args, onStart, print };
}

function pathOf(game: string | URL): string {
  const text = String(game);
  if (text.startsWith('file:')) return fileURLToPath(text);
  if (typeof game !== 'string' || game === '' || /^\w{2,}:/.test(game)) {
    throw wrong(`game is ${show(game)}; it is a path or a file URL: new URL('./game.ts', import.meta.url).`);
  }
  return resolve(game);
}

const show = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value));
const wrong = (what: string): TypeError => new TypeError(`startCluster(): ${what}`);
