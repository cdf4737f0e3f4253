import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { LeaseCell } from './lease-cell.ts';
import { SLOT_SHUT, SlotTable } from './slot-table.ts';
import type { TablesPeerData } from './tables.threads.peer.ts';

const LEASES_MIN = 2000;
const MS_MAX = 20_000;

test.serial(
  'a lease is never read torn, and a slot never runs in an epoch that was not opened, while another thread stores',
  async (t) => {
    t.timeout(60_000);
    const cell = new LeaseCell();
    const table = new SlotTable();
    const control = new SharedArrayBuffer(4);
    const workerData: TablesPeerData = { cell: cell.memory, table: table.memory, control };
    const worker = new Worker(new URL('./tables.threads.peer.js', import.meta.url), { workerData });
    const written = once(worker, 'message');
    const until = performance.now() + MS_MAX;
    let seen = 0;
    let last = -1;
    let torn = 0;
    let early = 0;
    while (seen < LEASES_MIN && performance.now() < until) {
      // The message of a thread that failed has to get through.
      await new Promise((resolve) => setImmediate(resolve));
      for (let i = 0; i < 1000; i++) {
        const { fromMono, untilMono, untilWall } = cell.load();
        if (untilMono !== 0 && (untilMono !== fromMono * 2 + 1 || untilWall !== fromMono * 3 + 2)) torn++;
        if (fromMono !== last) seen++;
        last = fromMono;
        const epoch = table.epochOf(7);
        const owner = table.ownerOf(7);
        const state = table.stateOf(7);
        // Only even epochs are ever opened. The same epoch after as before: the state is of that epoch.
        if (owner === 1 && epoch === table.epochOf(7) && epoch % 2 === 1 && state !== SLOT_SHUT) early++;
      }
    }
    Atomics.store(new Int32Array(control), 0, 1);
    const [count] = await written;
    t.log(`${count} leases stored, ${seen} seen`);
    t.is(torn, 0);
    t.is(early, 0);
    t.true(seen >= LEASES_MIN);
  },
);
