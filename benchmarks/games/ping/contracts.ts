import { contract, type float32, type int16, type int32, type uint8, type uint16, type uint32 } from 'skerry';

/** What a call is measured with: the least that an operation can do. */
export interface Target {
  /** `a + b`, wrapped to 32 bits. */
  ping(a: int32, b: int32): Promise<int32>;
  tell(a: int32, b: int32): void;
  /** How many `tell` arrived since it was asked last. */
  told(): Promise<int32>;
  /** For the codec: nobody calls it. */
  keep(state: GameState): Promise<void>;
  /** For clients. */
  echo(bytes: Uint8Array): Promise<Uint8Array>;
}
export const Target = contract<Target>('Target', {
  ping: {},
  tell: {},
  told: {},
  keep: {},
  echo: { access: 'client' },
});

/** About 250 bytes on the wire: what a game sends all the time. */
export interface GameState {
  tick: uint32;
  arena: string;
  players: PlayerState[];
  pickups: Pickup[];
  weather: 'clear' | 'rain' | 'fog';
  leader?: string;
}

export interface PlayerState {
  number: uint8;
  name: string;
  x: float32;
  y: float32;
  vx: float32;
  vy: float32;
  aim: uint16;
  hp: int16;
  score: uint32;
  alive: boolean;
}

export interface Pickup {
  kind: 'health' | 'rapid' | 'shield' | 'crystal';
  x: uint16;
  y: uint16;
}

/** A fixed amount of work, and how long it took; latencies of single calls where they were looked at. */
export interface Timing {
  ms: number;
  p50Us: number;
  p99Us: number;
}

/** What entities cost. */
export interface Population {
  ms: number;
  /** Of heap, after a garbage collection. */
  bytesEach: number;
}

/** Calls targets from inside of an entity, as games do. Where its id lives is where the callers are. */
export interface Driver {
  /** Takes proxies of these targets, which all later work uses. */
  aim(targets: int32[]): Promise<void>;
  /** `outstanding` callers, each waiting for its reply before its next call; latencies for one caller only. */
  drive(outstanding: int32, calls: int32): Promise<Timing>;
  /** `senders` at a time send 256 one-way messages each and wait until they have arrived, until `messages` are through. */
  flood(senders: int32, messages: int32): Promise<Timing>;
  /** Single calls, each after `silenceMs` in which nothing happened. */
  wake(silenceMs: int32, calls: int32): Promise<Timing>;
  /** Calls `count` targets that nobody has called yet. */
  populate(first: int32, count: int32, outstanding: int32): Promise<Population>;
  /** What `populate` is held against: as many plain objects in a Map. */
  populatePlain(count: int32): Promise<Population>;
  /** Lets the clients `first` … `first + count - 1` see what is shown. */
  invite(first: int32, count: int32): Promise<void>;
  /** Shows 100 bytes to all of them, so many times. */
  show(times: int32): void;
}
export const Driver = contract<Driver>('Driver', {
  aim: {},
  drive: { timeout: '2m' },
  flood: { timeout: '2m' },
  wake: { timeout: '2m' },
  populate: { timeout: '2m' },
  populatePlain: { timeout: '2m' },
  invite: { access: 'client' },
  show: { access: 'client' },
});

/** Implemented by clients. */
export interface View {
  shown(bytes: Uint8Array): void;
}
export const View = contract<View>('View', { shown: {} });
