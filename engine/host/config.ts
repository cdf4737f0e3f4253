/**
 * THE list of options: what a host can be told, by flag, environment, config file or `startHost`. One row here is all that a
 * new option needs; the parser, the help and the checks follow from it.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { nearest } from './nearest.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const LOG_FORMATS = ['auto', 'pretty', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export const LEASE_PROFILES = ['default', 'lan', 'ci'] as const;
export type LeaseProfile = (typeof LEASE_PROFILES)[number];

/** Every node has a ring to every other one, so memory grows with the square. */
export const WORKERS_MAX = 256;

export interface HostConfig {
  readonly workers: number;
  /** What a node's entities and all else on its thread may take, in MiB; undefined: what Node.js allows. */
  readonly heapMb: number | undefined;
  /** A path as it was given, from the working directory; never a URL. */
  readonly game: string;
  readonly computeThreads: number;
  /** 0 is any free port. */
  readonly port: number;
  /** What the gateway listens on; undefined: all interfaces. */
  readonly address: string | undefined;
  readonly adminPort: number;
  readonly adminAddress: string;
  readonly nats: string | undefined;
  readonly cluster: string;
  /** Undefined: a random one. */
  readonly hostId: string | undefined;
  readonly leaseProfile: LeaseProfile;
  readonly supervise: boolean;
  /** 0: never. */
  readonly hangMs: number;
  /** 'memory', 'lmdb', 'nats' or a redis:// URL. */
  readonly store: string;
  readonly data: string;
  readonly logLevel: LogLevel;
  /** 'auto': pretty on a terminal, json otherwise. */
  readonly logFormat: LogFormat;
}

/** What the operator got wrong. The message is the one line to show; it names what to write instead. */
export class UsageError extends Error {
  override name = 'UsageError';

  constructor(message: string) {
    // Values that operators wrote are quoted in messages, and may hold line breaks.
    super(message.replace(/\p{Cc}+/gu, ' '));
  }
}

export interface Option<T> {
  /** Undefined when the text is not a value of this option. */
  parse(text: string): T | undefined;
  /** Completes "expected …". */
  readonly expects: string;
  readonly default: T;
  /** How the help shows the value and the default. */
  readonly placeholder: string;
  readonly defaultText: string;
  readonly help: string;
  /** A flag that may stand alone. */
  readonly isSwitch?: true;
}

/** In the order of the help. */
export const OPTIONS: { readonly [Key in keyof HostConfig]-?: Option<HostConfig[Key]> } = {
  workers: {
    ...wholeNumber(1, WORKERS_MAX),
    default: Math.min(availableParallelism(), WORKERS_MAX),
    placeholder: 'N',
    defaultText: 'the number of cores',
    help: 'nodes (worker threads) on this host',
  },
  heapMb: {
    ...wholeNumber(32, 999_999_999),
    default: undefined,
    placeholder: 'N',
    defaultText: 'by the machine, up to 4096',
    help: 'memory for the heap of each node, in MiB',
  },
  game: {
    ...matching(/^[^\0]+$/, 'the path of a game file'),
    parse: pathOf,
    default: 'games/sample-arena/game.ts',
    placeholder: 'FILE',
    defaultText: 'games/sample-arena/game.ts',
    help: 'the game to load; compiled when its source is newer',
  },
  computeThreads: {
    ...wholeNumber(1, WORKERS_MAX),
    default: Math.min(Math.max(1, availableParallelism() - 1), WORKERS_MAX),
    placeholder: 'N',
    defaultText: 'cores - 1, at least 1',
    help: 'threads for compute functions, at most',
  },
  port: {
    ...wholeNumber(0, 65_535),
    default: 7070,
    placeholder: 'P',
    defaultText: '7070',
    help: 'client gateway (HTTP and WebSocket); 0 is any free port',
  },
  address: {
    ...matching(/^[\w.:-]+$/, 'an IP address or host name'),
    default: undefined,
    placeholder: 'ADDR',
    defaultText: 'all interfaces',
    help: 'what the gateway listens on',
  },
  adminPort: {
    ...wholeNumber(0, 65_535),
    default: 7071,
    placeholder: 'P',
    defaultText: '7071',
    help: 'admin API, metrics, dashboard; 0 is any free port',
  },
  adminAddress: {
    ...matching(/^[\w.:-]+$/, 'an IP address or host name'),
    default: '127.0.0.1',
    placeholder: 'ADDR',
    defaultText: '127.0.0.1',
    help: 'what the admin port listens on; it asks nobody for a password',
  },
  nats: {
    ...matching(
      /^(?:(?:nats|tls|wss?):\/\/)?[^\s,/]+(?:,(?:(?:nats|tls|wss?):\/\/)?[^\s,/]+)*$/,
      'URLs like nats://10.0.0.5:4222, with commas in between',
    ),
    default: undefined,
    placeholder: 'URL',
    defaultText: 'none: one host',
    help: 'join a cluster through NATS',
  },
  cluster: {
    ...matching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'up to 64 letters, digits, _ and -'),
    default: 'skerry',
    placeholder: 'NAME',
    defaultText: 'skerry',
    help: 'which cluster to join',
  },
  hostId: {
    // With the number of a node behind it, it is one part of a subject.
    ...matching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,59}$/, 'up to 60 letters, digits, _ and -'),
    default: undefined,
    placeholder: 'ID',
    defaultText: 'random',
    help: 'who this host is in its cluster',
  },
  leaseProfile: {
    ...oneOf(LEASE_PROFILES),
    default: 'default',
    placeholder: 'NAME',
    defaultText: 'default',
    help: 'timing of failover: default, lan or ci',
  },
  supervise: {
    ...oneOfTwo(),
    default: false,
    placeholder: '',
    defaultText: 'off',
    help: 'stay as a launcher that restarts the host when its process ends',
    isSwitch: true,
  },
  hangMs: {
    ...wholeNumber(0, 3_600_000),
    default: 5000,
    placeholder: 'MS',
    defaultText: '5000',
    help: 'a node that stands still for so long is replaced; 0 for never',
  },
  store: {
    ...matching(/^(?:memory|lmdb|nats|rediss?:\/\/\S+)$/, 'memory, lmdb, nats or redis://HOST:PORT'),
    default: 'lmdb',
    placeholder: 'STORE',
    defaultText: 'lmdb, or nats with --nats',
    help: 'where persistent state lives: memory, lmdb, nats or redis://…',
  },
  data: {
    ...matching(/^[^\0]+$/, 'the path of a folder'),
    default: './data',
    placeholder: 'DIR',
    defaultText: './data',
    help: 'the folder of embedded stores',
  },
  logLevel: {
    ...oneOf(LOG_LEVELS),
    default: 'info',
    placeholder: 'LEVEL',
    defaultText: 'info',
    help: LOG_LEVELS.join(', '),
  },
  logFormat: {
    ...oneOf(LOG_FORMATS),
    default: 'auto',
    placeholder: 'FORMAT',
    defaultText: 'auto',
    help: 'pretty or json; auto is pretty on a terminal',
  },
};

export type OptionKey = keyof HostConfig;
export const OPTION_KEYS = Object.keys(OPTIONS) as readonly OptionKey[];

/** `adminPort` is `--admin-port`, and SKERRY_ADMIN_PORT in the environment. */
export const flagOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
export const variableOf = (key: string): string => `SKERRY_${flagOf(key).replaceAll('-', '_').toUpperCase()}`;

/** A value that somebody wrote, with the words that point at it: `--port=x`, `SKERRY_PORT=x`, `skerry.json: port is "x"`. */
export interface Written {
  readonly text: string;
  readonly where: string;
}

/** Reads what was written, fills in the defaults. Throws UsageError for a value that an option does not take. */
export function configOf(written: ReadonlyMap<OptionKey, Written>): HostConfig {
  const config = Object.fromEntries(
    OPTION_KEYS.map((key) => {
      const option: Option<unknown> = OPTIONS[key];
      const given = written.get(key);
      if (given === undefined) return [key, option.default];
      const value = option.parse(given.text);
      if (value === undefined) throw new UsageError(`${given.where}: expected ${option.expects}`);
      return [key, value];
    }),
  ) as unknown as HostConfig;
  if (config.nats !== undefined && !written.has('store')) return checked({ ...config, store: 'nats' });
  return checked(config);
}

function checked(config: HostConfig): HostConfig {
  if (config.store === 'nats' && config.nats === undefined) {
    throw new UsageError('the store nats needs a server: name it with --nats=URL');
  }
  if (config.port === config.adminPort && config.port !== 0) {
    throw new UsageError(
      `port ${config.port} cannot serve players and operators: choose another with --port or --admin-port`,
    );
  }
  return config;
}

/**
 * The keys of an object, of a config file or of `startHost`; flag spelling (`admin-port`) is understood as well. `source` begins
 * the messages. Throws UsageError for a key or a value that is not known. Undefined members are left out.
 */
export function writtenIn(object: Readonly<Record<string, unknown>>, source: string): Map<OptionKey, Written> {
  const written = new Map<OptionKey, Written>();
  for (const [name, value] of Object.entries(object)) {
    if (value === undefined) continue;
    const key = OPTION_KEYS.find((one) => one === name || flagOf(one) === name);
    if (key === undefined) throw new UsageError(`${source}: unknown key '${name}'${suggestion(name, OPTION_KEYS)}`);
    if (written.has(key)) throw new UsageError(`${source}: '${key}' is there twice, as '${flagOf(key)}' too`);
    const isPlain = ['string', 'number', 'boolean'].includes(typeof value);
    const where = `${source}: ${name} is ${isPlain ? JSON.stringify(value) : kindOf(value)}`;
    if (!isPlain) throw new UsageError(`${where}: expected ${OPTIONS[key].expects}`);
    written.set(key, { text: String(value), where });
  }
  return written;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `of type ${typeof value}`;
}

/** What `startHost` was given, with the defaults filled in. Throws UsageError, one line. */
export function embeddedConfig(options: Readonly<Record<string, unknown>>): HostConfig {
  const { game } = options;
  return configOf(writtenIn({ ...options, game: game instanceof URL ? game.href : game }, 'startHost()'));
}

export function suggestion(wrong: string, names: readonly string[], prefix = ''): string {
  const meant = nearest(wrong, names);
  return meant === undefined ? '' : `; did you mean ${prefix}${meant}?`;
}

type Parser<T> = Pick<Option<T>, 'parse' | 'expects'>;

function wholeNumber(min: number, max: number): Parser<number> {
  return {
    expects: `a whole number from ${min} to ${max}`,
    parse(text) {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? value : undefined;
    },
  };
}

function oneOf<const T extends string>(values: readonly T[]): Parser<T> {
  return {
    expects: `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`,
    parse: (text) => values.find((value) => value === text),
  };
}

function oneOfTwo(): Parser<boolean> {
  const values: Record<string, boolean> = { true: true, on: true, 1: true, false: false, off: false, 0: false };
  return { expects: 'true or false', parse: (text) => (Object.hasOwn(values, text) ? values[text] : undefined) };
}

function matching(pattern: RegExp, expects: string): Parser<string> {
  return { expects, parse: (text) => (pattern.test(text) ? text : undefined) };
}

function pathOf(text: string): string | undefined {
  if (text === '' || text.includes('\0')) return undefined;
  if (!text.startsWith('file:')) return text;
  try {
    return fileURLToPath(text);
  } catch {
    return undefined;
  }
}
