import test from 'ava';
import { MARKS_MAX, Marks } from './marks.ts';

const fresh = (): Marks => {
  let drawn = 100;
  return new Marks(() => drawn++);
};

test('a first parcel has to bring the welcome of now', (t) => {
  const marks = fresh();
  t.is(marks.welcome, 100);
  t.is(marks.judge('a', 1, 0, 0), 'again');
  t.is(marks.judge('a', 1, 0, 100), 'new');
  // There is one before it, which has not arrived.
  t.is(marks.judge('a', 2, 1, 100), 'again');
});

test('each runs once, in order, and none is skipped', (t) => {
  const marks = fresh();
  marks.set('a', 5);
  t.is(marks.judge('a', 4, 0, 0), 'taken');
  t.is(marks.judge('a', 5, 0, 100), 'taken');
  // Numbers between are those of other receivers.
  t.is(marks.judge('a', 9, 5, 0), 'new');
  t.is(marks.judge('a', 9, 0, 0), 'new');
  t.is(marks.judge('a', 9, 7, 0), 'again');
  t.is(marks.judge('b', 9, 5, 100), 'again');
});

test('who is forgotten needs another welcome: a copy that comes late has the one before', (t) => {
  const marks = fresh();
  marks.set('a', 5);
  t.false(marks.forget('a', 4));
  t.false(marks.forget('b', 9));
  t.is(marks.welcome, 100);
  t.true(marks.forget('a', 5));
  t.false(marks.forget('a', 5));
  t.is(marks.judge('a', 5, 0, 100), 'again');
  t.is(marks.judge('a', 6, 0, marks.welcome), 'new');
  t.is(marks.toStored(), undefined);
});

test('a bound on new senders, not on those it knows', (t) => {
  const marks = fresh();
  for (let i = 0; i < MARKS_MAX; i++) marks.set(`s${i}`, 1);
  t.is(marks.judge('new', 1, 0, 100), 'full');
  t.is(marks.judge('s1', 2, 1, 0), 'new');
  const again = fresh();
  again.restore('key', marks.toStored());
  t.is(again.judge('s1', 1, 0, 0), 'taken');
});
