/** What a benchmark is: things to measure, each with yardsticks that do the same work in the same run. */

/** `/s` are rates: more is better. */
export type Unit = '/s' | 'µs' | 'ns' | 'bytes' | '%';

export interface Figure {
  /** One of the fixed names, like `call-thread.k256`. */
  readonly name: string;
  readonly unit: Unit;
}

/** How much work one measurement does. */
export class Effort {
  /** Only so much that every line has run: the figures mean nothing. */
  readonly quick: boolean;

  constructor(quick: boolean) {
    this.quick = quick;
  }

  /** `full` pieces of work, or a thousandth of them, at least `least`. */
  of(full: number, least = 1): number {
    return this.quick ? Math.max(least, Math.ceil(full / 1000)) : full;
  }
}

/** Measures once and returns one value for each figure of its subject, in their order. */
export type Measure<Stand> = (stand: Stand, effort: Effort) => Promise<readonly number[]>;

/** One piece of work: the thing and its yardsticks, interleaved in every round. */
export interface Subject<Stand> {
  readonly figures: readonly Figure[];
  readonly thing: Measure<Stand>;
  /** By what stands behind the dot: `bare`, `post`, `post-batched` … */
  readonly yardsticks?: Readonly<Record<string, Measure<Stand>>>;
  /** When fewer rounds must do, because each is long or starts a process. */
  readonly roundsMax?: number;
  /** Rounds before those that count, for everybody; default 1. Code that is compiled late needs more. */
  readonly warmUps?: number;
}

/** Subjects that share what they need: hosts, threads, sockets. */
export interface Topic<Stand> {
  readonly subjects: readonly Subject<Stand>[];
  open(effort: Effort): Promise<Stand>;
  close(stand: Stand): Promise<void>;
}

export const perSecond = (count: number, ms: number): number => (count / ms) * 1000;
