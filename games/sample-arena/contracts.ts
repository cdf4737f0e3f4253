import { contract, type float32, type int8, type uint8, type uint16, type uint32 } from 'skerry';

/** The arenas are entities with these ids, so they live on different nodes. */
export type ArenaId = 'north' | 'ember' | 'grove' | 'tide';
export type PickupKind = 'health' | 'rapid' | 'shield' | 'crystal';

/** What a client wants, never where it is: the arena decides what comes of it. */
export interface Steering {
  /** Counts the client's steps and wraps; the arena's snapshots say which one they contain. */
  seq: uint16;
  /** Direction; 127 is full speed, longer than that is no faster. */
  x: int8;
  y: int8;
  /** A full turn is 65536, 0 points right, growing clockwise. */
  aim: uint16;
  fire: boolean;
}

/** A player's stay in one arena. `visit` grows with every arena entered: messages about an older stay are ignored. */
export interface Visit {
  arena: ArenaId;
  visit: uint32;
  /** The player's number in the snapshots of this arena. */
  number: uint8;
  /** Who is here. */
  roster: RosterRow[];
  /** The host and the node of it that the arena runs on: for people, who like to see that a portal leads to another machine. */
  runsOn: string;
}

/** What a player carries from arena to arena. */
export interface Baggage {
  hp: uint8;
  shield: uint8;
  rapidTicks: uint16;
  score: uint32;
  kills: uint32;
  deaths: uint32;
}

export interface Entry {
  id: string;
  name: string;
  visit: uint32;
  /** The arena whose portal the player came through. */
  from?: ArenaId;
  baggage?: Baggage;
}

export interface ArenaInfo {
  arena: ArenaId;
  players: uint16;
  capacity: uint16;
}

/** How well an arena keeps its pace, over the last 30 seconds. Milliseconds. */
export interface ArenaStats {
  arena: ArenaId;
  players: uint16;
  ticks: uint32;
  /** How long a tick works. */
  workMs: { p50: float32; p99: float32; max: float32 };
  /** From the start of a tick to the start of the next; 50 is perfect. */
  gapMs: { p50: float32; p99: float32; max: float32 };
  frameBytes: uint32;
}

export interface RosterRow {
  number: uint8;
  id: string;
  name: string;
  score: uint32;
  kills: uint32;
  deaths: uint32;
}

export interface BoardRow {
  id: string;
  name: string;
  arena: ArenaId;
  score: uint32;
  kills: uint32;
}

/** What happened in an arena, for sound, sparks and the feed. Players by their number. */
export type ArenaEvent =
  | { kind: 'kill'; killer: uint8; victim: uint8; streak: uint16 }
  | { kind: 'pickup'; player: uint8; what: PickupKind; x: uint16; y: uint16 }
  | { kind: 'joined'; player: RosterRow; from?: ArenaId }
  | { kind: 'gone'; player: uint8; to?: ArenaId };

export type LeaveReason = 'left' | 'idle' | 'lost';

/** Sends players to arenas. A singleton. */
export interface Lobby {
  /** For the join screen. */
  overview(): Promise<ArenaInfo[]>;
  /** Picks an arena with room: the one wished for, else one that is lively already. GameError 'full' when there is none. */
  place(wish?: ArenaId): Promise<ArenaId>;
  /** An arena says how many it holds, once a second while anybody is there. */
  population(arena: ArenaId, players: uint16): void;
}
export const Lobby = contract<Lobby>('Lobby', {
  overview: { access: 'client', readOnly: true, rate: '4/s' },
  place: { timeout: '3s' },
  population: { reliability: 'unreliableOrdered', priority: 'low' },
});

/** One player; the id is the principal's id. Knows which arena the player is in, and is the only one that decides it. */
export interface Player {
  /** Into the game; joining twice is joining once. GameError 'full'. */
  join(name: string, wish?: ArenaId): Promise<Visit>;
  /** Shows an arena without being in it: its snapshots, events and roster. Lasts five minutes, or until asked again. */
  watch(arena: ArenaId): Promise<RosterRow[]>;
  leave(): Promise<void>;
  steer(input: Steering): void;

  /** An arena's portal was walked into. The arena keeps the player, out of play, until it hears `leave` or `stay`. */
  travel(visit: uint32, to: ArenaId, baggage: Baggage): void;
  /** What the player has after a kill, a death or a crystal; survives the arena. */
  tally(visit: uint32, baggage: Baggage): void;
  /** The arena does not know this stay (it restarted, or dropped an idle player). */
  evicted(visit: uint32, reason: 'idle' | 'unknown'): void;
  /** Is the player still on this stay, and does its client answer? */
  confirm(visit: uint32): Promise<boolean>;
}
export const Player = contract<Player>('Player', {
  join: { access: 'owner', lock: 'entity', rate: '4/s', timeout: '10s' },
  watch: { access: 'owner', lock: 'entity', rate: '4/s', timeout: '10s' },
  leave: { access: 'owner', lock: 'entity', rate: '4/s', timeout: '10s' },
  steer: { access: 'owner', priority: 'high', reliability: 'unreliableOrdered', rate: '50/s' },
  travel: { lock: 'entity' },
  tally: { reliability: 'reliableOrdered' },
  evicted: { lock: 'entity' },
  confirm: { timeout: '5s' },
});

/** A place to fight in, 20 ticks a second. The id is an ArenaId. */
export interface Arena {
  /** GameError 'full'. Entering again with the same id replaces the stay and keeps the body. */
  enter(entry: Entry): Promise<Visit>;
  leave(id: string, visit: uint32, to?: ArenaId): Promise<void>;
  /** The way through the portal failed: the player goes on here. */
  stay(id: string, visit: uint32): void;
  steer(id: string, visit: uint32, input: Steering): void;
  watch(id: string): Promise<RosterRow[]>;
  unwatch(id: string): Promise<void>;
  stats(): Promise<ArenaStats>;
}
export const Arena = contract<Arena>('Arena', {
  enter: { timeout: '3s' },
  leave: { timeout: '3s', idempotent: true },
  stay: {},
  watch: { timeout: '3s' },
  unwatch: { timeout: '3s', idempotent: true },
  steer: { priority: 'high', reliability: 'unreliableOrdered' },
  stats: { access: 'client', readOnly: true, rate: '4/s' },
});

/** Who leads, over all arenas. A singleton. */
export interface ScoreBoard {
  report(arena: ArenaId, rows: BoardRow[]): void;
  top(): Promise<BoardRow[]>;
}
export const ScoreBoard = contract<ScoreBoard>('ScoreBoard', {
  report: { reliability: 'unreliableOrdered', priority: 'low' },
  top: { access: 'client', readOnly: true, rate: '4/s' },
});

/** Implemented by clients: what the arenas show them. */
export interface ArenaView {
  /** The moving things of one tick, packed by `rules/frame.ts`. */
  snapshot(arena: ArenaId, frame: Uint8Array): void;
  /** Everybody in the arena, when something about them changed. */
  roster(arena: ArenaId, rows: RosterRow[]): void;
  happened(arena: ArenaId, events: ArenaEvent[]): void;
  /** The player is in another arena now. */
  entered(visit: Visit): void;
  left(reason: LeaveReason): void;
  board(rows: BoardRow[]): void;
  /** Are you there? */
  ping(): Promise<void>;
}
export const ArenaView = contract<ArenaView>('ArenaView', {
  snapshot: { priority: 'high', reliability: 'unreliableOrdered' },
  roster: {},
  happened: {},
  entered: {},
  left: {},
  board: { reliability: 'unreliableOrdered', priority: 'low' },
  ping: { timeout: '3s' },
});

/** The groups that the arenas and the score board speak to. */
export const arenaGroup = (arena: ArenaId): string => `arena:${arena}`;
export const EVERYONE = 'everyone';
