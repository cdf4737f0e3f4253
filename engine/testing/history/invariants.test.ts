import test from 'ava';
import { check } from './checker.ts';
import type { HistoryEvent } from './history-event.ts';
import { invariants } from './invariants.ts';

const A = { host: 'a', inc: 1 };
const B = { host: 'b', inc: 2 };
const clock = { mono: 10, wall: 10 };

/** Both hosts have leases, a of slot 0. */
const BEGIN: HistoryEvent[] = [
  { at: 1, kind: 'lease-sent', ...A, nonce: 'a1', ...clock },
  { at: 1, kind: 'record', ...A, nonce: 'a1', state: 'up' },
  { at: 1, kind: 'lease-sent', ...B, nonce: 'b1', ...clock },
  { at: 1, kind: 'record', ...B, nonce: 'b1', state: 'up' },
  { at: 1, kind: 'assigned', epoch: 1, term: 1, owners: ['a/1/0'], given: [] },
];
const failover: HistoryEvent[] = [
  { at: 3, kind: 'record', ...A, nonce: 'x', state: 'dead' },
  { at: 3, kind: 'assigned', epoch: 2, term: 1, owners: ['b/2/0'], given: [] },
];
const start = (of: typeof A, epoch: number, turn: number, mono = 20): HistoryEvent => ({
  ...{ at: 4, kind: 'turn-start', ...of, node: 0, slot: 0, epoch, turn, mono, wall: mono },
});
const end = (of: typeof A, epoch: number, turn: number): HistoryEvent => ({
  ...{ at: 5, kind: 'turn-end', ...of, node: 0, slot: 0, epoch, turn },
});
const called = (call: string, index: number): HistoryEvent => ({
  ...{ at: 2, kind: 'called', ...A, call, source: 's', target: 't', index, deadline: 100 },
});
const executed = (call: string): HistoryEvent => ({ at: 3, kind: 'executed', ...B, call });
const ended = (call: string, outcome: string, at = 6): HistoryEvent => ({ at, kind: 'ended', call, outcome });
const accepted = (epoch: number, reliable: boolean): HistoryEvent => ({
  ...{ at: 6, kind: 'accepted', ...B, sink: 'node', slot: 0, epoch, reliable },
});
const produced: HistoryEvent = { at: 5, kind: 'produced', ...B, slot: 0, epoch: 2, ...clock };
const given: HistoryEvent = { at: 3, kind: 'assigned', epoch: 2, term: 1, owners: ['b/2/0'], given: [0] };
const view = (epoch: number, digest: string): HistoryEvent => ({ at: 2, kind: 'view', ...A, epoch, term: 1, digest });

const found = (events: readonly HistoryEvent[]): string =>
  [...new Set(check([...BEGIN, ...events], invariants(600)).map(({ invariant }) => invariant))].join(' ');

const CASES: readonly (readonly [title: string, expected: string, events: readonly HistoryEvent[]])[] = [
  ['views that go forward', '', [view(1, 'x'), view(2, 'y')]],
  ['a view that goes back', 'I1', [view(2, 'x'), view(1, 'y')]],
  ['an epoch with two contents', 'I1', [view(2, 'x'), view(2, 'y')]],
  [
    'a turn of the owner before that ends after one of the next began',
    'I2',
    [start(A, 1, 1), ...failover, start(B, 2, 1), end(A, 1, 1)],
  ],
  [
    'the same of an owner that stood still',
    '',
    [
      start(A, 1, 1),
      ...failover,
      start(B, 2, 1),
      { at: 5, kind: 'stood-still', ...A, from: 4, node: undefined },
      end(A, 1, 1),
    ],
  ],
  ['a turn that begins in an epoch that is over', 'I2', [...failover, start(B, 2, 1), start(A, 1, 1)]],
  ['an effect of a dead owner after one of the next', 'I3', [...failover, produced, accepted(1, false)]],
  ['what was sent unreliably before a gift', '', [given, produced, accepted(1, false)]],
  ['what was sent reliably before a gift', 'I3', [given, produced, accepted(1, true)]],
  ['a turn behind the lease', 'I4', [start(A, 1, 1, 610)]],
  ['a slot taken from an owner that lives', 'I5', [failover[1]!]],
  ['a run that is up after its death', 'I5', [failover[0]!, { at: 4, kind: 'record', ...A, nonce: 'y', state: 'up' }]],
  ['a call that is executed twice', 'I6', [called('c', 0), executed('c'), executed('c')]],
  ['a call that was not executed, and was', 'I6', [called('c', 0), executed('c'), ended('c', 'notExecuted:no-owner')]],
  ['a result of nothing', 'I7', [called('c', 0), ended('c', 'ok')]],
  ['a call that ends late', 'I7', [called('c', 0), ended('c', 'unknown:timeout', 1200)]],
  ['a call that never ends', 'I7', [called('c', 0), view(1, 'x'), { ...view(2, 'y'), at: 1200 }]],
  ['calls out of order', 'I8', [called('c', 0), called('d', 1), executed('d'), executed('c')]],
  ['a lane that lost count', 'I13', [{ at: 9, kind: 'lane', lane: 'l', sent: 3, delivered: 1, dropped: 1 }]],
  ['an outcome of no page', 'I17', [called('c', 0), ended('c', 'oops')]],
];

for (const [title, expected, events] of CASES) {
  test(`${title}: ${expected || 'nothing wrong'}`, (t) => {
    t.is(found(events), expected);
  });
}
