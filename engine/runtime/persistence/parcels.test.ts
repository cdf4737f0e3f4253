import test from 'ava';
import { decodeCbor, encodeCbor } from '../../../transport/codec/cbor.ts';
import type { EntityId } from '../../base/entity-id.ts';
import { InvalidMessageError, OverloadedError } from '../../base/errors.ts';
import { type Message, PARCEL_BYTES_MAX, PARCELS_MAX, Parcels } from './parcels.ts';

const TYPES: Record<string, string> = { Hero: 'Hero', Bag: 'Hero', Shop: 'Shop' };
const message = (contract: string, id: EntityId, bytes = 1): Message => {
  return { contract, operation: 'take', fingerprint: 'f', id, payload: new Uint8Array(bytes) };
};
const fresh = (types = TYPES): Parcels => new Parcels('life', (contract) => types[contract]);
const restored = (stored: unknown, types = TYPES): Parcels => {
  const parcels = fresh(types);
  parcels.restore('key', decodeCbor(encodeCbor(stored)), 1);
  return parcels;
};
const rowsOf = (parcels: Parcels): unknown[] =>
  [...parcels.recipients.values()].map(({ key, taken, queue }) => [key, taken, queue.map(({ number }) => number)]);

test('numbers grow over all receivers; contracts of one entity are one receiver, kinds of ids are several', (t) => {
  const parcels = fresh();
  parcels.add(message('Hero', 7), 1);
  parcels.add(message('Shop', 7), 1);
  parcels.add(message('Bag', 7), 2);
  parcels.add(message('Hero', 7n), 2);
  parcels.add(message('Hero', '7'), 2);
  const expected = [
    ['entity/Hero/n7', 0, [1, 3]],
    ['entity/Shop/n7', 0, [2]],
    ['entity/Hero/b7', 0, [4]],
    ['entity/Hero/s7', 0, [5]],
  ];
  t.deepEqual(rowsOf(parcels), expected);
  t.deepEqual(rowsOf(restored(parcels.toStored())), expected);
});

test('what has arrived is a row that says so, until it is done', (t) => {
  const parcels = fresh();
  const hero = parcels.add(message('Hero', 7), 1);
  parcels.add(message('Hero', 7), 1);
  parcels.taken(hero, 1, 2);
  t.deepEqual(rowsOf(restored(parcels.toStored())), [['entity/Hero/n7', 1, [2]]]);
  parcels.taken(hero, 2, 3);
  t.deepEqual(rowsOf(restored(parcels.toStored())), [['entity/Hero/n7', 2, []]]);
  t.is(hero.takenSince, 3);
  parcels.done(hero);
  t.is(parcels.toStored(), undefined);
  // Numbers go on.
  t.is(parcels.add(message('Hero', 7), 4).queue[0]!.number, 3);
});

test('what is set aside has no number, and gets a new one in the next life, if its contract is there', (t) => {
  const parcels = fresh();
  const hero = parcels.add(message('Hero', 7), 1);
  parcels.add(message('Hero', 7), 1);
  parcels.setAside(hero, hero.queue[0]!);
  t.deepEqual(rowsOf(parcels), [['entity/Hero/n7', 0, [2]]]);
  t.deepEqual(rowsOf(restored(parcels.toStored())), [['entity/Hero/n7', 0, [2, 3]]]);
  const without = restored(parcels.toStored(), {});
  t.deepEqual(rowsOf(without), []);
  t.is(without.aside.length, 2);
  t.deepEqual(rowsOf(restored(without.toStored())), [['entity/Hero/n7', 0, [5, 6]]]);
});

test('bounds hold over a restart, and what has arrived makes room', (t) => {
  const parcels = fresh();
  t.throws(() => parcels.add(message('Hero', 7, PARCEL_BYTES_MAX + 1), 1), { instanceOf: InvalidMessageError });
  const hero = parcels.add(message('Hero', 7, PARCEL_BYTES_MAX - 1), 1);
  t.throws(() => parcels.add(message('Hero', 7, 2), 1), { instanceOf: OverloadedError });
  t.throws(() => restored(parcels.toStored()).add(message('Hero', 7, 2), 1), { instanceOf: OverloadedError });
  parcels.taken(hero, 1, 1);
  for (let i = 0; i < PARCELS_MAX; i++) parcels.add(message('Hero', i), 1);
  t.throws(() => parcels.add(message('Hero', 7), 1), { instanceOf: OverloadedError });
});
