import { CallTimeoutError, defineGame, entity, type int32, NodeEntity, OverloadedError } from 'skerry';
import { Mill, type Outcome, Presser } from './contracts.fixture.ts';

class MillEntity extends NodeEntity implements Mill {
  private count = 0;

  async grind(us: int32): Promise<int32> {
    return this.work(us);
  }
  async chore(us: int32): Promise<int32> {
    return this.work(us);
  }
  async alarm(us: int32): Promise<int32> {
    return this.work(us);
  }
  strew(us: int32): void {
    this.work(us);
  }
  private work(us: number): number {
    const until = performance.now() + us / 1000;
    while (performance.now() < until);
    return ++this.count;
  }
}

class PresserEntity extends NodeEntity implements Presser {
  private stopped = false;

  async openly(mill: int32, us: int32, perSecond: int32, ms: int32): Promise<Outcome> {
    const target = this.node.getProxy(Mill, mill);
    const tally = new Tally();
    const from = performance.now();
    const calls: Promise<void>[] = [];
    for (let now = from; now < from + ms; now = performance.now()) {
      const due = Math.min(1000, Math.floor(((now - from) * perSecond) / 1000) - calls.length);
      for (let i = 0; i < due; i++) calls.push(tally.count(() => target.grind(us)));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(calls);
    return tally.outcome();
  }

  async tightly(mill: int32, us: int32, callers: int32): Promise<Outcome> {
    const target = this.node.getProxy(Mill, mill);
    const tally = new Tally();
    this.stopped = false;
    const caller = async (): Promise<void> => {
      while (!this.stopped) await tally.count(() => target.grind(us));
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return tally.outcome();
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }

  async steadily(
    kind: 'grind' | 'chore' | 'alarm',
    mill: int32,
    us: int32,
    callers: int32,
    calls: int32,
  ): Promise<Outcome> {
    const target = this.node.getProxy(Mill, mill);
    const tally = new Tally();
    let left = calls;
    const caller = async (): Promise<void> => {
      while (left-- > 0) await tally.count(() => target[kind](us));
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return tally.outcome();
  }
}

class Tally {
  private readonly ms: number[] = [];
  private readonly retryMs: number[] = [];
  private refusalMsMost = 0;
  private late = 0;
  private failed = 0;

  async count(call: () => Promise<unknown>): Promise<void> {
    const from = performance.now();
    try {
      await call();
      this.ms.push(performance.now() - from);
    } catch (error) {
      if (error instanceof OverloadedError) {
        this.retryMs.push(error.retryAfterMs);
        this.refusalMsMost = Math.max(this.refusalMsMost, performance.now() - from);
      } else if (error instanceof CallTimeoutError) this.late++;
      else this.failed++;
    }
  }

  outcome(): Outcome {
    const { ms, retryMs, refusalMsMost, late, failed } = this;
    const least = retryMs.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
    return {
      done: ms.length,
      refused: retryMs.length,
      retryMsLeast: retryMs.length === 0 ? 0 : least,
      retryMsMost: retryMs.reduce((a, b) => Math.max(a, b), 0),
      refusalMsMost,
      late,
      failed,
      p50Ms: ms.sort((a, b) => a - b)[ms.length >> 1] ?? 0,
    };
  }
}

/** More work than a node can do. */
export default defineGame({
  name: 'rush',
  entities: [entity(Mill, MillEntity), entity(Presser, PresserEntity)],
});
