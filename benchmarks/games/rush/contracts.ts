import { contract, type int32 } from 'skerry';

/** Where the work is done. Every operation keeps its thread busy for so many microseconds. */
export interface Mill {
  /** With the default deadline. */
  grind(us: int32): Promise<int32>;
  /** With one second to be answered in. */
  hurry(us: int32): Promise<int32>;
  /** What fills a node that has more important things to do. */
  chore(us: int32): Promise<int32>;
  /** The more important things. */
  alarm(us: int32): Promise<int32>;
}
export const Mill = contract<Mill>('Mill', {
  grind: {},
  hurry: { timeout: '1s' },
  chore: { priority: 'low' },
  alarm: { priority: 'high' },
});

export interface Yield {
  ms: number;
  /** Calls whose result came before their deadline. */
  done: int32;
  refused: int32;
  /** Calls that were taken, and got nothing for it. */
  late: int32;
  /** What was not even called, because this thread did not get to it. */
  owed: int32;
  p50Us: number;
  p99Us: number;
  /** Of resident memory, from the first half of the time to the second. */
  grownBytes: number;
}

export type Kind = 'grind' | 'hurry' | 'chore' | 'alarm';

/** Calls mills from inside of an entity, as games do. */
export interface Rush {
  aim(mills: int32[]): Promise<void>;
  /** So many callers, each waiting for its reply, and then so long, before its next call. */
  steadily(kind: Kind, us: int32, callers: int32, ms: int32, pauseMs: int32): Promise<Yield>;
  /** So many calls a second, whether or not any are answered. */
  openly(kind: Kind, us: int32, perSecond: int32, ms: int32): Promise<Yield>;
}
export const Rush = contract<Rush>('Rush', {
  aim: { priority: 'high' },
  steadily: { timeout: '2m', priority: 'high' },
  openly: { timeout: '2m', priority: 'high' },
});
