import type { Activation } from './activation.ts';
import type { NodeState } from './node-state.ts';
import type { Walk } from './walk.ts';

/** The heap of the thread that a node runs on. */
export interface Heap {
  /** Calls back after every full garbage collection with what is in use then: all but garbage. In bytes. */
  watch(collected: (usedBytes: number, limitBytes: number) => void): void;
}

/** Shares of the heap's limit: from the one on entities are sent away, until no more than the other is in use. */
export const HIGH_WATER = 0.75;
export const LOW_WATER = 0.6;

/** A node that lives at its limit comes up to it every second. */
const SAY_MS = 60_000;

/** Classes of age: eight from one to its double, 64 ms in the first. */
const CLASSES = 256;
const classOf = (ageMs: number): number => Math.min(CLASSES - 1, Math.floor(8 * Math.log2(1 + ageMs / 64)));

/**
 * Ends entities before their time when memory gets short, least recently used first.
 *
 * What is in use is known after a full garbage collection only, and what an entity frees shows only after the next one. V8 collects at the
 * latest when half of what was left at the last one is used up, so one comes in time: with 74 % in use the next at 87 %. Each
 * sends away as many of those that may go as the share by which too much is in use, and then waits for the next to judge.
 * Two walks: the first counts ages, the second ends the oldest. The order is right to within 9 % of an age.
 */
export class Relief {
  private readonly state: NodeState;
  private readonly walk: Walk;
  private readonly end: (activation: Activation) => void;
  private readonly ages = new Uint32Array(CLASSES);
  /** Between the high-water mark and the low one. */
  private short = false;
  /** When it was last said that memory is short, and that nothing can be done about it. */
  private said = Number.NEGATIVE_INFINITY;
  private saidHelpless = Number.NEGATIVE_INFINITY;
  /** What is to remain, as a share of what is there. */
  private keep = 1;
  private oldest = 0;
  private quota = 0;

  /** `end` deactivates one. */
  constructor(state: NodeState, heap: Heap, walk: Walk, end: (activation: Activation) => void) {
    this.state = state;
    this.walk = walk;
    this.end = end;
    heap.watch((usedBytes, limitBytes) => this.collected(usedBytes, limitBytes));
  }

  stop(): void {
    this.walk.stop();
  }

  private collected(usedBytes: number, limitBytes: number): void {
    const { state, walk } = this;
    const share = usedBytes / limitBytes;
    if (share <= LOW_WATER) {
      this.short = false;
      return;
    }
    if ((!this.short && share < HIGH_WATER) || walk.underWay || state.draining) return;
    if (!this.short) {
      this.short = true;
      state.counters.memoryShortages++;
      if (state.now - this.said >= SAY_MS) {
        this.said = state.now;
        state.log.warn(
          { usedMb: megabytes(usedBytes), limitMb: megabytes(limitBytes) },
          'memory is short: entities that were not used for long are deactivated',
        );
      }
    }
    this.keep = LOW_WATER / share;
    this.ages.fill(0);
    walk.start(this.count, this.choose);
  }

  private readonly count = (activation: Activation): void => {
    if (activation.isExpendable) this.ages[classOf(activation.unusedFor(this.state.now))]!++;
  };

  private readonly choose = (): void => {
    const { ages } = this;
    const all = ages.reduce((sum, count) => sum + count, 0);
    if (all === 0) {
      const { now, log } = this.state;
      if (now - this.saidHelpless < SAY_MS) return;
      this.saidHelpless = now;
      log.warn({}, 'memory is short, and there is no entity that may be deactivated');
      return;
    }
    this.quota = Math.max(1, Math.round(all * (1 - this.keep)));
    let found = 0;
    this.oldest = CLASSES;
    while (found < this.quota) found += ages[--this.oldest]!;
    this.walk.start(this.dismiss, () => {});
  };

  private readonly dismiss = (activation: Activation): void => {
    if (this.quota === 0 || !activation.isExpendable) return;
    if (classOf(activation.unusedFor(this.state.now)) < this.oldest) return;
    this.quota--;
    this.end(activation);
  };
}

const megabytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);
