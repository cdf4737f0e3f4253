import test from 'ava';
import type { ControlValue } from './control-record.ts';
import { type Attempt, KeyWriter } from './key-writer.ts';
import type { StoreEffect } from './machine.ts';

function attempt(nonce: string, expected: number): Attempt {
  return { value: { nonce } as ControlValue, expected, sentAt: { mono: expected, wall: 0 }, above: expected };
}

function writer() {
  let requests = 0;
  const out: StoreEffect[] = [];
  return { writer: new KeyWriter('master', () => ++requests), out };
}

test('an answer is the verdict', (t) => {
  const { writer: one, out } = writer();
  one.write(attempt('n1', 3), out);
  t.like(out[0], { kind: 'cas', request: 1, expected: 3 });
  t.is(one.step({ kind: 'cas-done', request: 9, revision: 4 }, out), undefined, 'of another request');
  t.like(one.step({ kind: 'cas-done', request: 1, revision: 4 }, out), { kind: 'done', revision: 4 });
  t.false(one.busy);
});

test('after a time-out the key is read back: ours, another, or not yet', (t) => {
  for (const [nonce, revision, kind] of [
    ['n1', 4, 'done'],
    ['other', 4, 'lost'],
    ['before', 3, 'open'],
    ['stale', 2, 'open'],
  ] as const) {
    const { writer: one, out } = writer();
    one.write(attempt('n1', 3), out);
    t.is(one.step({ kind: 'cas-unknown', request: 1 }, out), undefined);
    t.like(out[1], { kind: 'read', request: 2 });
    const entry = { key: 'master', revision, value: { nonce } as ControlValue } as const;
    t.is(one.step({ kind: 'read-done', request: 2, entry }, out)?.kind, kind);
  }
});

test('a conflict may be the echo of an attempt before: it counts from when that was sent', (t) => {
  const { writer: one, out } = writer();
  one.write(attempt('n1', 3), out);
  one.step({ kind: 'cas-unknown', request: 1 }, out);
  t.is(one.step({ kind: 'read-failed', request: 2 }, out)?.kind, 'open');
  one.write({ ...attempt('n2', 3), sentAt: { mono: 99, wall: 0 } }, out);
  one.step({ kind: 'cas-conflict', request: 3 }, out);
  const entry = { key: 'master', revision: 4, value: { nonce: 'n1' } as ControlValue } as const;
  const verdict = one.step({ kind: 'read-done', request: 4, entry }, out);
  t.like(verdict, { kind: 'done', revision: 4 });
  t.is(verdict!.kind === 'done' && verdict!.attempt.sentAt.mono, 3);
});

test('a key that is not there is no proof of anything', (t) => {
  const { writer: one, out } = writer();
  one.write(attempt('n1', 0), out);
  one.step({ kind: 'cas-unknown', request: 1 }, out);
  t.is(one.step({ kind: 'read-done', request: 2, entry: undefined }, out)?.kind, 'open');
});
