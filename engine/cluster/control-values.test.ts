import test from 'ava';
import type { Assignment, ControlValue, HostRecord, MasterRecord } from './control-record.ts';
import { ControlValueError, decodeControlValue, encodeControlValue } from './control-values.ts';
import { SLOTS } from './keyspace.ts';

const host: HostRecord = {
  host: 'a',
  inc: 2 ** 50,
  nonce: '1:2',
  seq: 3,
  state: 'draining',
  viewEpoch: 4,
  nodes: 2,
  frozen: [{ slot: 5, move: 6 }],
  occupied: [1, 2],
  holds: [],
  lives: [0, 3],
};
const master: MasterRecord = { host: 'a', inc: 1, nonce: '1:3', term: 2, seq: 9, released: true };

function assignment(hosts: number): Assignment {
  const ref = (slot: number, node = slot % 4) => ({
    host: `host-${slot % hosts}`,
    inc: 2 ** 50 + (slot % hosts),
    node,
  });
  return {
    epoch: 7,
    term: 2,
    nonce: '1:4',
    founder: { host: 'host-0', inc: 2 ** 50 },
    members: Array.from({ length: hosts }, (_, at) => ({ host: `host-${at}`, inc: 2 ** 50 + at, nodes: 4, since: at })),
    slots: Array.from({ length: SLOTS }, (_, slot) => ({
      owner: slot === 0 ? undefined : ref(slot),
      epoch: 7,
      planned: slot % 2 === 0,
      wish: slot % 3 === 0 ? { to: ref(slot + 1), move: 7 } : undefined,
      home: slot % 5 === 0 ? `host-${slot % hosts}` : '',
    })),
  };
}

test('every kind of value comes back as it was, and the largest is small', (t) => {
  t.deepEqual(decodeControlValue('host.a', encodeControlValue('host.a', host)), host);
  t.deepEqual(decodeControlValue('master', encodeControlValue('master', master)), master);
  const large = assignment(64);
  const bytes = encodeControlValue('assign', large);
  t.deepEqual(decodeControlValue('assign', bytes), large);
  t.true(bytes.length < 128 * 1024, `${bytes.length} bytes`);
});

test('what is not such a value is refused, whatever was changed in it', (t) => {
  const decode = (key: 'assign' | 'master' | 'host.a', text: string): ControlValue =>
    decodeControlValue(key, new TextEncoder().encode(text));
  for (const text of ['', 'null', '[]', '{', '{"v":2}', '{"v":1}', '7']) {
    for (const key of ['assign', 'master', 'host.a'] as const) {
      t.throws(() => decode(key, text), { instanceOf: ControlValueError });
    }
  }
  t.throws(() => decodeControlValue('host.a', new Uint8Array([0xff, 0xfe])), { instanceOf: ControlValueError });
  for (const [key, value] of [
    ['host.a', host],
    ['master', master],
    ['assign', assignment(2)],
  ] as const) {
    const stored = JSON.parse(new TextDecoder().decode(encodeControlValue(key, value)));
    for (const name of Object.keys(stored)) {
      for (const wrong of [undefined, null, {}, [[]], 1.5]) {
        const text = JSON.stringify({ ...stored, [name]: wrong });
        t.throws(() => decode(key, text), { instanceOf: ControlValueError }, `${key} ${name} ${JSON.stringify(wrong)}`);
      }
    }
  }
  const stored = JSON.parse(new TextDecoder().decode(encodeControlValue('assign', assignment(2))));
  for (const row of [
    [99, 1, 0, 0],
    [0, 1, 2, 0],
    [0, 1, 0, 9],
    [0, 1, 0, 0, 99, 1],
    [0, 1, 0, 0, 1],
  ]) {
    t.throws(() => decode('assign', JSON.stringify({ ...stored, slots: [row] })), { instanceOf: ControlValueError });
  }
});
