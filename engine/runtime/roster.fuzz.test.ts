import assert from 'node:assert';
import test from 'ava';
import * as fc from 'fast-check';
import type { EntityId } from '../base/entity-id.ts';
import type { Activation } from './activation.ts';
import type { EntityTypeEntry } from './catalogue.ts';
import { LIST_START, type ListCursor } from './list-page.ts';
import { Roster } from './roster.ts';

const TYPES = [{ index: 0 }, { index: 1 }] as EntityTypeEntry[];
const [LISTED, OTHER] = TYPES as [EntityTypeEntry, EntityTypeEntry];

/** What a roster looks at. */
const activationOf = (type: EntityTypeEntry, id: EntityId, slot: number): Activation =>
  ({ type, id, sourceId: id, slot }) as unknown as Activation;

type Step = { kind: 'add' | 'remove'; id: EntityId; other: boolean } | { kind: 'page'; listing: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('add' as const, 'remove' as const),
      id: fc.nat(60).map((id) => (id % 2 === 0 ? id : `n${id}`)),
      other: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('page' as const), listing: fc.nat(2) }) },
);

interface Listing {
  next: ListCursor | undefined;
  readonly begun: Set<Activation>;
  readonly seen: EntityId[];
}

test('whoever lives through a listing is on exactly one of its pages, whatever comes and goes in between', (t) => {
  let listings = 0;
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200, size: 'max' }),
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(1, 16, 900),
      (steps, idsMax, slotStep) => {
        const roster = new Roster(TYPES.length);
        const live = new Map<string, Activation>();
        const slotOf = (id: EntityId): number => ((Number(String(id).slice(-1)) % 4) * slotStep) & 4095;
        const open: (Listing | undefined)[] = [];
        const page = (listing: Listing): void => {
          const { ids, next } = roster.page(LISTED, listing.next!, idsMax);
          assert(ids.length <= idsMax);
          listing.seen.push(...ids);
          listing.next = next;
          if (next !== undefined) return;
          listings++;
          assert.strictEqual(new Set(listing.seen).size, listing.seen.length, 'nobody twice');
          const lasted = [...listing.begun].filter((one) => live.get(`${one.type.index} ${one.id}`) === one);
          for (const one of lasted) assert(listing.seen.includes(one.id), `${one.id} is missing`);
        };
        for (const one of steps) {
          if (one.kind === 'page') {
            open[one.listing] ??= {
              next: LIST_START,
              begun: new Set([...live.values()].filter(({ type }) => type === LISTED)),
              seen: [],
            };
            page(open[one.listing]!);
            if (open[one.listing]!.next === undefined) open[one.listing] = undefined;
            continue;
          }
          const type = one.other ? OTHER : LISTED;
          const key = `${type.index} ${one.id}`;
          const present = live.get(key);
          assert.strictEqual(roster.find(type, one.id, slotOf(one.id)), present);
          if (one.kind === 'add' && present === undefined) {
            const made = activationOf(type, one.id, slotOf(one.id));
            live.set(key, made);
            roster.add(made);
          }
          if (one.kind === 'remove' && present !== undefined) {
            roster.remove(present);
            live.delete(key);
            // One that comes back is another one: a listing may have it before and after.
            for (const listing of open) {
              const at = listing?.seen.indexOf(one.id) ?? -1;
              if (type === LISTED && at >= 0) listing!.seen.splice(at, 1);
            }
          }
        }
        for (const listing of open) while (listing?.next !== undefined) page(listing);
        assert.deepStrictEqual(new Set(roster.walk()), new Set(live.values()));
        assert.strictEqual(roster.size, live.size);
      },
    ),
    { numRuns: 300, includeErrorInReport: true },
  );
  t.true(listings > 0);
});

test('everybody is found by type and id and nobody else, also where many want one place among those near at hand', (t) => {
  const ids: EntityId[] = [3, 3 + 4096, 3 - 4096, 3 - 1021, 3.5, -0.5, 2 ** 40 + 3, '3', 3n, 'x'];
  const use = fc.record({ type: fc.constantFrom(...TYPES), id: fc.constantFrom(...ids), isThere: fc.boolean() });
  fc.assert(
    fc.property(fc.array(use, { maxLength: 60 }), (uses) => {
      const roster = new Roster(TYPES.length);
      const live = new Map<string, Activation>();
      for (const { type, id, isThere } of uses) {
        const key = `${type.index} ${typeof id} ${id}`;
        const present = live.get(key);
        assert.strictEqual(roster.find(type, id, 5), present);
        if (isThere && present === undefined) {
          const made = activationOf(type, id, 5);
          roster.add(made);
          live.set(key, made);
        } else if (!isThere && present !== undefined) {
          roster.remove(present);
          live.delete(key);
          assert.strictEqual(roster.find(type, id, 5), undefined);
        }
      }
    }),
    { includeErrorInReport: true },
  );
  t.pass();
});

test('a listing costs as much as there is to list, even when all of it has one place', (t) => {
  const roster = new Roster(1);
  const count = 60_000;
  let looks = 0;
  for (let id = 0; id < count; id++) {
    const one = activationOf(LISTED, `n${id}`, 7);
    Object.defineProperty(one, 'id', {
      get: () => {
        looks++;
        return `n${id}`;
      },
    });
    roster.add(one);
  }
  looks = 0;
  let listed = 0;
  for (let next: ListCursor | undefined = LIST_START; next !== undefined; ) {
    const page = roster.page(LISTED, next, 1024);
    listed += page.ids.length;
    next = page.next;
  }
  t.is(listed, count);
  t.true(looks < 2 * count, `${looks} looks`);
});

test('a walk meets whoever stays, once, and a shelf whose entities left is as small as its rest', (t) => {
  const roster = new Roster(1);
  const all = Array.from({ length: 5000 }, (_, i) => activationOf(LISTED, i % 2 === 0 ? i : `n${i}`, 7));
  for (const one of all) roster.add(one);
  const stays = (one: Activation): boolean => all.indexOf(one) % 16 === 0;
  const met: Activation[] = [];
  for (const one of roster.walk()) {
    met.push(one);
    if (!stays(one)) roster.remove(one);
    // Those in front as well: places move while the walk goes on.
    if (met.length === 1000)
      for (const other of all.slice(4000)) if (!stays(other) && !met.includes(other)) roster.remove(other);
  }
  t.is(new Set(met).size, met.length);
  for (const one of all) if (stays(one)) t.true(met.includes(one));
  t.is(roster.size, all.filter(stays).length);
  for (const one of all) t.is(roster.find(LISTED, one.id, 7), stays(one) ? one : undefined);
});
