import type { Clock } from '../base/clock.ts';

/** How a node waits for others: its doorbell. */
export interface Bell {
  /** False: it was woken meanwhile, and should work another cycle first. */
  arm(): boolean;
  disarm(): void;
  sleep(): Promise<void>;
  nap(ms: number): void;
}

/** What there is to do on a node. */
export interface Duties {
  /** One round of work; returns how much was done. */
  run(now: number): number;
  /** After the microtasks of a round: what they wrote goes out. */
  flush(): void;
  /** Is there something to do right now? Cheap: called in the idle spin. */
  pending(): boolean;
  /** When a timer is due next, milliseconds on the clock; Infinity when none is. */
  nextDue(): number;
  /** A round begins, or the thread is given to others. */
  running(inCycle: boolean): void;
}

export interface WaitPolicy {
  /** How long an idle node looks for work without giving its core away, in ms, while it has the core for itself. */
  spinMs: number;
  /** The same while others want the core. */
  contendedSpinMs: number;
  /** How long it then takes naps (blocking waits that any writer ends) between turns of the event loop, in ms; 0 on threads that must not block. */
  napsMs: number;
  /** The longest nap, in ms: so long at most are timers and I/O of game code delayed by waiting. */
  napMs: number;
}

export const WORKER_WAITS: WaitPolicy = { spinMs: 0.15, contendedSpinMs: 0.005, napsMs: 1, napMs: 0.2 };
export const MAIN_THREAD_WAITS: WaitPolicy = { spinMs: 0.02, contendedSpinMs: 0.005, napsMs: 0, napMs: 0 };

/** A node that has work gives the event loop a turn at least this often. */
const YIELD_MS = 0.5;
/** Looks between two readings of the clock in a spin. */
const SPIN_LOOKS = 32;
/** A spin that was interrupted for so long lost its core to another thread. */
const GAP_MS = 0.1;
/** For how long a lost core means that spinning takes it from somebody who has work. */
const CONTENDED_MS = 50;
const TIMEOUT_MS_MAX = 0x7fff_ffff;

/**
 * The heartbeat of a node on its thread:
 *
 *   flush → drain links, run turns, fire timers → (microtasks) → flush → …
 *
 * Rounds follow each other through `process.nextTick` behind a microtask, so that every continuation of a round has run before its flush;
 * the event loop gets a turn every half millisecond, so game code's timers and I/O go on under full load. With nothing to do the node
 * looks a little longer (a busy peer answers within microseconds), then naps, then sleeps on its doorbell at no cost.
 */
export class DutyCycle {
  private readonly duties: Duties;
  private readonly bell: Bell;
  private readonly clock: Clock;
  private readonly policy: WaitPolicy;
  private stopped = false;
  /** A round is on its way: as tick, immediate, or in its microtasks. */
  private scheduled = false;
  private asleep = false;
  /** The bell's wait that `awake` hears of already: sleeps that a timer ended share one, and must not pile up on it. */
  private bellWait: Promise<void> | undefined = undefined;
  private timeout: NodeJS.Timeout | undefined = undefined;
  private yieldedAt = 0;
  /** When the node last had nothing left to do; 0 while it has. */
  private idleSince = 0;
  private contendedUntil = 0;
  /** Rounds so far; whoever watches the node sees it move. */
  rounds = 0;

  private readonly round = (): void => this.runRound();
  private readonly afterMicrotasks = (): void => process.nextTick(this.round);
  private readonly awake = (): void => this.wakeUp();

  constructor(duties: Duties, bell: Bell, clock: Clock, policy: WaitPolicy) {
    this.duties = duties;
    this.bell = bell;
    this.clock = clock;
    this.policy = policy;
  }

  /** Makes sure that a round comes soon: something was written or is to be done on this thread. */
  schedule(): void {
    if (this.scheduled || this.stopped) return;
    if (this.asleep) this.leaveSleep();
    this.scheduled = true;
    process.nextTick(this.round);
  }

  stop(): void {
    this.stopped = true;
    this.leaveSleep();
    this.duties.flush();
  }

  private runRound(): void {
    if (this.stopped) return;
    this.rounds++;
    const { duties } = this;
    duties.running(true);
    duties.flush();
    let now = this.clock.now();
    let done = duties.run(now);
    if (done === 0 && this.spin(now)) {
      now = this.clock.now();
      done = duties.run(now);
    }
    if (done > 0 || duties.pending()) {
      this.idleSince = 0;
      this.next(now);
    } else this.idle();
  }

  private next(now: number): void {
    if (now - this.yieldedAt < YIELD_MS) {
      queueMicrotask(this.afterMicrotasks);
      return;
    }
    this.yieldedAt = now;
    this.duties.running(false);
    setImmediate(this.round);
  }

  /**
   * Looks for work until there is some or the spin is over. A busy peer answers within microseconds, while waking a sleeping thread
   * costs tens of them, so a node that has its core for itself had better look. One that shares it must not: whoever it waits for may
   * be waiting for this very core. The spin notices that itself, by the time that is missing between two looks.
   */
  private spin(from: number): boolean {
    const { duties, policy } = this;
    const until = from + (from < this.contendedUntil ? policy.contendedSpinMs : policy.spinMs);
    let now = from;
    do {
      for (let look = 0; look < SPIN_LOOKS; look++) if (duties.pending()) return true;
      const before = now;
      now = this.clock.now();
      if (now - before > GAP_MS) {
        this.contendedUntil = now + CONTENDED_MS;
        return duties.pending();
      }
    } while (now < until);
    return false;
  }

  private idle(): void {
    const { duties, bell, policy } = this;
    const now = this.clock.now();
    duties.running(false);
    if (this.idleSince === 0) this.idleSince = now;
    const due = duties.nextDue();
    if (due <= now + 0.05 || !bell.arm()) {
      setImmediate(this.round);
      return;
    }
    // Looked at after the bell was armed: whatever was flushed before is seen here, whatever comes later rings.
    if (duties.pending()) {
      bell.disarm();
      setImmediate(this.round);
      return;
    }
    if (now - this.idleSince < policy.napsMs) {
      bell.nap(Math.min(policy.napMs, due - now));
      bell.disarm();
      if (duties.pending()) this.next(this.clock.now());
      else setImmediate(this.round);
      return;
    }
    this.scheduled = false;
    this.asleep = true;
    if (due !== Number.POSITIVE_INFINITY) {
      this.timeout = setTimeout(this.awake, Math.min(Math.max(1, Math.ceil(due - now)), TIMEOUT_MS_MAX));
    }
    const wait = bell.sleep();
    if (wait === this.bellWait) return;
    this.bellWait = wait;
    void wait.then(this.awake);
  }

  private wakeUp(): void {
    if (!this.asleep || this.stopped) return;
    this.leaveSleep();
    this.scheduled = true;
    this.runRound();
  }

  private leaveSleep(): void {
    if (!this.asleep) return;
    this.asleep = false;
    this.idleSince = 0;
    if (this.timeout !== undefined) clearTimeout(this.timeout);
    this.timeout = undefined;
    this.bell.disarm();
  }
}
