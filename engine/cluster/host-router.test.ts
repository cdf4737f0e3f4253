import { Worker } from 'node:worker_threads';
import test from 'ava';
import { HostRouter } from './host-router.ts';
import { Keyspace, SLOTS } from './keyspace.ts';
import { SlotTable } from './slot-table.ts';

function route(nodes: number) {
  const table = new SlotTable();
  table.spread(nodes);
  return { table, router: new HostRouter(new Keyspace([1, 2]), table, 'here', nodes) };
}

test('slots are spread evenly, and every worker node owns some', (t) => {
  for (const nodes of [1, 2, 3, 7, 256]) {
    const { router } = route(nodes);
    const owned = new Array(nodes).fill(0);
    for (let slot = 0; slot < SLOTS; slot++) owned[router.ownerOf(slot)]++;
    t.true(Math.max(...owned) - Math.min(...owned) <= 1);
    t.deepEqual(
      router.nodes(),
      Array.from({ length: nodes }, (_, i) => i),
    );
  }
});

test('the gateway stands behind the worker nodes and owns no slot', (t) => {
  const { router } = route(3);
  t.is(router.gatewayOf(), 3);
  t.is(router.groupsAt(), 3);
  t.false(router.nodes().includes(router.gatewayOf()));
  t.deepEqual(router.describe(2), { host: 'here', node: 2 });
});

test('a table that was spread has a version, epochs from 1, and the same content for everybody', (t) => {
  const { table } = route(2);
  t.is(table.version, 1);
  const seen = new SlotTable(table.memory);
  for (let slot = 0; slot < SLOTS; slot += 97) {
    t.is(seen.ownerOf(slot), table.ownerOf(slot));
    t.is(seen.epochOf(slot), 1);
  }
  t.is(new SlotTable().version, 0);
});

test('another thread reads what was spread before it began', async (t) => {
  const { table } = route(5);
  const module = new URL('./slot-table.js', import.meta.url).href;
  const text = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(${JSON.stringify(module)}).then(({ SlotTable }) => {
      const table = new SlotTable(workerData);
      parentPort.postMessage([table.version, table.ownerOf(7), table.ownerOf(4095), table.epochOf(0)]);
    });`;
  const worker = new Worker(text, { eval: true, workerData: table.memory });
  const answer = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  t.deepEqual(answer, [1, 2, 0, 1]);
  await worker.terminate();
});
