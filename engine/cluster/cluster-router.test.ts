import test from 'ava';
import { ClusterRouter } from './cluster-router.ts';
import { Keyspace } from './keyspace.ts';
import { SlotTable } from './slot-table.ts';

test('nodes of other hosts are known by their indexes for as long as they take part; gateways own no slots', (t) => {
  const table = new SlotTable();
  table.spread(2);
  const router = new ClusterRouter(new Keyspace([1, 2]), table, 'here', 2);
  t.deepEqual(router.nodes(), [0, 1]);
  const peer = (index: number, node: number, isGateway: boolean) => ({
    index,
    node,
    isGateway,
    host: 'there',
    name: `there-${node}`,
    inc: 7,
  });
  router.change({ met: [peer(3, 0, false), peer(4, 1, true)], parted: [] });
  t.deepEqual(router.nodes(), [0, 1, 3]);
  t.deepEqual(router.describe(3), { host: 'there', node: 0 });
  t.deepEqual(router.describe(4), { host: 'there', node: 1 });
  t.deepEqual(router.describe(1), { host: 'here', node: 1 });
  router.change({ met: [peer(5, 0, false)], parted: [3] });
  t.deepEqual(router.nodes(), [0, 1, 5]);
  t.is(router.ownerOf(3), 1);
});
