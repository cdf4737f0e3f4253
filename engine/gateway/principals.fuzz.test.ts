import test from 'ava';
import fc from 'fast-check';
import type { EntityId } from '../base/entity-id.ts';
import type { PreparedPush } from './prepared-push.ts';
import { type Attached, Principals } from './principals.ts';

const IDS: EntityId[] = [7, 7n, '7', 8];
const GROUPS: [string, string][] = [
  ['A', 'x'],
  ['A', 'x y'],
  ['A x', 'y'],
];

class FakeSession implements Attached {
  readonly id: number;
  readonly pushes: PreparedPush[] = [];
  constructor(id: number) {
    this.id = id;
  }
  push(push: PreparedPush): void {
    this.pushes.push(push);
  }
}

const id = fc.constantFrom(...IDS);
const group = fc.constantFrom(...GROUPS);
const command = fc.oneof(
  fc.record({ kind: fc.constant('attach' as const), id }),
  fc.record({ kind: fc.constant('detach' as const), id, which: fc.nat(3) }),
  fc.record({ kind: fc.constant('add' as const), id, group }),
  fc.record({ kind: fc.constant('remove' as const), id, group }),
  fc.record({ kind: fc.constant('push' as const), group }),
);

test('sessions and groups behave like lists and sets', (t) => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const principals = new Principals<FakeSession>();
      const sessions = new Map<EntityId, FakeSession[]>(IDS.map((one) => [one, []]));
      const members = new Map(GROUPS.map((one) => [one, new Set<EntityId>()]));
      let next = 0;
      for (const one of commands) {
        if (one.kind === 'attach') {
          const session = new FakeSession(++next);
          sessions.get(one.id)!.push(session);
          principals.attach(one.id, session);
        } else if (one.kind === 'detach') {
          const [session] = sessions.get(one.id)!.splice(one.which, 1);
          principals.detach(one.id, session ?? new FakeSession(0));
        } else if (one.kind === 'add') {
          members.get(one.group)!.add(one.id);
          principals.groupAdd(...one.group, one.id);
        } else if (one.kind === 'remove') {
          members.get(one.group)!.delete(one.id);
          principals.groupRemove(...one.group, one.id);
        } else {
          const push: PreparedPush = { bytes: new Uint8Array(), droppableAs: undefined };
          const absent = principals.groupPush(...one.group, push);
          const expected = [...members.get(one.group)!].map((member) => sessions.get(member)!.at(-1));
          t.is(absent, expected.filter((session) => session === undefined).length);
          for (const session of [...sessions.values()].flat()) {
            t.is(session.pushes.filter((got) => got === push).length, expected.includes(session) ? 1 : 0);
          }
        }
        for (const one of IDS) t.is(principals.newest(one), sessions.get(one)!.at(-1));
        for (const one of GROUPS) t.is(principals.hasGroup(...one), members.get(one)!.size > 0);
      }
    }),
    { numRuns: 300 },
  );
  t.pass();
});
