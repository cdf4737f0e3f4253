/** One call after ten milliseconds in which nothing happened: what it costs that a node sleeps. */
import type { Driver } from './games/ping/contracts.ts';
import { PingHost } from './ping-host.ts';
import type { Topic } from './topic.ts';
import { Pair } from './yardsticks/pair.ts';

interface Stand {
  readonly host: PingHost;
  readonly driver: Driver;
  readonly bare: Pair;
}

const SILENCE_MS = 10;
const CALLS = 200;
const CALLS_LEAST = 5;
const WARM_UP_CALLS = 300_000;

export const wake: Topic<Stand> = {
  subjects: [
    {
      figures: [
        { name: 'wake.p50', unit: 'µs' },
        { name: 'wake.p99', unit: 'µs' },
      ],
      thing: async ({ driver }, effort) => {
        const { p50Us, p99Us } = await driver.wake(SILENCE_MS, effort.of(CALLS, CALLS_LEAST));
        return [p50Us, p99Us];
      },
      yardsticks: {
        bare: async ({ bare }, effort) => {
          const { p50Us, p99Us } = await bare.run('wake', SILENCE_MS, effort.of(CALLS, CALLS_LEAST));
          return [p50Us, p99Us];
        },
      },
    },
  ],
  async open() {
    const host = await PingHost.start(2);
    const driver = await host.driverOn(0, 1);
    // What is asked is what sleep costs a node that has been at work, not what compiling costs one that never was.
    await driver.drive(64, WARM_UP_CALLS);
    return { host, driver, bare: await Pair.start(new URL('./yardsticks/wait-async.js', import.meta.url)) };
  },
  async close({ host, bare }) {
    await Promise.all([host.stop(), bare.close()]);
  },
};
