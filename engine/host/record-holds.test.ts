import test from 'ava';
import { RecordHolds } from './record-holds.ts';

test('before a record of a new slot is saved the others know; what comes meanwhile goes with the next report', async (t) => {
  const told: number[][] = [];
  const holds = new RecordHolds((slots) => told.push([...slots]));
  holds.found([7, 3]);
  t.deepEqual(told, [[7, 3]]);
  holds.isKnown(2);
  t.is(holds.noted([7]), undefined);
  let saved = '';
  const first = holds.noted([9, 7])!.then(() => (saved += 'first '));
  const second = holds.noted([1])!.then(() => (saved += 'second '));
  t.deepEqual(told.slice(1), [[7, 3, 9]]);
  await null;
  t.is(saved, '');
  holds.isKnown(3);
  await first;
  t.is(saved, 'first ');
  t.deepEqual(told.slice(2), [[7, 3, 9, 1]]);
  holds.isKnown(4);
  await second;
  t.is(holds.noted([1, 9]), undefined);
  t.is(told.length, 3);
});

test('a first save before the others have heard of what was found waits for both', async (t) => {
  const told: number[][] = [];
  const holds = new RecordHolds((slots) => told.push([...slots]));
  holds.found([7]);
  const noted = holds.noted([8])!;
  t.is(told.length, 1);
  holds.isKnown(1);
  t.deepEqual(told[1], [7, 8]);
  holds.isKnown(2);
  await noted;
  t.pass();
});
