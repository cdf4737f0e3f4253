import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { type Host, startHost } from 'skerry';
import { Arena, type ArenaId } from './contracts.ts';
import { MAPS } from './rules/maps.ts';
import { Walker } from './test/walker.ts';

/** This file runs as build/games/sample-arena/arena.threads.test.js. */
const GAME = fileURLToPath(new URL('../../../games/sample-arena/game.ts', import.meta.url));

/** On node threads and sockets what `arena.test.ts` plays in one thread. */
let host: Host;
let walkers = 0;

test.before(async () => {
  host = await startHost({
    game: GAME,
    workers: 2,
    port: 0,
    adminPort: 0,
    store: 'memory',
    logLevel: 'error',
    gameArgs: ['--bots=0'],
  });
});
test.after.always(async () => {
  await host?.stop();
});

async function attach(t: ExecutionContext, token = `walker-${walkers++}`): Promise<Walker> {
  const walker = await Walker.attach(`ws://127.0.0.1:${host.port}`, token);
  t.teardown(() => walker.close());
  return walker;
}
const portalTo = (from: ArenaId, to: ArenaId) => MAPS[from].portals.find((portal) => portal.to === to)!;
const population = async (arena: ArenaId): Promise<number> => (await host.getProxy(Arena, arena).stats()).players;

test.serial('players see each other move', async (t) => {
  const ann = await attach(t);
  const bob = await attach(t);
  const joined = await ann.join('  Ann\u202e ', 'north');
  t.like(joined, { arena: 'north', visit: 1 });
  await bob.join('Bob', 'north');
  await bob.until(() => bob.roster.find(({ name }) => name === 'Ann'));

  const seen = () => bob.frame?.bodies.find(({ number }) => number === joined.number);
  const from = await bob.until(seen);
  ann.walkTo({ x: 1000, y: 1000 });
  await bob.until(() => {
    const now = seen();
    return now && Math.hypot(now.x - from.x, now.y - from.y) > 100;
  });
  const frames = bob.frames;
  await bob.until(() => bob.frames >= frames + 20);
  const { workMs, gapMs, ticks } = await host.getProxy(Arena, 'north').stats();
  t.true(ticks > 20);
  t.true(workMs.p50 < 20, `a tick works for ${workMs.p50} ms`);
  t.true(gapMs.p50 > 40 && gapMs.p50 < 60, `a tick every ${gapMs.p50} ms`);
  await ann.player.leave();
  await bob.event('gone', 'north', ({ player }) => player === joined.number);
  await bob.player.leave();
});

test.serial('a portal hands a player to the other arena, which lives on its own', async (t) => {
  const [here, there] = await Promise.all([attach(t), attach(t)]);
  await here.player.watch('grove');
  await there.player.watch('north');
  const ann = await attach(t);
  const { number } = await ann.join('Ann', 'grove');
  ann.walkTo(portalTo('grove', 'north'));
  const visit = await ann.until(() => (ann.visit?.arena === 'north' ? ann.visit : undefined));
  t.is(visit.visit, 2);
  t.true(visit.roster.some(({ id }) => id === ann.id));
  t.like(await here.event('gone', 'grove', ({ player }) => player === number), { to: 'north' });
  t.like(await there.event('joined', 'north', ({ player }) => player.id === ann.id), { from: 'grove' });
  t.is(await population('grove'), 0);
  t.is(await population('north'), 1);
  const arrived = await ann.until(() => ann.me);
  t.true(arrived.present && arrived.y > 1000, 'before the portal that leads back');
  const { slot: a } = await host.locate(Arena, 'grove');
  const { slot: b } = await host.locate(Arena, 'north');
  t.not(a, b);
  await ann.player.leave();
});

test.serial('the same token is the same player, after a reload too', async (t) => {
  const before = await attach(t, 'the-token-of-ann');
  const { number } = await before.join('Ann', 'north');
  await before.close();
  const after = await attach(t, 'the-token-of-ann');
  t.is(after.id, before.id);
  const visit = await after.join('Ann', 'ember');
  t.like(visit, { arena: 'north', number }, 'where it still stands, whatever it wishes for');
  await after.player.leave();
});
