import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { ClusterProcess, isOwnedBy } from '../../engine/testing/cluster-process.fixture.ts';
import { NatsServer } from '../../engine/testing/nats-server.fixture.ts';
import { needsProgram } from '../../scripts/programs.ts';
import { botsProgram } from './bots/run.ts';
import { Arena, type ArenaId } from './contracts.ts';
import { ARENAS, MAPS } from './rules/maps.ts';
import { Walker } from './test/walker.ts';

/** This file runs as build/games/sample-arena/arena.cluster.e2e.test.js. */
const GAME = fileURLToPath(new URL('../../../games/sample-arena/game.ts', import.meta.url));

const test = (needsProgram('nats') ? anyTest : anyTest.skip) as TestFn;

interface Islands {
  a: ClusterProcess;
  b: ClusterProcess;
  /** Where each arena runs. */
  hosts: Record<ArenaId, string>;
}

async function attach(t: ExecutionContext, host: ClusterProcess, token: string): Promise<Walker> {
  const walker = await Walker.attach((await host.address('page')).replace('http', 'ws'), token);
  t.teardown(() => walker.close());
  return walker;
}

/** Two hosts, bots from one of them. By chance one host may have all four arenas: then undefined. */
async function start(t: ExecutionContext): Promise<Islands | undefined> {
  const server = await NatsServer.start();
  t.teardown(() => server.dispose());
  const flags = [`--game=${GAME}`, '--workers=1', '--store=nats', '--lease-profile=default', '--'];
  // The bots come once the slots have been shared: an arena stays where it lives.
  const a = new ClusterProcess(t, server.url, 'a', ...flags, '--bots=0');
  await a.sees(({ master }) => master !== undefined);
  const b = new ClusterProcess(t, server.url, 'b', ...flags, '--bots=0');
  for (const host of [a, b]) {
    await host.sees((report) => isOwnedBy(report, 'a', 'b') && report.hosts.every(({ slots }) => slots > 1500));
  }
  const scout = await attach(t, a, 'the-token-of-scout');
  const hosts = {} as Record<ArenaId, string>;
  for (const arena of ARENAS) {
    const { runsOn } = await scout.join('Scout', arena);
    hosts[arena] = runsOn.split('/')[0]!;
    await scout.player.leave();
  }
  await scout.close();
  if (new Set(Object.values(hosts)).size === 2) return { a, b, hosts };
  await Promise.all([a.end(), b.end()]);
  return undefined;
}

test('a portal leads to an arena on another host', async (t) => {
  t.timeout(180_000);
  let islands: Islands | undefined;
  for (let attempt = 0; attempt < 5 && islands === undefined; attempt++) islands = await start(t);
  const { a, b, hosts } = islands!;
  t.log(hosts);
  const ways = ARENAS.flatMap((from) => MAPS[from].portals.map((portal) => ({ from, portal })));
  const { from, portal } = ways.find((one) => hosts[one.from] === 'a' && hosts[one.portal.to] === 'b')!;

  // Ann's page is connected to one host, Bob's to the other.
  const [ann, bob] = await Promise.all([attach(t, a, 'the-token-of-ann'), attach(t, b, 'the-token-of-bob')]);
  const there = await bob.join('Bob', portal.to);
  t.is(there.runsOn, `b/${there.runsOn.split('/')[1]}`);
  const before = await ann.join('Ann', from);
  t.true(before.runsOn.startsWith('a/'));
  ann.walkTo(portal);
  const after = await ann.until(() => (ann.visit?.arena === portal.to ? ann.visit : undefined));
  t.true(after.runsOn.startsWith('b/'));
  t.true(after.roster.some(({ id }) => id === bob.id));
  t.like(await bob.event('joined', portal.to, ({ player }) => player.id === ann.id), { from });
  // They see each other move, whatever hosts their pages are connected to.
  const seen = () => bob.frame?.bodies.find(({ number }) => number === after.number);
  const place = await bob.until(seen);
  ann.walkTo({ x: 1000, y: 700 });
  await bob.until(() => {
    const now = seen();
    return now && Math.hypot(now.x - place.x, now.y - place.y) > 60;
  });
  // And back.
  ann.walkTo(MAPS[portal.to].portals.find(({ to }) => to === from)!);
  const back = await ann.until(() => (ann.visit?.arena === from ? ann.visit : undefined));
  t.true(back.runsOn.startsWith('a/'));
  t.is((await ann.client.getProxy(Arena, portal.to).stats()).players, 1);

  // Bots of one gateway play on both hosts.
  const gateway = `--gateway=${(await a.address('page')).replace('http', 'ws')}`;
  const bots = spawn(process.execPath, [botsProgram, '--', '--bots=12', gateway], { stdio: 'ignore' });
  t.teardown(() => bots.kill());
  const isBot = ({ player }: { player: { id: string } }): boolean => ![ann.id, bob.id].includes(player.id);
  await Promise.all([ann.event('joined', from, isBot), bob.event('joined', portal.to, isBot)]);

  // Over there when that host dies: the arena comes up here, and whoever steers is in it again.
  ann.walkTo(portal);
  await ann.until(() => ann.visit?.arena === portal.to);
  b.signal('SIGKILL');
  const steering = setInterval(() => ann.walkTo(undefined), 100);
  const rescued = await ann.until(() => (ann.visit?.runsOn.startsWith('a/') ? ann.visit : undefined));
  clearInterval(steering);
  // Her player entity may have died as well, and then knows what was saved last.
  t.true([from, portal.to].includes(rescued.arena), rescued.arena);
  await ann.until(() => ann.me?.present);
});
