import test from 'ava';
import type { HostRecord, Member } from './control-record.ts';
import { PeerDirectory } from './peer-directory.ts';
import { NOBODY } from './slot-table.ts';

const SELF = { host: 'a', inc: 1 };
const member = (host: string, inc: number, nodes = 2): Member => ({ host, inc, nodes, since: 1 });
const record = (host: string, inc: number, lives: number[]): HostRecord => ({
  host,
  inc,
  nonce: '',
  seq: 1,
  state: 'up',
  viewEpoch: 1,
  nodes: 2,
  lives,
  frozen: [],
  occupied: [],
  holds: [],
});

test('own nodes have the first indexes, those of others the next, gateways included', (t) => {
  const directory = new PeerDirectory(SELF, 3);
  const { met, parted } = directory.update([member('a', 1), member('b', 7)], () => undefined);
  t.deepEqual(parted, []);
  t.deepEqual(
    met.map(({ index, name, node, isGateway }) => [index, name, node, isGateway]),
    [
      [3, 'b-0', 0, false],
      [4, 'b-1', 1, false],
      [5, 'b-2', 2, true],
    ],
  );
  t.is(directory.indexOf({ ...SELF, node: 1 }), 1);
  t.is(directory.indexOf({ host: 'b', inc: 7, node: 1 }), 4);
  t.is(directory.indexOf({ host: 'b', inc: 8, node: 1 }), NOBODY);
  t.is(directory.indexOf(undefined), NOBODY);
  t.deepEqual(
    directory.update([member('a', 1), member('b', 7)], () => record('b', 7, [0, 0])),
    { met: [], parted: [] },
  );
});

test('a node whose thread was replaced is met anew, a record of another run changes nothing', (t) => {
  const directory = new PeerDirectory(SELF, 3);
  const members = [member('a', 1), member('b', 7)];
  directory.update(members, () => undefined);
  const before = directory.peers[1]!;
  const { met, parted } = directory.update(members, () => record('b', 7, [0, 1]));
  t.deepEqual(parted, [before.index]);
  t.is(met.length, 1);
  t.like(met[0], { name: 'b-1', index: 6 });
  t.not(met[0]!.inc, before.inc);
  t.is(directory.indexOf({ host: 'b', inc: 7, node: 1 }), 6);
  t.deepEqual(
    directory.update(members, () => record('b', 8, [5, 5])),
    { met: [], parted: [] },
  );
  // A record that was read late.
  t.deepEqual(
    directory.update(members, () => record('b', 7, [0, 0])),
    { met: [], parted: [] },
  );
});

test('another run of a host is another host; indexes are used again only when there are no others', (t) => {
  const directory = new PeerDirectory(SELF, 3, 8);
  directory.update([member('a', 1), member('b', 7)], () => undefined);
  const second = directory.update([member('a', 1), member('b', 8)], () => undefined);
  t.deepEqual(second.parted, [3, 4, 5]);
  // The indexes of those that part in this step are not free in it.
  t.deepEqual(
    second.met.map(({ index }) => index),
    [6, 7],
  );
  const third = directory.update([member('a', 1), member('b', 9)], () => undefined);
  t.deepEqual(
    third.met.map(({ index }) => index),
    [3, 4, 5],
  );
  t.deepEqual([...third.parted].sort(), [6, 7]);
});
