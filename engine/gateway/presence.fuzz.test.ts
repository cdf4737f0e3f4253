import test from 'ava';
import fc from 'fast-check';
import type { EntityId } from '../base/entity-id.ts';
import { Groups, type Membership } from './groups.ts';
import type { GatewayLinks } from './other-gateways.ts';
import type { PreparedPush } from './prepared-push.ts';
import { Presence } from './presence.ts';
import { type Attached, PRINCIPALS_AWAY_MAX, Principals } from './principals.ts';
import { StampClock } from './stamp.ts';

const IDS: EntityId[] = [7, 7n, '7', 8];
const GROUPS: [string, string][] = [
  ['A', 'x'],
  ['A', 'x y'],
  ['A x', 'y'],
];

class FakeSession implements Attached {
  readonly id: number;
  readonly isOpen: boolean;
  readonly pushes: PreparedPush[] = [];
  constructor(id: number, isOpen = true) {
    this.id = id;
    this.isOpen = isOpen;
  }
  push(push: PreparedPush): void {
    this.pushes.push(push);
  }
}

const id = fc.constantFrom(...IDS);
const group = fc.constantFrom(...GROUPS);
const aPush = (): PreparedPush => ({ bytes: new Uint8Array(), droppableAs: undefined });

const command = fc.oneof(
  fc.record({ kind: fc.constant('attach' as const), id, isOpen: fc.boolean() }),
  fc.record({ kind: fc.constant('detach' as const), id, which: fc.nat(3) }),
  fc.record({ kind: fc.constant('add' as const), id, group }),
  fc.record({ kind: fc.constant('remove' as const), id, group }),
  fc.record({ kind: fc.constant('push' as const), group }),
);

test('alone: sessions and groups behave like lists and sets, and nothing is kept of what is over', (t) => {
  const alone: GatewayLinks = { tell: () => Promise.reject(new Error('There is nobody.')) };
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const presence = new Presence<FakeSession>(alone, 1, () => 0);
      const sessions = new Map<EntityId, FakeSession[]>(IDS.map((one) => [one, []]));
      const newest = (one: EntityId) => sessions.get(one)!.findLast(({ isOpen }) => isOpen);
      const members = new Map(GROUPS.map((one) => [one, new Set<EntityId>()]));
      let next = 0;
      for (const one of commands) {
        if (one.kind === 'attach') {
          const session = new FakeSession(++next, one.isOpen);
          sessions.get(one.id)!.push(session);
          t.is(presence.attach(one.id, session), undefined);
        } else if (one.kind === 'detach') {
          const [session] = sessions.get(one.id)!.splice(one.which, 1);
          presence.detach(one.id, session ?? new FakeSession(0));
        } else if (one.kind === 'add') {
          members.get(one.group)!.add(one.id);
          t.is(presence.groupAdd(...one.group, one.id), undefined);
        } else if (one.kind === 'remove') {
          members.get(one.group)!.delete(one.id);
          t.is(presence.groupRemove(...one.group, one.id), undefined);
        } else {
          let made: PreparedPush | undefined;
          const reach = presence.groupPush(...one.group, () => {
            t.is(made, undefined);
            made = aPush();
            return made;
          });
          const expected = [...members.get(one.group)!].map(newest);
          t.is(reach.absent, expected.filter((session) => session === undefined).length);
          t.is(made !== undefined, reach.absent < expected.length);
          t.deepEqual(reach.gateways, []);
          for (const session of [...sessions.values()].flat()) {
            t.is(session.pushes.filter((got) => got === made).length, expected.includes(session) ? 1 : 0);
          }
        }
        for (const one of IDS) t.is(presence.session(one, false), newest(one));
      }
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('memberships: whatever is heard, in whatever order and however often, all come to the same', (t) => {
  const change = fc.record({ at: fc.nat(2), isAdd: fc.boolean(), id, group });
  const hearing = fc.record({ at: fc.nat(2), what: fc.nat(1000) });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(change, hearing), { maxLength: 60 }),
      fc.infiniteStream(fc.nat(1000)),
      (steps, dice) => {
        const all = [11, 22, 33].map((writer) => {
          const principals = new Principals<FakeSession>();
          return new Groups(principals, new StampClock(writer));
        });
        const said: Membership[] = [];
        for (const step of steps) {
          const groups = all[step.at]!;
          if ('what' in step) {
            const membership = said[step.what % (said.length || 1)];
            if (membership !== undefined) groups.hear(membership, 0);
          } else {
            const written = step.isAdd ? groups.add(...step.group, step.id) : groups.remove(...step.group, step.id, 0);
            if (written !== undefined) said.push({ ...written });
          }
        }
        for (const groups of all) {
          const order = said.map((membership) => ({ membership, at: dice.next().value! }));
          for (const { membership } of order.sort((a, b) => a.at - b.at)) groups.hear(membership, 0);
        }
        const shown = all.map((groups) => listOf(groups.all()));
        t.deepEqual(shown[1], shown[0]);
        t.deepEqual(shown[2], shown[0]);
      },
    ),
    { numRuns: 500 },
  );
  t.pass();
});

function listOf(all: Iterable<Membership>): string[] {
  return Array.from(all, ({ contract, group: name, principal, stamp, isMember }) => {
    return `${contract}|${name}|${typeof principal} ${principal} ${stamp.counter}.${stamp.writer} ${isMember}`;
  }).sort();
}

/** Gateways whose messages arrive when the test says so, in order from each to each; or do not, or do and nobody learns that. */
class Cluster {
  readonly gateways: { presence: Presence<FakeSession>; links: Map<number, (() => void)[]>; isGone: boolean }[] = [];

  constructor(count: number) {
    for (let i = 0; i < count; i++) this.join();
  }

  /** How gateway `at` calls gateway `other`: by numbers of its own. */
  indexOf(at: number, other: number): number {
    return at * 10 + other + 1000;
  }

  join(): number {
    const own = this.gateways.length;
    const links = new Map<number, (() => void)[]>();
    const tell = (gateway: number, rows: readonly unknown[]): Promise<unknown> => {
      const other = gateway - 1000 - own * 10;
      return new Promise((resolve, reject) => {
        const queue = links.get(other) ?? [];
        links.set(other, queue);
        queue.push(() => {
          try {
            this.gateways[other]!.presence.hear(this.indexOf(other, own), structuredClone(rows));
            resolve(null);
          } catch (error) {
            reject(error);
          }
        });
        this.failing.set(queue.at(-1)!, reject);
      });
    };
    const presence = new Presence<FakeSession>({ tell, againMs: 0 }, own + 1, () => 0);
    this.gateways.push({ presence, links, isGone: false });
    return own;
  }

  private readonly failing = new WeakMap<() => void, (error: Error) => void>();

  meet(a: number, b: number): void {
    if (a === b || this.gateways[a]!.isGone || this.gateways[b]!.isGone) return;
    this.gateways[a]!.presence.met(this.indexOf(a, b));
    this.gateways[b]!.presence.met(this.indexOf(b, a));
  }

  leave(gone: number): void {
    this.gateways[gone]!.isGone = true;
    this.gateways[gone]!.presence.close();
    for (const [at, { presence }] of this.gateways.entries()) if (at !== gone) presence.parted(this.indexOf(at, gone));
  }

  deliver(from: number, to: number, how: 'arrives' | 'is lost' | 'arrives unseen'): void {
    const queue = this.gateways[from]!.links.get(to);
    const message = queue?.shift();
    if (message === undefined) return;
    const isGone = this.gateways[from]!.isGone || this.gateways[to]!.isGone;
    if (how !== 'arrives' || isGone) this.failing.get(message)!(new Error('lost'));
    if (how !== 'is lost' && !isGone) message();
  }

  /** Until nobody has anything to say any more. */
  async rest(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      for (const from of this.gateways.keys()) {
        for (const to of this.gateways.keys()) {
          while ((this.gateways[from]!.links.get(to)?.length ?? 0) > 0) {
            this.deliver(from, to, 'arrives');
            quiet = 0;
          }
        }
      }
      // What failed is told again after a timer of 0 ms, which Node takes for 1.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

const at = fc.nat(2);
const clusterCommand = fc.oneof(
  fc.record({ kind: fc.constant('attach' as const), at, id }),
  fc.record({ kind: fc.constant('detach' as const), at, id }),
  fc.record({ kind: fc.constant('add' as const), at, id, group }),
  fc.record({ kind: fc.constant('remove' as const), at, id, group }),
  fc.record({
    kind: fc.constant('deliver' as const),
    at,
    to: at,
    how: fc.constantFrom('arrives' as const, 'arrives' as const, 'is lost' as const, 'arrives unseen' as const),
  }),
  fc.record({ kind: fc.constant('meet' as const), at, to: at }),
);

test('several gateways: once all is told, each push finds the newest session, wherever it is sent, and only that', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(clusterCommand, { maxLength: 50 }),
      fc.option(fc.nat(2), { nil: undefined }),
      async (commands, gone) => {
        const cluster = new Cluster(3);
        const { gateways } = cluster;
        const sessions: { at: number; id: EntityId; session: FakeSession }[] = [];
        for (const one of commands) {
          const { presence } = gateways[one.at]!;
          if (one.kind === 'attach') {
            const session = new FakeSession(sessions.length + 1);
            sessions.push({ at: one.at, id: one.id, session });
            void presence.attach(one.id, session);
          } else if (one.kind === 'detach') {
            const index = sessions.findIndex((each) => each.at === one.at && each.id === one.id);
            if (index >= 0) presence.detach(one.id, sessions.splice(index, 1)[0]!.session);
          } else if (one.kind === 'add') void presence.groupAdd(...one.group, one.id);
          else if (one.kind === 'remove') void presence.groupRemove(...one.group, one.id);
          else if (one.kind === 'deliver') cluster.deliver(one.at, one.to, one.how);
          else cluster.meet(one.at, one.to);
        }
        for (const [a, b] of [
          [0, 1],
          [0, 2],
          [1, 2],
        ] as const) {
          cluster.meet(a, b);
        }
        await cluster.rest();
        if (gone !== undefined) cluster.leave(gone);
        const living = gateways.flatMap(({ isGone }, index) => (isGone ? [] : [index]));

        for (const principal of IDS) {
          const found = living.map((from) => {
            const here = gateways[from]!.presence.session(principal, false);
            if (here !== undefined) return here;
            const node = gateways[from]!.presence.elsewhere(principal);
            if (node === undefined) return undefined;
            return gateways[node - 1000 - from * 10]!.presence.session(principal, true);
          });
          t.is(new Set(found).size, 1, 'all send to the same session');
          const there = sessions.filter((one) => one.id === principal && one.at !== gone);
          t.is(found[0] !== undefined, there.length > 0);
        }
        for (const name of GROUPS) {
          const reached = living.map((from) => {
            const reach = gateways[from]!.presence.groupPush(...name, aPush);
            for (const node of reach.gateways) gateways[node - 1000 - from * 10]!.presence.groupPush(...name, aPush);
            const got = sessions.filter(({ session }) => session.pushes.length > 0);
            for (const { session } of got) t.is(session.pushes.splice(0).length, 1, 'nobody gets it twice');
            return got.map(({ session }) => session.id);
          });
          for (const one of reached) t.deepEqual(one, reached[0]);
        }
        for (const { presence } of gateways) presence.close();
      },
    ),
    { numRuns: 120 },
  );
  t.pass();
});

test('a change is known to all when its promise resolves, or those who do not know it are gone', async (t) => {
  const cluster = new Cluster(3);
  const [a, b, c] = cluster.gateways.map(({ presence }) => presence);
  cluster.meet(0, 1);
  cluster.meet(0, 2);
  const done: string[] = [];
  void a!.groupAdd('A', 'x', 7)!.then(() => done.push('add'));
  void a!.attach(7, new FakeSession(1))!.then(() => done.push('attach'));
  await cluster.rest();
  t.deepEqual(done.sort(), ['add', 'attach']);
  for (const presence of [b!, c!]) {
    t.not(presence.elsewhere(7), undefined);
    t.deepEqual(presence.groupPush('A', 'x', aPush), { absent: 0, gateways: [presence.elsewhere(7)!] });
  }

  void a!.groupRemove('A', 'x', 7)!.then(() => done.push('remove'));
  cluster.deliver(0, 1, 'arrives');
  await new Promise((resolve) => setImmediate(resolve));
  t.is(done.length, 2, 'one has not heard of it');
  a!.parted(cluster.indexOf(0, 2));
  await new Promise((resolve) => setImmediate(resolve));
  t.is(done.at(-1), 'remove');
  t.deepEqual(b!.groupPush('A', 'x', aPush), { absent: 0, gateways: [] });
  for (const { presence } of cluster.gateways) presence.close();
});

test('whoever comes later hears of everything, and a removal is not undone by one who did not hear of it', async (t) => {
  const cluster = new Cluster(2);
  const [a, b] = cluster.gateways.map(({ presence }) => presence);
  cluster.meet(0, 1);
  void a!.groupAdd('A', 'x', 7);
  void a!.attach(7, new FakeSession(1));
  await cluster.rest();
  const c = cluster.gateways[cluster.join()]!.presence;
  // From one who does not know of the removal yet, then from the one who made it.
  cluster.meet(1, 2);
  void a!.groupRemove('A', 'x', 7);
  cluster.deliver(1, 2, 'arrives');
  t.deepEqual(c.groupPush('A', 'x', aPush), { absent: 1, gateways: [] }, 'where 7 is, only its own gateway says');
  cluster.meet(0, 2);
  await cluster.rest();
  for (const presence of [a!, b!, c]) t.deepEqual(presence.groupPush('A', 'x', aPush), { absent: 0, gateways: [] });
  t.not(c.elsewhere(7), undefined);
  for (const { presence } of cluster.gateways) presence.close();
});

test('what another gateway cannot have said is refused, and what an unknown one says', (t) => {
  const cluster = new Cluster(2);
  const { presence } = cluster.gateways[0]!;
  const there = cluster.indexOf(0, 1);
  t.throws(() => presence.hear(there, []), { name: 'UnavailableError' });
  presence.met(there);
  for (const rows of [
    7,
    [7],
    [[9]],
    [[0, 7, -1, 2]],
    [[0, 7, 1.5, 2]],
    [[0, 7, 1]],
    [[1, 'A', 7, 7, 1, 2, 1]],
    [[1, 'A', 'x', 7, 'late', 2, 1]],
  ]) {
    t.throws(() => presence.hear(there, rows), { name: 'InvalidMessageError' }, JSON.stringify(rows));
  }
  presence.hear(there, [[0, 7, 5, 2]]);
  t.is(presence.elsewhere(7), there);

  // One has its bound, and those that are known are told of all the same.
  const rows = Array.from({ length: PRINCIPALS_AWAY_MAX + 5 }, (_, i) => [0, i, i + 10, 2]);
  t.is(presence.hear(there, rows), 5);
  t.is(presence.principalsAway, PRINCIPALS_AWAY_MAX);
  t.is(presence.elsewhere(PRINCIPALS_AWAY_MAX + 1), undefined);
  t.is(presence.hear(there, [[0, 3, 0, 2]]), 0);
  t.is(presence.elsewhere(3), undefined);
  t.is(presence.hear(there, [rows.at(-1)]), 0);
  presence.parted(there);
  t.is(presence.principalsAway, 0);
  presence.close();
});
