import { contract, type int32 } from 'skerry';

/** Every way of taking a node down, and witnesses of what went on. */
export interface Perilous {
  add(n: int32): Promise<int32>;
  addOneWay(n: int32): void;
  /** Appends a line to a file: executions are counted there, whatever becomes of the thread. */
  mark(file: string, line: string): Promise<void>;
  markOneWay(file: string, line: string): void;
  /** `add` of the other one, so many times, one after the other. */
  exchange(other: Perilous, times: int32): Promise<int32>;
  /** `mark` of the other one, all at once; how each ended. */
  marks(other: Perilous, file: string, lines: string[]): Promise<string[]>;
  /** Blocks for so long, then answers. */
  block(ms: int32): Promise<string>;
  /** Ends the thread before it answers. */
  exit(): Promise<void>;
  throwLater(): Promise<void>;
  eatObjects(): Promise<void>;
  eatArray(): Promise<void>;
  spin(): Promise<void>;
  spinAfterAwait(): Promise<void>;
  spinInTimer(): Promise<void>;
  backtrack(): Promise<void>;
  /** Stands in native code for so long. */
  native(ms: int32): Promise<void>;
  /** From now on a task of it ends the thread. */
  schedule(): Promise<void>;
}
export const Perilous = contract<Perilous>('Perilous', {
  add: {},
  addOneWay: {},
  mark: {},
  markOneWay: {},
  exchange: {},
  marks: {},
  block: {},
  exit: {},
  throwLater: {},
  eatObjects: {},
  eatArray: {},
  spin: {},
  spinAfterAwait: {},
  spinInTimer: {},
  backtrack: {},
  native: {},
  schedule: {},
});

/** Ends the thread when it is activated. */
export interface Cursed {
  touch(): Promise<void>;
}
export const Cursed = contract<Cursed>('Cursed', { touch: {} });

/** What clients may do. */
export interface Lobby {
  echo(text: string): Promise<string>;
  ruin(victim: Perilous): Promise<void>;
  exit(): Promise<void>;
}
export const Lobby = contract<Lobby>('Lobby', {
  echo: { access: 'client' },
  ruin: { access: 'client' },
  exit: { access: 'client' },
});
