// What runs in the process of a ChildHost; the argument is the number of its nodes.
import type { Order } from './child-host.ts';
import { heapBytes } from './games/ping/heap.ts';
import { PingHost } from './ping-host.ts';

const host = await PingHost.start(Number(process.argv[2]));
const driver = host.driver(1);

process.on('disconnect', () => process.exit());
process.on('message', (order: Order) => {
  // Unhandled, a failure ends this process, and whoever waits for the answer is told.
  void run(order).then((answer) => process.send!(answer));
});
process.send!(host.host.port);

async function run(order: Order): Promise<unknown> {
  switch (order.kind) {
    case 'fill':
      for (let id = 0; id < order.count; id++) await host.target(id).ping(id, 1);
      return null;
    case 'rest': {
      const before = process.cpuUsage();
      await new Promise((resolve) => setTimeout(resolve, order.ms));
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    }
    case 'populate':
      return driver.populate(0, order.count, order.outstanding);
    case 'populate-plain':
      return driver.populatePlain(order.count);
    case 'resident':
      heapBytes();
      return process.memoryUsage.rss();
  }
}
