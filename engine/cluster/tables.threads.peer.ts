/** The other thread of tables.threads.test.ts: stores what the first one checks, until it is told to end. */
import { parentPort, workerData } from 'node:worker_threads';
import { LeaseCell } from './lease-cell.ts';
import { NOBODY, SLOT_SHUT, SlotTable } from './slot-table.ts';

export interface TablesPeerData {
  readonly cell: SharedArrayBuffer;
  readonly table: SharedArrayBuffer;
  /** Word 0: the reader has seen enough. */
  readonly control: SharedArrayBuffer;
}

const data = workerData as TablesPeerData;
const cell = new LeaseCell(data.cell);
const table = new SlotTable(data.table);
const control = new Int32Array(data.control);

let count = 0;
for (; Atomics.load(control, 0) === 0; count++) {
  // All three belong together, and both halves of each differ from the lease before.
  const base = (count * 1_234_567.875) % 2 ** 45;
  cell.store({ fromMono: base, untilMono: base * 2 + 1, untilWall: base * 3 + 2 });
  // Comes anew, runs, is given away: nobody may see it run in an epoch in which it was not opened.
  const epoch = count + 1;
  table.put(7, 1, epoch, SLOT_SHUT);
  table.publish();
  if (epoch % 2 === 0) table.open(7);
  if (epoch % 2 === 0) table.freeze(7);
  table.put(7, NOBODY, epoch, SLOT_SHUT);
  table.publish();
}
parentPort!.postMessage(count);
