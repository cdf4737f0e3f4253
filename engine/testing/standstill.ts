import type { LocalHost } from './local-host.ts';
import { ManualClock } from './manual-clock.ts';

const LOOK_MS = 1_000;
/** Looks in a row at which nothing had happened. */
const LOOKS = 2;

/** Tells, once, a test that waits for time of its own that nobody moves: it would hang without a word. */
export class Standstill {
  private readonly host: LocalHost;
  private readonly isStill: () => boolean;
  private readonly timer: ReturnType<typeof setInterval> | undefined;
  private seen = -1;
  private still = 0;

  constructor(host: LocalHost, isStill: () => boolean) {
    this.host = host;
    this.isStill = isStill;
    if (host.clock instanceof ManualClock) this.timer = setInterval(() => this.look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private look(): void {
    const { host } = this;
    const waiting = host.callsPending();
    const happened = host.count('turnsRun') + host.count('callsSent');
    this.still = waiting > 0 && happened === this.seen && this.isStill() ? this.still + 1 : 0;
    this.seen = happened;
    if (this.still < LOOKS) return;
    this.stop();
    const dueMs = Math.max(0, Math.ceil(host.nextDue() - host.clock.now()));
    console.warn(
      `skerry/testing: ${waiting} ${waiting === 1 ? 'call waits' : 'calls wait'} and time stands still; nothing is due for ${dueMs} ms. ` +
        `Keep the promise, await cluster.advance(…), then await the promise; or start the cluster with clock: 'real'.`,
    );
  }
}
