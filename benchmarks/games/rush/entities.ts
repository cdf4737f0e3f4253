import { type int32, NodeEntity, OverloadedError } from 'skerry';
import { type Kind, Mill, type Rush, type Yield } from './contracts.ts';

const SAMPLES_MAX = 1 << 20;
/** Calls that an open load makes up for at once; what is more is owed. */
const BURST_MAX = 1024;

export class MillEntity extends NodeEntity implements Mill {
  async grind(us: int32): Promise<int32> {
    return busyFor(us);
  }

  async hurry(us: int32): Promise<int32> {
    return busyFor(us);
  }

  async chore(us: int32): Promise<int32> {
    return busyFor(us);
  }

  async alarm(us: int32): Promise<int32> {
    return busyFor(us);
  }
}

export class RushEntity extends NodeEntity implements Rush {
  private mills: Mill[] = [];

  async aim(mills: int32[]): Promise<void> {
    this.mills = mills.map((id) => this.node.getProxy(Mill, id));
  }

  async steadily(kind: Kind, us: int32, callers: int32, ms: int32, pauseMs: int32): Promise<Yield> {
    const { mills } = this;
    const tally = new Tally();
    const until = tally.from + ms;
    await Promise.all(
      Array.from({ length: callers }, async (_, caller) => {
        // A busy machine may not get to the first one in the time of a quick run.
        for (let nth = caller; performance.now() < until || tally.isEmpty; nth++) {
          const from = performance.now();
          try {
            await mills[nth % mills.length]![kind](us);
            tally.tookMs(performance.now() - from);
          } catch (error) {
            tally.failed(error);
            if (error instanceof OverloadedError) await this.sleep(error.retryAfterMs);
          }
          if (pauseMs > 0) await this.sleep(pauseMs);
        }
      }),
    );
    return tally.yield();
  }

  async openly(kind: Kind, us: int32, perSecond: int32, ms: int32): Promise<Yield> {
    const { mills } = this;
    const tally = new Tally();
    const { from } = tally;
    let called = 0;
    let owed = 0;
    let open = 0;
    const failed = (error: unknown): void => {
      open--;
      tally.failed(error);
    };
    const call = (mill: Mill): void => {
      const began = performance.now();
      open++;
      mill[kind](us).then(() => {
        open--;
        tally.tookMs(performance.now() - began);
      }, failed);
    };
    for (let now = from; now < from + ms; now = performance.now()) {
      const due = Math.floor(((now - from) * perSecond) / 1000) - called - owed;
      if (due > BURST_MAX) owed += due - BURST_MAX;
      for (let i = Math.min(due, BURST_MAX); i > 0; i--) call(mills[called++ % mills.length]!);
      tally.look(now > from + ms / 2);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const result = tally.yield(owed);
    // Whoever measures next finds the node as this one did.
    while (open > 0) await this.sleep(5);
    return result;
  }
}

/** Counts what becomes of calls. */
class Tally {
  readonly from = performance.now();
  private readonly latencies = new Float64Array(SAMPLES_MAX);
  private done = 0;
  private refused = 0;
  private late = 0;
  private highest = [0, 0];
  private nextLook = 0;

  get isEmpty(): boolean {
    return this.done === 0;
  }

  tookMs(ms: number): void {
    this.latencies[this.done++ % SAMPLES_MAX] = ms;
  }

  failed(error: unknown): void {
    if (error instanceof OverloadedError) this.refused++;
    else this.late++;
  }

  look(isSecondHalf: boolean): void {
    const now = performance.now();
    if (now < this.nextLook) return;
    this.nextLook = now + 20;
    const half = isSecondHalf ? 1 : 0;
    this.highest[half] = Math.max(this.highest[half]!, process.memoryUsage.rss());
  }

  yield(owed = 0): Yield {
    const { done, refused, late } = this;
    const ms = performance.now() - this.from;
    const sorted = this.latencies.subarray(0, Math.min(done, SAMPLES_MAX)).sort();
    const at = (share: number): number => (sorted[Math.floor(sorted.length * share)] ?? 0) * 1000;
    const grownBytes = Math.max(0, this.highest[1]! - this.highest[0]!);
    return { ms, done, refused, late, owed, p50Us: at(0.5), p99Us: at(0.99), grownBytes };
  }
}

function busyFor(us: number): number {
  const until = performance.now() + us / 1000;
  while (performance.now() < until);
  return us;
}
