/**
 * Whether a node is alive, from what stands in its black box. Pure: readings go in, verdicts come out. A node is stuck while nothing in
 * its box changes and it does not sleep; one that sleeps is woken now and then, because a timer of game code that does not return looks
 * like sleep.
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
const PING_MS = 1000;

export function watchLimits(hangMs: number): WatchLimits {
  const limit = hangMs === 0 ? Number.POSITIVE_INFINITY : hangMs;
  return { suspectMs: SUSPECT_MS, slowMs: Math.min(SLOW_MS, limit / 2), hangMs: limit };
}

/** What a look at a black box gave. */
export interface Reading {
  readonly beat: number;
  readonly isAsleep: boolean;
  readonly turn: number;
  readonly isOpen: boolean;
}

/** Each once while a node stands still, in this order; `ping`: wake the node, a living one has a round then. */
export type Verdict = 'fine' | 'ping' | 'suspect' | 'slow' | 'hung';

/** Watches one life of one node. */
export class NodeWatch {
  /** How long nothing has changed, ms, as of the last look. */
  stuckMs = 0;
  private readonly limits: WatchLimits;
  private last: Reading = { beat: -1, isAsleep: false, turn: -1, isOpen: false };
  private changedAt: number;
  private pinged = false;
  private said: 0 | 1 | 2 | 3 = 0;

  constructor(limits: WatchLimits, now: number) {
    this.limits = limits;
    this.changedAt = now;
  }

  /** `now`: ms on a clock that stands while the watcher itself does, see `WatchClock`. */
  look({ beat, isAsleep, turn, isOpen }: Reading, now: number): Verdict {
    const { last, limits } = this;
    if (beat !== last.beat || isAsleep !== last.isAsleep || turn !== last.turn || isOpen !== last.isOpen) {
      this.last = { beat, isAsleep, turn, isOpen };
      this.changedAt = now;
      this.pinged = false;
      this.said = 0;
    }
    this.stuckMs = now - this.changedAt;
    if (isAsleep && !this.pinged) {
      this.stuckMs = 0;
      if (now - this.changedAt < PING_MS) return 'fine';
      this.pinged = true;
      this.changedAt = now;
      return 'ping';
    }
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
