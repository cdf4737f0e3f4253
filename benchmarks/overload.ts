/** What a node still does when it gets twice what it can do. */
import type { Yield } from './games/rush/contracts.ts';
import { RushHost } from './rush-host.ts';
import { type Effort, perSecond, type Subject, type Topic } from './topic.ts';

interface Stand {
  readonly host: RushHost;
  /** Calls per second that a node of this kind of work answered when it was measured last, by microseconds. */
  readonly peaks: Map<number, number>;
}

const CALLERS = 256;
const PEAK_MS = 400;
const TRIES_MAX = 20;
/** More than two deadlines of one second: what goes wrong for good has gone wrong by then. */
const RUSH_MS = 2200;

async function peak({ host, peaks }: Stand, us: number, effort: Effort): Promise<number> {
  for (let tries = 1; ; tries++) {
    const { done, ms } = await host.rushes[0]!.steadily('hurry', us, CALLERS, effort.of(PEAK_MS, 20), 0);
    // What the rush before has left may still be in the way: all are refused, and told to come back after the time that they have here.
    if (done === 0 && tries < TRIES_MAX) continue;
    const rate = perSecond(done, ms);
    peaks.set(us, rate);
    return rate;
  }
}

async function rush(stand: Stand, us: number, effort: Effort): Promise<Yield> {
  const rate = stand.peaks.get(us) ?? (await peak(stand, us, effort));
  return stand.host.rushes[0]!.openly('hurry', us, Math.round(rate * 2), effort.of(RUSH_MS, 50));
}

/** Operations that keep the thread busy for so many microseconds, with one second to be answered in. */
function goodput(name: string, us: number): Subject<Stand> {
  return {
    figures: [{ name, unit: '/s' }],
    thing: async (stand, effort) => {
      const { done, ms } = await rush(stand, us, effort);
      return [Math.max(1, perSecond(done, ms))];
    },
    yardsticks: { peak: async (stand, effort) => [await peak(stand, us, effort)] },
    roundsMax: 2,
    warmUps: 0,
  };
}

const memory: Subject<Stand> = {
  figures: [{ name: 'overload.memory', unit: 'bytes' }],
  thing: async (stand, effort) => [(await rush(stand, 50, effort)).grownBytes],
  roundsMax: 1,
  warmUps: 0,
};

export const overload: Topic<Stand> = {
  subjects: [
    goodput('overload.goodput', 50),
    goodput('overload.goodput.quick', 2),
    goodput('overload.goodput.slow', 1000),
    memory,
  ],
  async open() {
    return { host: await RushHost.start(), peaks: new Map() };
  },
  close: ({ host }) => host.stop(),
};
