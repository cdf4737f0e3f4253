import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { GameError } from 'skerry';
import { type ClusterOptions, startCluster, type TestCluster } from 'skerry/testing';
import { gameFile } from './fixture-game.fixture.ts';
import { Diary } from './games/diaries/contracts.fixture.ts';
import { Bell, Hero, HeroView } from './games/heroes/contracts.fixture.ts';
import type { HeroEntity } from './games/heroes/game.fixture.ts';

const GAME = gameFile('heroes');

async function start(t: ExecutionContext, options: Partial<ClusterOptions> = {}): Promise<TestCluster> {
  const cluster = await startCluster({ game: GAME, ...options });
  t.teardown(() => cluster.stop());
  return cluster;
}

test('calls go to entities of both nodes, from outside and from a node', async (t) => {
  const cluster = await start(t);
  const [here, there] = [cluster.idOn(0, Hero), cluster.idOn(1, Hero)];
  t.is(await cluster.getProxy(Hero, here).hit(30), 70);
  t.is(await cluster.node(0).getProxy(Hero, there).hit(5), 95);
  t.is((await cluster.locate(Hero, here)).node, 0);
  t.is((await cluster.locate(Hero, there)).node, 1);
  const live: unknown[] = [];
  for await (const id of cluster.list(Hero)) live.push(id);
  t.deepEqual(new Set(live), new Set([here, there]));
  t.true(await cluster.destroy(Hero, here));
  t.false(cluster.inspect(Hero, here).active);
  await cluster.create(Hero, here, { hp: 7 });
  t.is(await cluster.getProxy(Hero, here).hp(), 7);
  t.is(cluster.idOn(1, Hero, there + 1) > there, true);
  t.throws(() => cluster.node(2), { instanceOf: RangeError, message: /nodes 0 to 1/ });
});

test('time stands still until it is moved', async (t) => {
  const cluster = await start(t, { startsAt: '2031-05-01T12:00:00Z' });
  t.is(cluster.now(), Date.UTC(2031, 4, 1, 12));
  const hero = cluster.getProxy(Hero, 1);
  const rested = hero.rest();
  await cluster.settled();
  t.like(cluster.inspect(Hero, 1), { active: true, openTurns: 1, state: { hp: 100 } });
  await cluster.advance('9999ms');
  t.is(cluster.inspect(Hero, 1).openTurns, 1);
  await cluster.advance(1);
  t.is(cluster.inspect(Hero, 1).openTurns, 0);
  t.is(await rested, 110);
  t.is(cluster.now(), Date.UTC(2031, 4, 1, 12, 0, 10));
});

test('a day passes from timer to timer, each at its time', async (t) => {
  const cluster = await start(t);
  const bell = cluster.getProxy(Bell);
  await bell.strikes();
  const from = cluster.now();
  await cluster.advance('2m');
  const strikes = await bell.strikes();
  t.deepEqual(
    strikes.map((at) => at - from),
    Array.from({ length: 120 }, (_, i) => (i + 1) * 1000),
  );
  t.is(cluster.count('taskOverruns'), 0);
});

test('deadlines and idleness follow the clock', async (t) => {
  const cluster = await start(t);
  const asked = cluster.getProxy(Hero, 1).restOf(2);
  const refused = t.throwsAsync(asked, { name: 'CallTimeoutError' });
  await cluster.advance('5s');
  await refused;
  await cluster.advance('5m');
  t.false(cluster.inspect(Hero, 2).active);
  t.like(await cluster.logged('gone'), { fields: { entity: 'Hero', reason: 'idle' } });
});

test('until: time passes to the next timer and no further', async (t) => {
  const cluster = await start(t);
  await cluster.getProxy(Bell).strikes();
  const from = cluster.now();
  const three = await cluster.until(async () => {
    const strikes = await cluster.getProxy(Bell).strikes();
    return strikes.length === 3 && strikes;
  });
  t.is(three.at(-1), from + 3000);
  t.is(cluster.now(), from + 3000);
});

test('until: several wait at the same time, and whoever is done acts before time goes on', async (t) => {
  const cluster = await start(t);
  await cluster.getProxy(Bell).strikes();
  const from = cluster.now();
  const after = async (ms: number): Promise<number> => {
    await cluster.until(() => cluster.now() >= from + ms);
    // Some more steps at the same time.
    await cluster.getProxy(Bell).strikes();
    return cluster.now() - from;
  };
  t.deepEqual(await Promise.all([after(5000), after(1000), cluster.advance('7s'), after(3000)]), [
    5000,
    1000,
    undefined,
    3000,
  ]);
  t.is(cluster.now(), from + 7000);
});

test('until: waits for what goes on outside of the engine', async (t) => {
  const cluster = await start(t);
  const remembered = cluster.getProxy(Hero, 1).remember();
  t.true((await cluster.until(() => cluster.inspect<HeroEntity>(Hero, 1).entity?.memory)) > 100);
  await remembered;
});

test('until: what never comes true says so, with the seed and what went wrong', async (t) => {
  const cluster = await start(t, { seed: 77 });
  const waiting = cluster.until(() => cluster.count('turnsRun') === -1, { timeout: '3s' });
  cluster.getProxy(Hero, 1).stumble();
  const error = await t.throwsAsync(waiting, { message: /within 3s.*count.*\(seed 77\)/ });
  t.regex(error.message, /logged: Hero 1 Hero.stumble failed: stumbled/);
  await t.throwsAsync(
    cluster.until(() => {
      throw new RangeError('mine');
    }),
    { instanceOf: RangeError, message: 'mine' },
  );
});

test('settled: everything that a one-way call causes has happened', async (t) => {
  const cluster = await start(t);
  const [here, there] = [cluster.idOn(0, Hero), cluster.idOn(1, Hero)];
  for (let i = 0; i < 100; i++) cluster.getProxy(Hero, here).attack(there, i);
  await cluster.settled();
  t.is(cluster.inspect<HeroEntity>(Hero, there).entity?.woundedBy.length, 100);
});

test('turns are waited for: operations, tasks and hooks', async (t) => {
  const cluster = await start(t);
  const hit = cluster.nextTurn(Hero, 7, 'hit');
  const failed = cluster.nextTurn(Hero, 7, 'stumble');
  await cluster.getProxy(Hero, 7).hit(4);
  t.deepEqual(await hit, { args: [4], result: 96 });
  cluster.getProxy(Hero, 7).stumble();
  t.like(await failed, { error: { code: 'stumbled' } });
  t.is(cluster.log.errors.length, 1);

  await cluster.getProxy(Bell).strikes();
  const strike = cluster.nextTurn(Bell, 0, 'strike');
  await cluster.advance('1s');
  t.deepEqual(await strike, { args: [], result: undefined });
  const gone = cluster.nextTurn(Hero, 7, 'onDeactivate');
  await cluster.destroy(Hero, 7);
  t.deepEqual((await gone).args, ['destroyed']);
  t.throws(() => cluster.nextTurn(Hero, 7, 'fly'), { message: /HeroEntity has no method 'fly'/ });
  await t.throwsAsync(cluster.nextTurn(Hero, 7, 'hit', { timeout: 1 }), { message: /Hero\/7\.hit \(seed 1\)/ });
});

test('what is logged can be waited for', async (t) => {
  const cluster = await start(t);
  const line = cluster.logged(({ message, fields }) => message === 'hit' && fields.id === '3');
  await cluster.getProxy(Hero, 2).hit(1);
  await cluster.getProxy(Hero, 3).hit(2);
  t.like(await line, {
    level: 'info',
    fields: { entity: 'Hero', id: '3', damage: 2, node: cluster.inspect(Hero, 3).node },
  });
  t.is(await cluster.logged('hit'), await cluster.logged(/^hi/));
  await t.throwsAsync(cluster.logged('never', { timeout: 1 }), { message: /in vain for a log line with never/ });
});

test.serial('a test that waits for time nobody moves is told', async (t) => {
  const cluster = await start(t);
  const rested = cluster.getProxy(Hero, 1).rest();
  const { warn } = console;
  const warned = new Promise<string>((resolve) => {
    console.warn = resolve;
  });
  t.teardown(() => {
    console.warn = warn;
  });
  t.regex(await warned, /^skerry\/testing: 1 call waits and time stands still; nothing is due for \d+ ms\./);
  await cluster.advance('10s');
  await rested;
});

test('what never comes to rest is said, and its test can end', async (t) => {
  const cluster = await start(t);
  cluster.getProxy(Hero, 1).spin();
  await t.throwsAsync(cluster.settled({ timeout: 50 }), { message: /within 50 ms: \d+ turns have run.* \(seed 1\)/ });
});

test.serial('what is logged from a level on is printed', async (t) => {
  const { error } = console;
  const printed: string[] = [];
  console.error = (line) => void printed.push(line);
  t.teardown(() => {
    console.error = error;
  });
  const cluster = await start(t, { print: 'warn' });
  await cluster.getProxy(Hero, 1).hit(1);
  cluster.getProxy(Hero, 1).stumble();
  await cluster.settled();
  t.deepEqual(printed, ['error failed']);
});

test('a changed wire is written down, and said', async (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'skerry-testing-')));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const game = join(folder, 'game.ts');
  const withOperation = (name: string) => `
import { contract, defineGame, entity, NodeEntity } from 'skerry';
export interface Door { ${name}(): Promise<void> }
export const Door = contract<Door>('Door', { ${name}: {} });
class DoorEntity extends NodeEntity implements Door { async ${name}(): Promise<void> {} }
export default defineGame({ name: 'door', entities: [entity(Door, DoorEntity)] });
`;
  const changed = async (name: string): Promise<boolean> => {
    writeFileSync(game, withOperation(name));
    const cluster = await start(t, { game });
    t.true(readFileSync(join(folder, 'manifest.json'), 'utf8').includes(`"${name}`));
    return cluster.manifestChanged;
  };
  t.true(await changed('open'));
  t.false(await changed('open'));
  t.true(await changed('close'));
});

test('a seed decides dice and places', async (t) => {
  const run = async (seed?: number) => {
    const cluster = await start(t, { ...(seed !== undefined && { seed }), nodes: 4 });
    return {
      dice: await cluster.getProxy(Hero, 1).dice(5),
      nodes: Array.from({ length: 50 }, (_, id) => cluster.inspect(Hero, id).node),
    };
  };
  const one = await run();
  t.deepEqual(await run(1), one);
  const two = await run(2);
  t.notDeepEqual(two.dice, one.dice);
  t.notDeepEqual(two.nodes, one.nodes);
});

test('clients come through the game, its rules and its rates', async (t) => {
  const cluster = await start(t);
  await t.throwsAsync(cluster.connect(), { instanceOf: GameError, code: 'name' } as any);
  const ann = await cluster.connect({ ticket: { name: 'ann' } });
  t.is(ann.principalId, 'ann');
  const hurt: number[] = [];
  ann.implement(HeroView, { hurt: (hp) => void hurt.push(hp), ask: async (question) => `${question} Fine.` });
  const hero = ann.getProxy(Hero, 1);
  t.is(await hero.hit(20), 80);
  await cluster.settled();
  t.deepEqual(hurt, [80]);
  await t.throwsAsync(ann.getProxy(Hero, 1).rest(), { name: 'ForbiddenError' });
  await t.throwsAsync(hero.hit('x' as never), { name: 'InvalidMessageError', message: /^Hero\.hit: damage is "x"/ });
  t.is(await cluster.getProxy(Hero, 2).greet('ann'), 'How are you, ann? Fine.');

  await Promise.all([hero.hp(), hero.hp()]);
  await t.throwsAsync(hero.hp(), { name: 'OverloadedError', code: 'rate' } as any);
  await cluster.advance('1s');
  t.is(await hero.hp(), 80);

  await ann.close();
  await cluster.settled();
  await t.throwsAsync(cluster.getProxy(Hero, 2).greet('ann'), { name: 'UnavailableError', code: 'no-session' } as any);
});

test('a client that does not answer is not waited for beyond the deadline', async (t) => {
  const cluster = await start(t);
  const ann = await cluster.connect({ ticket: { name: 'ann' } });
  ann.implement(HeroView, { ask: () => new Promise(() => {}) });
  const refused = t.throwsAsync(cluster.getProxy(Hero, 2).greet('ann'), { name: 'CallTimeoutError' });
  await cluster.advance('3s');
  await refused;
});

test('real time', async (t) => {
  const cluster = await start(t, { clock: 'real' });
  t.true(Math.abs(cluster.now() - Date.now()) < 1000);
  await t.throwsAsync(cluster.advance('1s'), { instanceOf: TypeError, message: /clock: 'real'/ });
  await cluster.getProxy(Bell).strikes();
  const strikes = await cluster.until(async () => {
    const all = await cluster.getProxy(Bell).strikes();
    return all.length > 0 && all;
  });
  t.is(strikes.length, 1);
  await t.throwsAsync(
    cluster.until(() => false, { timeout: 20 }),
    { message: /within 20 ms/ },
  );
});

test('a node is killed and restarted: what it had begun ends, what waited runs', async (t) => {
  const cluster = await start(t);
  const [here, there] = [cluster.idOn(0, Hero), cluster.idOn(1, Hero)];
  await cluster.getProxy(Hero, here).hit(10);
  await cluster.getProxy(Hero, there).hit(10);
  const begun = t.throwsAsync(cluster.getProxy(Hero, there).rest(), {
    name: 'NodeDownError',
    code: 'node-lost',
  } as any);
  await cluster.settled();
  await cluster.kill(1);
  t.false(cluster.inspect(Hero, there).active);
  const waiting = cluster.getProxy(Hero, there).hit(1);
  await cluster.settled();
  t.is(await cluster.getProxy(Hero, here).hp(), 90);
  await cluster.restart(1);
  await begun;
  t.is(await waiting, 99, 'a fresh hero');
  await cluster.restart(0);
  t.is(await cluster.node(1).getProxy(Hero, here).hp(), 100);
  await cluster.kill(1);
});

test('onStart runs first, with the flags of the game', async (t) => {
  const argv = process.argv;
  const cluster = await start(t, { args: ['--hit'] });
  t.is(process.argv, argv);
  t.is(cluster.inspect(Hero, 1).state?.hp, 99);
  const without = await start(t, { args: ['--hit'], onStart: false });
  t.false(without.inspect(Hero, 1).active);
  await t.throwsAsync(startCluster({ game: GAME, args: ['--refuse'] }), { message: 'onStart failed: not today' });
});

test('what a test still waits for ends with the cluster', async (t) => {
  const cluster = await startCluster({ game: GAME });
  const resting = t.throwsAsync(cluster.getProxy(Hero, 1).rest(), { name: 'NodeDownError' });
  const turn = t.throwsAsync(cluster.nextTurn(Hero, 2, 'hit'), { message: 'The cluster was stopped.' });
  const later = t.throwsAsync(
    cluster.until(() => false, { timeout: '30d' }),
    { message: 'The cluster was stopped.' },
  );
  await cluster.getProxy(Hero, 3).hit(1);
  await cluster.stop();
  await Promise.all([resting, turn, later]);
  t.like(await cluster.logged(({ fields }) => fields.id === '3' && fields.reason === 'shutdown'), { message: 'gone' });
  await t.throwsAsync(cluster.advance(1), { message: 'The cluster was stopped.' });
  await t.throwsAsync(cluster.connect(), { message: 'The cluster was stopped.' });
  await cluster.stop();
});

test('loops of the game that nobody waits for do not hear of the end, wherever they are', async (t) => {
  // An unhandled rejection would fail this file.
  for (const clock of ['manual', 'real'] as const) {
    for (const passed of ['50ms', '150ms']) {
      const cluster = await startCluster({ game: GAME, clock });
      cluster.getProxy(Hero, 1).patrol(2);
      if (clock === 'manual') await cluster.advance(passed);
      else await cluster.until(() => passed === '50ms' || cluster.inspect(Hero, 2).active);
      await cluster.stop();
    }
  }
  t.pass();
});

test('an entity that takes its time to leave is waited for', async (t) => {
  const cluster = await startCluster({ game: GAME });
  await cluster.getProxy(Hero, 404).hp();
  await cluster.stop();
  t.like(await cluster.logged('left slowly'), { fields: { id: '404' } });
});

test('many clusters live at the same time and share nothing', async (t) => {
  const clusters = await Promise.all(Array.from({ length: 8 }, (_, seed) => start(t, { seed })));
  await Promise.all(clusters.map((cluster, i) => cluster.getProxy(Hero, 1).hit(i)));
  await clusters[3]!.advance('1h');
  for (const [i, cluster] of clusters.entries()) {
    t.is(await cluster.getProxy(Hero, 1).hp(), i === 3 ? 100 : 100 - i);
  }
});

test('options that are none, and games that are none, say so in one line', async (t) => {
  const wrong: [object, RegExp][] = [
    [{}, /game is undefined; it is a path or a file URL/],
    [{ game: 'http://x/game.ts' }, /game is 'http:/],
    [{ game: GAME, nodes: 0 }, /nodes is 0; it is a whole number from 1/],
    [{ game: GAME, clock: 'fake' }, /clock is 'fake'/],
    [{ game: GAME, startsAt: 'noon' }, /startsAt is 'noon'/],
    [{ game: GAME, startsAt: '2030', clock: 'real' }, /startsAt is for a manual clock/],
    [{ game: GAME, seed: 0.5 }, /seed is 0.5/],
    [{ game: GAME, args: 'x' }, /args is a list/],
    [{ game: GAME, onStart: 1 }, /onStart is 1/],
    [{ game: GAME, print: 'all' }, /print is 'all'/],
    [{ game: GAME, workers: 2 }, /unknown option 'workers'; there are game, nodes/],
    [{ game: 'nowhere/game.ts' }, /There is no game file .*nowhere.game\.ts/],
  ];
  for (const [options, message] of wrong) await t.throwsAsync(startCluster(options as ClusterOptions), { message });
});

test('durable tasks run on the clock of the test, over the end of a node', async (t) => {
  const cluster = await startCluster({ game: gameFile('diaries') });
  t.teardown(() => cluster.stop());
  const id = cluster.idOn(1, Diary);
  const diary = cluster.getProxy(Diary, id);
  await diary.once('rain', 600_000, 'once', null);
  await cluster.advance('1m');
  t.false(cluster.inspect(Diary, id).active);
  await cluster.kill(1);
  await cluster.restart(1);
  await cluster.advance('9m');
  await cluster.advance('1s');
  t.true(cluster.inspect(Diary, id).active);
  t.deepEqual(
    (await diary.lines()).map((line) => line.split(' at ')[0]),
    ['rain'],
  );
});
