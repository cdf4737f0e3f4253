import test from 'ava';
import type { Entry, HostRecord, MasterRecord } from './control-record.ts';
import { ControlView } from './control-view.ts';

const at = (mono: number) => ({ mono, wall: 0 });

function record(revision: number, seq: number, nonce = `${revision}`): Entry<HostRecord> {
  const value = {
    host: 'a',
    inc: 1,
    seq,
    nonce,
    state: 'up',
    viewEpoch: 0,
    nodes: 1,
    frozen: [],
    occupied: [],
    holds: [],
    lives: [0],
  };
  return { key: 'host.a', revision, value: value as HostRecord };
}

function seat(revision: number, term: number): Entry<MasterRecord> {
  return { key: 'master', revision, value: { host: 'a', inc: 1, term, seq: 1, nonce: `${revision}`, released: false } };
}

test('newer answers are accepted, older ones are not, and that is nothing to worry about', (t) => {
  const view = new ControlView(1000);
  t.is(view.accept(record(5, 2), at(0)), 'fresh');
  t.is(view.accept(record(5, 2), at(1)), 'known');
  t.is(view.accept(record(4, 1), at(2)), 'stale');
  t.is(view.accept(record(6, 3), at(3)), 'fresh');
  t.is(view.host('a')!.revision, 6);
  t.is(view.hold, undefined);
});

test('proof that writes were lost puts the host on hold', (t) => {
  const proofs: ((view: ControlView) => void)[] = [
    (view) => view.accept(record(5, 9, 'another'), at(1)),
    (view) => view.accept(record(6, 2), at(1)),
    (view) => {
      view.accept(seat(6, 4), at(1));
      view.accept(seat(7, 3), at(2));
    },
    (view) => view.noteApplied(5, 5),
  ];
  for (const proof of proofs) {
    const view = new ControlView(1000);
    view.accept(record(5, 2), at(0));
    t.is(view.hold, undefined);
    proof(view);
    t.truthy(view.hold);
    t.is(view.host('a')!.value.seq, 2, 'what is known stays');
  }
});

test('stale answers are proof when there is nothing else for long', (t) => {
  const view = new ControlView(1000);
  view.accept(record(5, 2), at(0));
  for (let i = 0; i < 20; i++) view.accept(record(4, 1), at(i * 40));
  t.is(view.hold, undefined, 'many, but not for long');
  view.accept(record(5, 2), at(900));
  for (let i = 0; i < 6; i++) view.accept(record(4, 1), at(1000 + i * 190));
  t.is(view.hold, undefined, 'counted anew from the last good answer');
  view.accept(record(4, 1), at(2100));
  t.truthy(view.hold);
});
