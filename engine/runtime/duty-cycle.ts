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
  /** One round of work, at most about `framesMax` frames from each link; returns how much was done. */
  run(now: number, framesMax: number): number;
  /** After the microtasks of a round: what they wrote goes out. */
  flush(): void;
  /** Is there something to do right now? Sees whatever was published before. */
  pending(): boolean;
  /** The same for the idle spin: as cheap as can be, and allowed to see late what other threads publish. */
  glance(): boolean;
  /** May something come any moment that only the event loop hears of? Asked when there is nothing to do. */
  listens(now: number): boolean;
  /** When a timer is due next, milliseconds on the clock; Infinity when none is. */
  nextDue(): number;
  /** Did anything of high priority come lately? */
  isUrgent(now: number): boolean;
  /** A round begins, or the thread is given to others. */
  running(inCycle: boolean): void;
}

export interface WaitPolicy {
  /** How long an idle node looks for work without giving its core away, in ms, while it has the core for itself. */
  spinMs: number;
  /** How long it then takes naps (blocking waits that any writer ends) between turns of the event loop, in ms; 0 on threads that must not block. */
  napsMs: number;
  /** The longest nap, in ms: so long at most are timers and I/O of game code delayed by waiting. */
  napMs: number;
  /** A node that has work gives the event loop a turn at least this often, in ms; 0: after every round. */
  yieldMs: number;
}

export const WORKER_WAITS: WaitPolicy = { spinMs: 0.15, napsMs: 1, napMs: 0.2, yieldMs: 0.5 };
export const MAIN_THREAD_WAITS: WaitPolicy = {
  spinMs: 0.02,
  napsMs: 0,
  napMs: 0,
  yieldMs: 0.5,
};

/** Looks between two readings of the clock in a spin. */
const SPIN_LOOKS = 32;
/** So many spins in vain in a row mean that whoever is waited for wants this very core. */
const MISSES_MAX = 2;
/** A node that shares its core tries every so often whether it still does. */
const WAITS_PER_PROBE = 32;
/** … and more seldom each time that it does, up to this. */
const WAITS_PER_PROBE_MAX = 256;
/**
 * Frames from one link in one round. Small: what was answered goes out early and the peer works on it at the same time. On a shared core
 * there is no same time, and every flush that wakes the peer may cost a switch of threads.
 */
const FRAMES_PER_ROUND = 64;
const FRAMES_PER_ROUND_CONTENDED = 1024;
/**
 * A round should not last longer than this, its microtasks included: whatever comes meanwhile waits for the next one, and answers leave after
 * it. Rounds that last longer take fewer frames, down to one from each link. Long ones cost less, on a shared core above all; short ones are
 * what high priority needs.
 */
const ROUND_MS = 0.1;
const ROUND_MS_CONTENDED = 0.5;
const ROUND_MS_URGENT = 0.05;
/** Rounds that follow a long turn of the event loop go on for as long, and not longer than this. */
const YIELD_MS_MAX = 5;
/** Rounds among the microtasks at most before Node's own ticks get their turn. */
const CHAIN_MAX = 8;
const TIMEOUT_MS_MAX = 0x7fff_ffff;

/**
 * The heartbeat of a node on its thread:
 *
 *   flush → drain links, run turns, fire timers → (microtasks) → flush → …
 *
 * A few rounds follow each other among the microtasks, each behind what the one before it caused; then one comes as a tick of Node's, when
 * every continuation has run. The event loop gets a turn every half millisecond, so game code's timers and I/O go on under full load. With nothing to do the node
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
  /** How long rounds go on before the event loop gets its next turn, in ms. */
  private yieldMs: number;
  /** When the event loop got its turn; 0 while it has none. */
  private leftAt = 0;
  /** Rounds among the microtasks since the last one that came when they had run dry. */
  private chained = 0;
  /** When the round under way began; 0 when the node rested since. */
  private roundBegan = 0;
  /** Frames from one link in a round, as the last rounds suggest. */
  private frames = FRAMES_PER_ROUND;
  /** When the node last had nothing left to do; 0 while it has. */
  private idleSince = 0;
  /** Spins in vain, which a nap then did better, since one that found something. */
  private misses = 0;
  /** Waits since the core was found to be shared. */
  private contendedWaits = 0;
  private waitsPerProbe = WAITS_PER_PROBE;
  /** Rounds so far; whoever watches the node sees it move. */
  rounds = 0;

  private readonly round = (): void => this.runRound();
  private readonly roundInPassing = (): void => this.guard(this.inPassing);
  private readonly inPassing = (): void => this.runInPassing();
  private readonly awake = (): void => this.guard(this.woken);
  private readonly yielding = (): void => this.yieldToOthers();
  private readonly woken = (): void => this.wakeUp();
  /** What is to be called as a microtask is handed to this: `queueMicrotask` makes an object with a dozen fields for each. */
  private readonly microtasks = Promise.resolve();

  constructor(duties: Duties, bell: Bell, clock: Clock, policy: WaitPolicy) {
    this.duties = duties;
    this.bell = bell;
    this.clock = clock;
    this.policy = policy;
    this.yieldMs = policy.yieldMs;
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

  /** Like `stop`, and what was written is lost. */
  halt(): void {
    this.stopped = true;
    this.leaveSleep();
  }

  private runRound(): void {
    if (this.stopped) return;
    this.rounds++;
    const { duties } = this;
    duties.running(true);
    duties.flush();
    this.chained = 0;
    let now = this.clock.now();
    if (this.leftAt !== 0) this.comeBack(now);
    const framesMax = this.framesMax(now);
    let done = duties.run(now, framesMax);
    if (done === 0 && !duties.listens(now) && this.spin(now)) {
      now = this.clock.now();
      this.roundBegan = now;
      done = duties.run(now, framesMax);
    }
    if (done > 0 || duties.pending()) {
      this.idleSince = 0;
      this.next(now);
    } else this.idle();
  }

  /**
   * A round among the microtasks: behind those that the round before it caused, so most answers are written and leave now, and what
   * came meanwhile is taken up at once. Longer chains of continuations go on behind it, so it never waits for anything.
   */
  private runInPassing(): void {
    if (this.stopped) return;
    const { duties } = this;
    duties.flush();
    const now = this.clock.now();
    if (++this.chained < CHAIN_MAX && duties.run(now, this.framesMax(now)) > 0) {
      this.rounds++;
      this.next(now);
    } else process.nextTick(this.round);
  }

  /** What fails in a promise's callback would count as game code's rejection; a node whose round fails must end as one. */
  private guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
  }

  /** For the round that begins now. */
  private framesMax(now: number): number {
    if (this.roundBegan !== 0) this.pace(now);
    this.roundBegan = now;
    return this.frames;
  }

  /** Half as many frames after a round that was too long, twice as many after a short one. */
  private pace(now: number): void {
    const ms = now - this.roundBegan;
    const isContended = this.misses >= MISSES_MAX;
    const framesMax = isContended ? FRAMES_PER_ROUND_CONTENDED : FRAMES_PER_ROUND;
    const msMax = this.duties.isUrgent(now) ? ROUND_MS_URGENT : isContended ? ROUND_MS_CONTENDED : ROUND_MS;
    if (ms > msMax) this.frames = Math.max(1, this.frames >> 1);
    else if (ms + ms < msMax) this.frames <<= 1;
    if (this.frames > framesMax) this.frames = framesMax;
  }

  private yieldToOthers(): void {
    // What the event loop does in between is not of the round, and the answers of the round need not wait for it.
    if (this.roundBegan !== 0) this.pace(this.clock.now());
    this.roundBegan = 0;
    this.duties.flush();
    this.duties.running(false);
    this.leftAt = this.clock.now();
    setImmediate(this.round);
  }

  /** The event loop had its turn. If that was a long one, the rounds get as much: game code that keeps it busy must not starve its own replies. */
  private comeBack(now: number): void {
    const { yieldMs } = this.policy;
    if (yieldMs !== 0) this.yieldMs = Math.max(yieldMs, Math.min(now - this.leftAt, YIELD_MS_MAX));
    this.yieldedAt = now;
    this.leftAt = 0;
  }

  private next(now: number): void {
    if (now - this.yieldedAt < this.yieldMs) {
      void this.microtasks.then(this.roundInPassing);
      return;
    }
    this.yieldedAt = now;
    // Behind the continuations of this round, which belong to it.
    process.nextTick(this.yielding);
  }

  /**
   * Looks for work until there is some or the spin is over. A busy peer answers within microseconds, while waking a sleeping thread
   * costs tens of them, so a node that has its core for itself had better look. One that shares it must not: whoever it waits for may
   * be waiting for this very core, and then nothing comes however long it looks. So after spins in vain it does not spin, but now and then,
   * until one finds something again.
   */
  private spin(from: number): boolean {
    const { duties, policy } = this;
    if (this.misses >= MISSES_MAX) {
      if (++this.contendedWaits < this.waitsPerProbe) return false;
      this.contendedWaits = 0;
      this.waitsPerProbe = Math.min(this.waitsPerProbe * 2, WAITS_PER_PROBE_MAX);
    }
    const until = from + policy.spinMs;
    do {
      for (let look = 0; look < SPIN_LOOKS; look++) {
        if (duties.glance()) {
          this.misses = 0;
          this.waitsPerProbe = WAITS_PER_PROBE;
          return true;
        }
      }
    } while (this.clock.now() < until);
    return false;
  }

  private idle(): void {
    const { duties, bell, policy } = this;
    const now = this.clock.now();
    duties.running(false);
    this.roundBegan = 0;
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
    if (now - this.idleSince < policy.napsMs && !duties.listens(now)) {
      bell.nap(Math.min(policy.napMs, due - now));
      bell.disarm();
      if (duties.pending()) {
        // It came as soon as this thread got out of the way.
        this.misses++;
        duties.running(true);
        this.next(this.clock.now());
      } else setImmediate(this.round);
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
    this.chained = 0;
    this.duties.running(true);
    this.runInPassing();
  }

  private leaveSleep(): void {
    if (!this.asleep) return;
    this.asleep = false;
    this.idleSince = 0;
    // The event loop had all the time there was: what is answered now need not wait for another turn of it.
    this.yieldedAt = this.clock.now();
    if (this.timeout !== undefined) clearTimeout(this.timeout);
    this.timeout = undefined;
    this.bell.disarm();
  }
}
