import test from 'ava';
import { DeadlockError } from '../base/errors.ts';
import type { LockReport } from '../runtime/lock-report.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Actor, Door, type Step } from '../testing/games/locks/contracts.fixture.ts';
import { startHost } from './embed.ts';

const start = () =>
  startHost({ game: gameFile('locks'), workers: 2, port: 0, adminPort: 0, store: 'memory', logLevel: 'silent' });
type Host = Awaited<ReturnType<typeof start>>;

/** Actors of two threads. */
async function pair(host: Host): Promise<[number, number]> {
  const found: number[] = [];
  for (let id = 1; found[0] === undefined || found[1] === undefined; id++) {
    found[(await host.locate(Actor, id)).node] ??= id;
  }
  return [found[0], found[1]];
}

const call = (id: number): Step => ({ what: 'call', id, lock: 'whole', name: `to ${id}` });
const gate = (name: string): Step => ({ what: 'gate', name });

test('two threads that wait for each other: one call is refused, the other goes on', async (t) => {
  await using host = await start();
  const [a, b] = await pair(host);
  const door = host.getProxy(Door, 0);
  const runs = [
    host.getProxy(Actor, a).whole('first', [], [gate('1'), call(b)]),
    host.getProxy(Actor, b).whole('second', [], [gate('2'), call(a)]),
  ];
  await Promise.all([door.reached('1'), door.reached('2')]);
  await Promise.all([door.open('1'), door.open('2')]);
  const outcomes = await Promise.allSettled(runs);
  const errors = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as DeadlockError] : [],
  );
  t.is(errors.length, 1);
  t.true(errors[0] instanceof DeadlockError);
  t.deepEqual([...new Set(errors[0]!.chain.map(({ id }) => id))].sort(), [a, b].sort());
});

test('who holds and who waits is seen from outside', async (t) => {
  await using host = await start();
  const [a, b] = await pair(host);
  const door = host.getProxy(Door, 0);
  const locks = async (query = ''): Promise<{ node: number; locks: LockReport }[]> =>
    (await fetch(`http://127.0.0.1:${host.adminPort}/api/locks${query}`)).json() as never;
  const held = host.getProxy(Actor, a).whole('held', [], [gate('h')]);
  await door.reached('h');
  const waits = host.getProxy(Actor, b).whole('waits', [], [gate('w'), call(a)]);
  await door.reached('w');
  await door.open('w');
  let entity: LockReport['entities'][number] | undefined;
  for (;;) {
    const report = await locks();
    t.deepEqual(
      report.map(({ node }) => node),
      [0, 1],
    );
    entity = report[0]!.locks.entities[0];
    if (entity?.waiting === 1) break;
  }
  t.like(entity, { entity: 'Actor', id: String(a), holding: 1 });
  t.like(entity.holders[0], { operation: 'whole', caller: 'host', chain: [] });
  t.like(entity.waiters[0], { operation: 'whole', caller: `Actor/${b}`, priority: 'medium' });
  // The one that waits does so for the turn that holds its caller.
  const [, other] = await locks();
  t.deepEqual(entity.waiters[0]!.chain, [other!.locks.entities[0]!.holders[0]!.turn]);
  t.true(Date.parse(entity.holders[0]!.since) <= Date.parse(entity.waiters[0]!.since));
  t.deepEqual((await locks('?from=1'))[0]!.locks, { total: 1, entities: [] });
  t.like(await locks('?from=x'), { error: { code: 'invalid' } } as never);
  await door.open('h');
  await Promise.all([held, waits]);
});
