import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { afterDeathOf, afterRelease, type Blame, NO_QUARANTINE, type QuarantineState } from './quarantine.ts';

const spin: Blame = { type: 'Boss', id: 7, operation: 'Boss.spin' };

function die(state: QuarantineState, blame: Blame, at: number): QuarantineState {
  return afterDeathOf(state, blame, at).state;
}

test('two deaths of one operation quarantine it, three of one entity the entity', (t) => {
  let state = die(NO_QUARANTINE, spin, 0);
  t.deepEqual(state.rows, []);
  state = die(state, spin, 1000);
  t.deepEqual(state.rows, [{ ...spin, since: 1000 }]);
  state = die(state, { ...spin, operation: 'Boss.roar' }, 2000);
  t.deepEqual(state.rows, [{ type: 'Boss', id: 7, since: 2000 }]);
});

test('deaths that are far apart, or of other entities, are not counted together', (t) => {
  let state = die(NO_QUARANTINE, spin, 0);
  state = die(state, { ...spin, id: '7' }, 1);
  state = die(state, { ...spin, id: 7n }, 2);
  state = die(state, spin, 600_000);
  t.deepEqual(state.rows, []);
});

test('an entity that dies twice when it is activated is quarantined whole', (t) => {
  const birth = { ...spin, operation: 'onActivate' };
  const state = die(die(NO_QUARANTINE, birth, 0), birth, 1);
  t.deepEqual(state.rows, [{ type: 'Boss', id: 7, since: 1 }]);
});

test('released is released: it takes as many deaths again', (t) => {
  let state = die(die(NO_QUARANTINE, spin, 0), spin, 1);
  const outcome = afterRelease(state, { type: 'Boss', id: 7 });
  t.is(outcome.released, 1);
  state = die(outcome.state, spin, 2);
  t.deepEqual(state.rows, []);
  t.is(afterRelease(state, { type: 'Boss' }).released, 0);
});

test('rows follow from the deaths of the last ten minutes, whatever their order', (t) => {
  const death = fc.record({
    id: fc.nat(2),
    operation: fc.constantFrom('a', 'b', 'onActivate'),
    after: fc.nat(250_000),
  });
  fc.assert(
    fc.property(fc.array(death, { maxLength: 40 }), (list) => {
      let state: QuarantineState = NO_QUARANTINE;
      let now = 0;
      const log: { id: number; operation: string; at: number }[] = [];
      const expected = new Set<string>();
      for (const { id, operation, after } of list) {
        now += after;
        log.push({ id, operation, at: now });
        const recent = log.filter((one) => one.id === id && now - one.at < 600_000);
        const same = recent.filter((one) => one.operation === operation).length;
        if (recent.length >= 3 || (operation === 'onActivate' && same >= 2)) expected.add(`${id}`);
        else if (same >= 2) expected.add(`${id}.${operation}`);
        state = die(state, { type: 'T', id, operation }, now);
      }
      for (const key of [...expected]) if (key.includes('.') && expected.has(key.split('.')[0]!)) expected.delete(key);
      const rows = state.rows.map((row) => (row.operation === undefined ? `${row.id}` : `${row.id}.${row.operation}`));
      assert.deepEqual(new Set(rows), expected);
      assert.equal(rows.length, expected.size);
    }),
  );
  t.pass();
});
