/**
 * Whether a node is alive, from what stands in its black box and how long its event loop had nothing to do. Pure: readings go in, verdicts
 * come out. A node is stuck while nothing of this changes; one that sleeps is idle for longer at every look.
 */

export interface WatchLimits {
  /** A turn that lasts longer is told to the launcher: should the process die of it, somebody knows. */
  readonly suspectMs: number;
  /** Reported by name. */
  readonly slowMs: number;
  /** Terminated; Infinity for never. */
  readonly hangMs: number;
}

export const SLOW_MS = 750;
const SUSPECT_MS = 50;

export function watchLimits(hangMs: number): WatchLimits {
  const limit = hangMs === 0 ? Number.POSITIVE_INFINITY : hangMs;
  return { suspectMs: SUSPECT_MS, slowMs: Math.min(SLOW_MS, limit / 2), hangMs: limit };
}

/** What a look at a node gave. */
export interface Reading {
  /** Of its black box. */
  readonly beat: number;
  readonly turn: number;
  readonly isOpen: boolean;
  /** How long the event loop of its thread has waited for something to do so far, the wait that goes on included; ms. */
  readonly idleMs: number;
}

/** Each once while a node stands still, in this order. */
export type Verdict = 'fine' | 'suspect' | 'slow' | 'hung';

/** Watches one life of one node. */
export class NodeWatch {
  /** How long nothing has changed, ms, as of the last look. */
  stuckMs = 0;
  private readonly limits: WatchLimits;
  private beat = -1;
  private turn = -1;
  private isOpen = false;
  private idleMs = -1;
  private changedAt: number;
  private said: 0 | 1 | 2 | 3 = 0;

  constructor(limits: WatchLimits, now: number) {
    this.limits = limits;
    this.changedAt = now;
  }

  /** `now`: ms on a clock that stands while the watcher itself does, see `WatchClock`. */
  look({ beat, turn, isOpen, idleMs }: Reading, now: number): Verdict {
    if (beat !== this.beat || turn !== this.turn || isOpen !== this.isOpen || idleMs !== this.idleMs) {
      this.beat = beat;
      this.turn = turn;
      this.isOpen = isOpen;
      this.idleMs = idleMs;
      this.changedAt = now;
      this.said = 0;
    }
    const { limits } = this;
    this.stuckMs = now - this.changedAt;
    if (this.stuckMs >= limits.hangMs && this.said < 3) {
      this.said = 3;
      return 'hung';
    }
    if (this.stuckMs >= limits.slowMs && this.said < 2) {
      this.said = 2;
      return 'slow';
    }
    if (this.stuckMs >= limits.suspectMs && this.said < 1 && isOpen) {
      this.said = 1;
      return 'suspect';
    }
    return 'fine';
  }
}

/**
 * Time as far as the watcher was there to see it. When it comes late itself (the process was stopped, a debugger held it, the machine
 * slept), the nodes may have stood still for the same reason, and the gap says nothing about them.
 */
export class WatchClock {
  now = 0;
  private readonly gapMsMax: number;
  private lastLook: number;

  constructor(intervalMs: number, realNow: number) {
    this.gapMsMax = intervalMs * 3;
    this.lastLook = realNow;
  }

  advance(realNow: number): number {
    const gap = realNow - this.lastLook;
    this.lastLook = realNow;
    this.now += Math.min(Math.max(gap, 0), this.gapMsMax);
    return this.now;
  }
}
