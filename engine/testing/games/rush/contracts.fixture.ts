import { contract, type int32 } from 'skerry';

/** Keeps its thread busy for so many microseconds, and says how often it did. */
export interface Mill {
  grind(us: int32): Promise<int32>;
  chore(us: int32): Promise<int32>;
  alarm(us: int32): Promise<int32>;
  strew(us: int32): void;
}
export const Mill = contract<Mill>('Mill', {
  grind: { timeout: '1s' },
  chore: { priority: 'low' },
  alarm: { priority: 'high' },
  strew: {},
});

export interface Outcome {
  done: int32;
  /** OverloadedError, with what it advised at least and at most, and the longest that one took to come. */
  refused: int32;
  retryMsLeast: number;
  retryMsMost: number;
  refusalMsMost: number;
  late: int32;
  /** Anything else. */
  failed: int32;
  p50Ms: number;
}

/** Calls one mill. */
export interface Presser {
  /** So many calls a second, answered or not. */
  openly(mill: int32, us: int32, perSecond: int32, ms: int32): Promise<Outcome>;
  /** Calls until it is told to stop, as fast as it can; a refusal is followed by the next call at once. */
  tightly(mill: int32, us: int32, callers: int32): Promise<Outcome>;
  stop(): Promise<void>;
  /** So many callers that each wait for a reply before their next call. */
  steadily(kind: 'grind' | 'chore' | 'alarm', mill: int32, us: int32, callers: int32, calls: int32): Promise<Outcome>;
}
export const Presser = contract<Presser>('Presser', {
  openly: { timeout: '1m', priority: 'high' },
  tightly: { timeout: '1m', priority: 'high' },
  stop: { priority: 'high' },
  steadily: { timeout: '1m', priority: 'high' },
});
