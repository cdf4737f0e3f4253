import type { Clock } from '../base/clock.ts';
import { ManualClock } from './manual-clock.ts';

/** What time moves: the nodes of a cluster. */
export interface TimedWorld {
  readonly clock: Clock;
  /** Resolves once nothing goes on without time. */
  settled(): Promise<void>;
  /** When something is due next, milliseconds on the clock; Infinity for never. */
  nextDue(): number;
  /** The clock has moved: everybody looks. */
  tick(): void;
}

/** What files and databases may take when the clock is far ahead of them, before a wait ends in vain. */
const REAL_GRACE_MS = 2_000;
const POLL_MS = 2;

/**
 * The one who moves the clock of a cluster. With a manual clock time goes from one thing that is due to the next, never past one, and only as
 * far as somebody waits for it; several who wait share the way. Whoever has waited enough goes on before time does.
 */
export class ClusterTime {
  private readonly world: TimedWorld;
  private waiters: Waiter[] = [];
  private moving = false;

  constructor(world: TimedWorld) {
    this.world = world;
  }

  /** Somebody lets time pass right now. */
  get isMoving(): boolean {
    return this.moving;
  }

  /** Resolves when this much time has passed with everything that it caused. Only with a manual clock. */
  async pass(ms: number): Promise<void> {
    await this.wait(ms, () => false, 0);
  }

  /** Whether `condition` came true within this time. Rejects with what it throws. */
  until(ms: number, condition: () => boolean | Promise<boolean>): Promise<boolean> {
    return this.wait(ms, condition, this.world.clock instanceof ManualClock ? REAL_GRACE_MS : 0);
  }

  /** Everybody who waits gets this error. */
  stop(error: Error): void {
    for (const waiter of this.waiters) waiter.failed(error);
    this.waiters = [];
  }

  private wait(ms: number, condition: () => boolean | Promise<boolean>, graceMs: number): Promise<boolean> {
    return new Promise((ended, failed) => {
      this.waiters.push(new Waiter(condition, this.world.clock.now() + ms, graceMs, ended, failed));
      if (!this.moving) void this.move();
    });
  }

  private async move(): Promise<void> {
    const { world } = this;
    this.moving = true;
    while (this.waiters.length > 0) {
      const isManual = world.clock instanceof ManualClock;
      try {
        // In real time there may always be something under way.
        if (isManual) await world.settled();
      } catch (error) {
        this.stop(error as Error);
        break;
      }
      // Whoever is done goes on now; what he does next belongs to this time.
      if (this.letGo()) continue;
      if (isManual && this.waiters.some(({ isAsking }) => isAsking)) await world.settled().catch(() => {});
      if (this.letGo()) continue;
      if (!isManual || !this.moveClock(world.clock as ManualClock)) await pause();
    }
    this.moving = false;
  }

  /** Moves to what is due next; false when everybody waits for the world outside only. */
  private moveClock(clock: ManualClock): boolean {
    const now = clock.now();
    const goals = this.waiters.map(({ deadline }) => deadline).filter((deadline) => deadline > now);
    if (goals.length === 0) return false;
    const due = this.world.nextDue();
    // What says that it was due already fires with the next millisecond.
    clock.move(Math.min(due > now ? due : now + 1, ...goals) - now);
    this.world.tick();
    return true;
  }

  /** Lets everybody go whose wait is over; whether there was one. */
  private letGo(): boolean {
    const now = this.world.clock.now();
    const before = this.waiters;
    this.waiters = before.filter((waiter) => !waiter.isOver(now));
    return this.waiters.length < before.length;
  }
}

/** Somebody who lets time pass until it is enough for him. */
class Waiter {
  /** Milliseconds on the clock. */
  readonly deadline: number;
  /** The question takes longer than a slice: it is a call. */
  isAsking = false;
  private readonly condition: () => boolean | Promise<boolean>;
  private readonly graceMs: number;
  private readonly ended: (isTrue: boolean) => void;
  readonly failed: (error: unknown) => void;
  private answer: { value: boolean } | { error: unknown } | undefined = undefined;
  private lateSince: number | undefined = undefined;

  constructor(
    condition: () => boolean | Promise<boolean>,
    deadline: number,
    graceMs: number,
    ended: (isTrue: boolean) => void,
    failed: (error: unknown) => void,
  ) {
    this.condition = condition;
    this.deadline = deadline;
    this.graceMs = graceMs;
    this.ended = ended;
    this.failed = failed;
  }

  /** Asks, and says whether the wait is over; then whoever waited knows. */
  isOver(now: number): boolean {
    if (this.answer === undefined && !this.isAsking) this.ask();
    const { answer } = this;
    this.answer = undefined;
    if (answer !== undefined && 'error' in answer) {
      this.failed(answer.error);
      return true;
    }
    if (answer?.value) {
      this.ended(true);
      return true;
    }
    if (now < this.deadline) return false;
    this.lateSince ??= performance.now();
    if (performance.now() - this.lateSince < this.graceMs) return false;
    this.ended(false);
    return true;
  }

  private ask(): void {
    try {
      const answer = this.condition();
      if (typeof answer === 'boolean') {
        this.answer = { value: answer };
        return;
      }
      this.isAsking = true;
      const told = (value: { value: boolean } | { error: unknown }): void => {
        this.isAsking = false;
        this.answer = value;
      };
      answer.then(
        (value) => told({ value }),
        (error: unknown) => told({ error }),
      );
    } catch (error) {
      this.answer = { error };
    }
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS));
}
