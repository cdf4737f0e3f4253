/** What priority is worth on a node that has more to do than it can. */
import type { Yield } from './games/rush/contracts.ts';
import { RushHost } from './rush-host.ts';
import { type Effort, perSecond, type Topic } from './topic.ts';

const CHORE_US = 2;
/** Chores under way: the node is never without one. */
const CHORES = 1024;
const MS = 600;
/** Alarms are rare: on a node that has nothing else to do each finds it asleep. */
const ALARM_PAUSE_MS = 1;

const alarms = ({ rushes }: RushHost, effort: Effort, pauseMs: number): Promise<Yield> =>
  rushes[0]!.steadily('alarm', 0, 1, effort.of(MS, 20), pauseMs);

const chores = ({ rushes }: RushHost, effort: Effort): Promise<Yield> =>
  rushes[1]!.steadily('chore', CHORE_US, CHORES, effort.of(MS, 20), 0);

const rateOf = ({ done, ms }: Yield): number => Math.max(1, perSecond(done, ms));

/** Alarms with chores around them. */
async function loaded(host: RushHost, effort: Effort, pauseMs: number): Promise<{ high: Yield; low: Yield }> {
  const [low, high] = await Promise.all([chores(host, effort), alarms(host, effort, pauseMs)]);
  return { high, low };
}

export const priority: Topic<RushHost> = {
  subjects: [
    {
      figures: [
        { name: 'priority.high.p50', unit: 'µs' },
        { name: 'priority.high.p99', unit: 'µs' },
      ],
      thing: async (host, effort) => {
        const { high } = await loaded(host, effort, ALARM_PAUSE_MS);
        return [high.p50Us, high.p99Us];
      },
      yardsticks: {
        unloaded: async (host, effort) => {
          const { p50Us, p99Us } = await alarms(host, effort, ALARM_PAUSE_MS);
          return [p50Us, p99Us];
        },
      },
      roundsMax: 3,
    },
    {
      figures: [{ name: 'priority.low.rate', unit: '/s' }],
      // Beside a caller that makes its next alarm as soon as the last one is answered.
      thing: async (host, effort) => [rateOf((await loaded(host, effort, 0)).low)],
      yardsticks: { alone: async (host, effort) => [rateOf(await chores(host, effort))] },
      roundsMax: 2,
      warmUps: 0,
    },
  ],
  open: () => RushHost.start(),
  close: (host) => host.stop(),
};
