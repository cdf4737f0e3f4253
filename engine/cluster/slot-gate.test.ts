import test from 'ava';
import type { Assignment, HostRecord, NodeRef, SlotRow } from './control-record.ts';
import { ControlView } from './control-view.ts';
import { SlotGate, type Source } from './slot-gate.ts';
import { isSealed } from './view-barrier.ts';

const SELF: NodeRef = { host: 'a', inc: 1, node: 0 };
const PEER: NodeRef = { host: 'b', inc: 2, node: 0 };

function assignment(epoch: number, owners: readonly (NodeRef | undefined)[], since: readonly number[]): Assignment {
  const slots = owners.map(
    (owner, slot): SlotRow => ({
      owner,
      epoch: since[slot]!,
      planned: false,
      wish: undefined,
      home: '',
    }),
  );
  const members = [SELF, PEER].map(({ host, inc }) => ({ host, inc, nodes: 1, since: 1 }));
  return { epoch, term: 1, nonce: '', members, founder: undefined, slots };
}

const client: Source = { ...PEER, slot: -1, epoch: 0 };

test('requests are taken for slots that run here, in the epoch that the sender knows', (t) => {
  const gate = new SlotGate(SELF);
  gate.install(assignment(3, [SELF, PEER], [3, 2]));
  t.is(gate.admit(0, 3, client), 'bounce', 'not open yet');
  gate.open(0, 3);
  t.is(gate.admit(0, 3, client), 'bounce', 'sent before its sender knew of the bounce');
  gate.sync(0, PEER);
  t.is(gate.admit(0, 3, client), 'accept');
  t.is(gate.admit(0, 2, client), 'bounce', 'meant for an owner before');
  gate.sync(0, PEER);
  gate.freeze(0);
  t.is(gate.admit(0, 3, client), 'bounce');
  gate.unfreeze(0);
  gate.sync(0, PEER);
  t.is(gate.admit(0, 3, client), 'accept');
  gate.install(assignment(4, [PEER, PEER], [4, 2]));
  t.is(gate.epochOf(0), 0);
});

test('a slot that was stopped before it ran is not stopped for ever', (t) => {
  const gate = new SlotGate(SELF);
  gate.install(assignment(3, [SELF], [3]));
  gate.freeze(0);
  gate.open(0, 3);
  t.is(gate.epochOf(0), 0);
  gate.install(assignment(4, [PEER], [4]));
  gate.install(assignment(5, [SELF], [5]));
  gate.open(0, 5);
  t.is(gate.epochOf(0), 5);
});

test('former owners and runs that are no members are refused', (t) => {
  const gate = new SlotGate(SELF);
  t.true(gate.isStale(client), 'before there is a view');
  gate.install(assignment(3, [SELF, PEER], [1, 3]));
  gate.open(0, 1);
  t.is(gate.admit(0, 1, { ...PEER, slot: 1, epoch: 3 }), 'accept');
  t.is(gate.admit(0, 1, { ...PEER, slot: 1, epoch: 2 }), 'refuse');
  t.is(gate.admit(0, 1, { ...client, inc: 9 }), 'refuse');
});

test('an epoch begins when every member that took part before it knows of it, or is dead', (t) => {
  const view = new ControlView(1000);
  const record = (revision: number, next: Partial<HostRecord>): void => {
    const value = { host: 'b', inc: 2, seq: revision, nonce: `${revision}`, state: 'up', viewEpoch: 2, nodes: 1 };
    view.accept(
      {
        key: 'host.b',
        revision,
        value: { ...value, lives: [0], frozen: [], occupied: [], holds: [], ...next } as HostRecord,
      },
      { mono: 0, wall: 0 },
    );
  };
  const next = assignment(3, [SELF, PEER], [3, 1]);
  t.false(isSealed(next, 3, SELF, view), 'nothing is known of the other');
  record(1, {});
  t.false(isSealed(next, 3, SELF, view));
  t.true(isSealed(next, 2, SELF, view));
  record(2, { viewEpoch: 3 });
  t.true(isSealed(next, 3, SELF, view));
  record(3, { viewEpoch: 2, state: 'dead' });
  t.true(isSealed(next, 3, SELF, view));
  record(4, { viewEpoch: 0, inc: 7 });
  t.true(isSealed(next, 3, SELF, view), 'a later run stands over the death of the one before');
});
