import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { emptyAssignment, planAssignment } from './assignment.ts';
import { type Assignment, type HostRecord, isGone, isMember, sameHost } from './control-record.ts';

const SLOTS = 24;
const HOSTS = ['a', 'b', 'c', 'd'];

interface World {
  assignment: Assignment;
  records: HostRecord[];
  incs: number;
}

const command = fc.oneof(
  fc.record({ kind: fc.constantFrom('join', 'crash', 'drain', 'leave', 'freeze'), host: fc.constantFrom(...HOSTS) }),
  fc.record({
    kind: fc.constant('occupy'),
    host: fc.constantFrom(...HOSTS),
    slots: fc.uniqueArray(fc.nat(SLOTS - 1)),
    holds: fc.uniqueArray(fc.nat(SLOTS - 1), { maxLength: 3 }),
  }),
);

function change(world: World, host: string, next: Partial<HostRecord>): void {
  world.records = world.records.map((record) => (record.host === host ? { ...record, ...next } : record));
}

function apply(world: World, one: any): void {
  const record = world.records.find(({ host }) => host === one.host);
  const alive = record !== undefined && !isGone(record);
  switch (one.kind) {
    case 'join': {
      if (alive) return;
      const joined: HostRecord = {
        host: one.host,
        inc: ++world.incs,
        nonce: '',
        seq: 1,
        state: 'up',
        viewEpoch: 0,
        nodes: 2,
        frozen: [],
        occupied: [],
        holds: [],
        lives: [],
      };
      world.records = [...world.records.filter(({ host }) => host !== one.host), joined].sort((a, b) =>
        a.host < b.host ? -1 : 1,
      );
      return;
    }
    case 'crash':
      if (alive) change(world, one.host, { state: 'dead', frozen: [], occupied: [] });
      return;
    case 'leave':
      if (alive) change(world, one.host, { state: 'left', frozen: [], occupied: [] });
      return;
    case 'drain':
      if (alive) change(world, one.host, { state: 'draining' });
      return;
    case 'occupy':
      if (alive) change(world, one.host, { occupied: one.slots, holds: one.holds });
      return;
    case 'freeze': {
      if (!alive) return;
      const frozen = world.assignment.slots.flatMap(({ owner, wish }, slot) =>
        wish !== undefined && sameHost(owner, record) ? [{ slot, move: wish.move }] : [],
      );
      change(world, one.host, { frozen });
    }
  }
}

function plan(world: World): void {
  const before = world.assignment;
  const next = planAssignment(before, { records: world.records, mayHold: () => true });
  if (next === undefined) return;
  world.assignment = next;
  assert.equal(next.epoch, before.epoch + 1);
  for (const [slot, row] of next.slots.entries()) {
    const was = before.slots[slot]!;
    if (row.owner !== was.owner && was.owner !== undefined) {
      const record = world.records.find(({ host }) => host === was.owner!.host)!;
      const gone = isGone(record) || record.inc !== was.owner.inc;
      const given = record.frozen.some((frozen) => frozen.slot === slot && frozen.move === was.wish?.move);
      assert.ok(gone || given, `slot ${slot} was taken from an owner that is there and has not stopped it`);
      assert.equal(row.planned, !gone && given);
    }
    if (row.owner !== was.owner && row.owner !== undefined) {
      assert.equal(row.epoch, next.epoch, 'a new owner has a new epoch');
      assert.ok(isMember(next, row.owner), 'owners are members');
      assert.equal(world.records.find(({ host }) => host === row.owner!.host)!.state, 'up');
    } else assert.ok(row.epoch === was.epoch || row.owner === undefined);
    if (row.wish !== undefined) assert.ok(isMember(next, row.wish.to));
  }
}

test('owners change only by death or gift, and everything comes to rest in balance', (t) => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 25, size: 'max' }), (commands) => {
      const world: World = { assignment: emptyAssignment(SLOTS, 1, ''), records: [], incs: 0 };
      for (const one of commands) {
        apply(world, one);
        plan(world);
      }
      // Nobody holds on to anything: wishes come true until there are none.
      for (const { host, state } of world.records)
        if (state === 'up') apply(world, { kind: 'occupy', host, slots: [], holds: [] });
      for (let round = 0; round < 12; round++) {
        plan(world);
        for (const { host } of world.records) apply(world, { kind: 'freeze', host });
      }
      const { assignment, records } = world;
      const takers = records.filter(({ state }) => state === 'up');
      if (takers.length === 0) return;
      assert.ok(
        assignment.slots.every(({ wish }) => wish === undefined),
        'no wish is left open',
      );
      const loads = takers.flatMap((taker) =>
        [0, 1].map(
          (node) => assignment.slots.filter(({ owner }) => sameHost(owner, taker) && owner!.node === node).length,
        ),
      );
      assert.equal(
        loads.reduce((sum, load) => sum + load),
        SLOTS,
      );
      const bound = assignment.slots.some(({ home }) => home !== '');
      if (!bound) assert.ok(Math.max(...loads) - Math.min(...loads) <= 1, `${loads}`);
      const again = planAssignment(assignment, { records, mayHold: () => true });
      assert.equal(again, undefined, 'what is as it should be is left alone');
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('a host that joins gets its share of the slots, and only that moves', (t) => {
  const world: World = { assignment: emptyAssignment(SLOTS, 1, ''), records: [], incs: 0 };
  apply(world, { kind: 'join', host: 'a' });
  apply(world, { kind: 'join', host: 'b' });
  plan(world);
  apply(world, { kind: 'join', host: 'c' });
  apply(world, { kind: 'occupy', host: 'a', slots: [0, 4, 8, 12], holds: [] });
  plan(world);
  const wished = [...world.assignment.slots.entries()].filter(([, { wish }]) => wish !== undefined);
  t.is(wished.length, SLOTS / 3);
  t.true(wished.every(([, { wish }]) => wish!.to.host === 'c'));
  t.false(
    wished.some(([slot]) => [0, 4, 8, 12].includes(slot)),
    'slots without live entities are asked for first',
  );
});

test('slots with records of one host come back to it, and go elsewhere meanwhile', (t) => {
  const world: World = { assignment: emptyAssignment(SLOTS, 1, ''), records: [], incs: 0 };
  apply(world, { kind: 'join', host: 'a' });
  apply(world, { kind: 'join', host: 'b' });
  plan(world);
  const slot = world.assignment.slots.findIndex(({ owner }) => owner?.host === 'a');
  apply(world, { kind: 'occupy', host: 'a', slots: [], holds: [slot] });
  apply(world, { kind: 'crash', host: 'a' });
  plan(world);
  t.like(world.assignment.slots[slot], { home: 'a', planned: false });
  t.is(world.assignment.slots[slot]!.owner!.host, 'b');
  apply(world, { kind: 'join', host: 'a' });
  plan(world);
  t.is(world.assignment.slots[slot]!.wish?.to.host, 'a');
});

test('a host that crashes in a loop is a member without slots', (t) => {
  const world: World = { assignment: emptyAssignment(SLOTS, 1, ''), records: [], incs: 0 };
  apply(world, { kind: 'join', host: 'a' });
  apply(world, { kind: 'join', host: 'b' });
  const next = planAssignment(world.assignment, { records: world.records, mayHold: (host) => host !== 'b' })!;
  t.is(next.members.length, 2);
  t.true(next.slots.every(({ owner }) => owner?.host === 'a'));
});

test('the founder is who came when nobody else was there, and stays it until everybody has gone', (t) => {
  const world: World = { assignment: emptyAssignment(SLOTS, 1, ''), records: [], incs: 0 };
  apply(world, { kind: 'join', host: 'c' });
  apply(world, { kind: 'join', host: 'b' });
  plan(world);
  const founder = { host: 'b', inc: 2 };
  t.deepEqual(world.assignment.founder, founder);
  apply(world, { kind: 'join', host: 'a' });
  plan(world);
  apply(world, { kind: 'crash', host: 'b' });
  plan(world);
  apply(world, { kind: 'join', host: 'b' });
  plan(world);
  t.deepEqual(world.assignment.founder, founder);
  for (const host of ['a', 'b', 'c']) apply(world, { kind: 'leave', host });
  plan(world);
  t.deepEqual(world.assignment.founder, founder);
  apply(world, { kind: 'join', host: 'c' });
  plan(world);
  t.deepEqual(world.assignment.founder, { host: 'c', inc: 5 });
});

test('epochs are above those that the store of entities has seen', (t) => {
  const world: World = { assignment: emptyAssignment(SLOTS, 1, ''), records: [], incs: 0 };
  apply(world, { kind: 'join', host: 'a' });
  const input = { records: world.records, mayHold: () => true };
  const first = planAssignment(world.assignment, { ...input, epochFloor: 40 })!;
  t.is(first.epoch, 41);
  t.true(first.slots.every(({ epoch }) => epoch === 41));
  apply(world, { kind: 'join', host: 'b' });
  t.is(planAssignment(first, { ...input, records: world.records, epochFloor: 40 })!.epoch, 42);
});

test('a slot whose records a host brings with it goes there, unless its owner has records of it as well', (t) => {
  const world: World = { assignment: emptyAssignment(SLOTS, 1, ''), records: [], incs: 0 };
  const plan = (): Assignment | undefined =>
    planAssignment(world.assignment, { records: world.records, mayHold: () => true });
  apply(world, { kind: 'join', host: 'a' });
  world.assignment = plan()!;
  apply(world, { kind: 'occupy', host: 'a', slots: [], holds: [4] });
  apply(world, { kind: 'join', host: 'b' });
  apply(world, { kind: 'occupy', host: 'b', slots: [], holds: [4, 5] });
  // Once to let it in, and then for what it says.
  world.assignment = plan()!;
  world.assignment = plan() ?? world.assignment;
  t.is(world.assignment.slots[4]!.home, '');
  t.is(world.assignment.slots[5]!.home, 'b');
  t.is(world.assignment.slots[5]!.wish?.to.host, 'b');
});
