import test from 'ava';
import { PEERS_MAX, PeerTable } from './peer-table.ts';

test('a peer is unknown, then a member, then gone, on every thread', (t) => {
  const table = new PeerTable();
  const seen = new PeerTable(table.memory);
  t.true(seen.isUnknown(PEERS_MAX - 1));
  table.meet(PEERS_MAX - 1);
  t.true(seen.isMember(PEERS_MAX - 1));
  t.false(seen.isMember(0));
  table.part(PEERS_MAX - 1);
  t.false(seen.isMember(PEERS_MAX - 1));
  t.true(seen.isGone(PEERS_MAX - 1));
  t.throws(() => table.meet(PEERS_MAX), { instanceOf: RangeError });
});
