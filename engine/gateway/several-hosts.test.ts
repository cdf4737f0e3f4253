import test from 'ava';
import { EngineError } from '../base/errors.ts';
import { Inbox, Postman } from '../testing/games/postmen/contracts.fixture.ts';
import { quiet, severalHosts, until } from './several-hosts.fixture.ts';

test('getClientProxy reaches a client of any gateway from any host, and its answer comes back', async (t) => {
  const world = await severalHosts(t, 3);
  const ann = await world.connect(0, 'ann');
  for (const host of [0, 1, 2]) {
    t.is(await world.postman(host).ask('ann', 'well?'), 'ann at 0: well?');
    world.postman(host).tell('ann', `from ${host}`);
    world.postman(host).show('ann', `${host}`);
    await until(() => ann.letters.includes(`from ${host}`) && ann.sights.includes(`${host}`), 'a letter and a sight');
  }
  t.is(world.count('clientPushesPassedOn'), 6);
  t.is(world.count('clientPushesUndelivered'), 0);
});

test('letters from one entity to one client keep their order on the way', async (t) => {
  const world = await severalHosts(t, 2);
  const ann = await world.connect(0, 'ann');
  const postman = world.postman(1);
  const sent = Array.from({ length: 300 }, (_, i) => `${i}`);
  for (const text of sent) postman.tell('ann', text);
  await until(() => ann.letters.length === sent.length, 'all letters');
  t.deepEqual(ann.letters, sent);
});

test('what a client causes on another host finds the way back to it, from its very first call on', async (t) => {
  const world = await severalHosts(t, 3);
  for (let i = 0; i < 20; i++) {
    const name = `p${i}`;
    const reader = await world.connect(i % 3, name);
    const id = world.idOn((i + 1) % 3);
    t.is(await reader.client.getProxy(Postman, id).ask(name, 'there?'), `${name} at ${i % 3}: there?`);
  }
});

test('call.client leads to the very client from another host, and says so when it is gone', async (t) => {
  const world = await severalHosts(t, 2);
  const [first, second] = [await world.connect(0, 'ann'), await world.connect(1, 'ann')];
  const postman = world.idOn(1);
  t.is(await first.client.getProxy(Postman, postman).askBack('you?'), 'ann at 0: you?');
  t.is(await world.view(1).getProxy(Postman, postman).askAgain('still?'), 'ann at 0: still?');
  await first.client.close();
  const gone = await t.throwsAsync(world.view(1).getProxy(Postman, postman).askAgain('now?'));
  t.like(gone, { name: 'UnavailableError', code: 'no-session' });

  // Its host is gone: nobody is left to say that the session is.
  t.is(await second.client.getProxy(Postman, world.idOn(0)).askBack('you?'), 'ann at 1: you?');
  world.kill(1);
  const lost = await t.throwsAsync(world.view(0).getProxy(Postman, world.idOn(0)).askAgain('now?'));
  t.like(lost, { name: 'UnavailableError', code: 'no-session' });
  const before = world.count('clientPushesUndelivered');
  await world.view(0).getProxy(Postman, world.idOn(0)).tellAgain('into the void');
  t.is(world.count('clientPushesUndelivered'), before + 1);
});

test('a principal with sessions at several gateways gets pushes on its newest; when that ends, on the one before it', async (t) => {
  const world = await severalHosts(t, 3);
  await world.connect(2, 'ann');
  const newer = await world.connect(0, 'ann');
  for (const host of [0, 1, 2]) t.is(await world.postman(host).ask('ann', 'where?'), 'ann at 0: where?');
  await newer.client.close();
  await quiet();
  for (const host of [0, 1, 2]) t.is(await world.postman(host).ask('ann', 'where?'), 'ann at 2: where?');
});

test('nobody there: no-session, from any host, and a void call is counted once', async (t) => {
  const world = await severalHosts(t, 3);
  for (const host of [0, 1, 2]) {
    const error = await t.throwsAsync(world.postman(host).ask('nobody', 'hello?'));
    t.like(error, { name: 'UnavailableError', code: 'no-session' });
  }
  const absent = world.absent();
  world.postman(1).tell('nobody', 'x');
  await until(() => world.absent() === absent + 1, 'counted');
  await quiet();
  t.is(world.absent(), absent + 1);

  const ann = await world.connect(0, 'ann');
  t.is(await world.postman(1).ask('ann', 'there?'), 'ann at 0: there?');
  await ann.client.close();
  await quiet();
  t.like(await t.throwsAsync(world.postman(1).ask('ann', 'there?')), { code: 'no-session' });
});

test('a host that is gone takes its clients with it, and the calls to them', async (t) => {
  const world = await severalHosts(t, 2);
  const ann = await world.connect(1, 'ann');
  ann.client.implement(Inbox, { letter() {}, sight() {}, question: () => new Promise(() => {}) });
  const asked = t.throwsAsync(world.postman(0).ask('ann', 'are you sure?'));
  await quiet();
  world.kill(1);
  const error = (await asked) as EngineError;
  t.true(error instanceof EngineError);
  t.is(error.outcome, 'unknown');
  t.like(await t.throwsAsync(world.postman(0).ask('ann', 'hello?')), { code: 'no-session' });
});

test('groups reach all members once, wherever they are and from wherever they are spoken to', async (t) => {
  const world = await severalHosts(t, 3);
  const readers = await Promise.all([0, 1, 2, 1].map((host, i) => world.connect(host, `p${i}`)));
  for (const i of readers.keys()) await world.postman(i % 3).enlist('all', `p${i}`);
  await world.postman(0).enlist('all', 'absent');
  for (const host of [0, 1, 2]) {
    world.postman(host).shout('all', `from ${host}`);
    await until(() => readers.every(({ letters }) => letters.includes(`from ${host}`)), 'everybody has it');
  }
  await quiet();
  for (const { letters } of readers) t.deepEqual(letters, ['from 0', 'from 1', 'from 2']);
  t.is(world.absent(), 3);
  t.is(world.count('clientPushesPassedOn'), 6, 'once to each other gateway');

  await world.postman(2).dismiss('all', 'p3');
  world.postman(0).shout('all', 'again');
  await until(() => readers.slice(0, 3).every(({ letters }) => letters.includes('again')), 'the others have it');
  await quiet();
  t.false(readers[3]!.letters.includes('again'));
});

test('a member who was just added hears what is said behind that, awaited or not', async (t) => {
  const world = await severalHosts(t, 2);
  const ann = await world.connect(1, 'ann');
  for (let i = 0; i < 30; i++) world.postman(0).enlistAndShout(`g${i}`, 'ann', `${i}`);
  await until(() => ann.letters.length === 30, 'all of it');
  t.deepEqual(
    ann.letters,
    Array.from({ length: 30 }, (_, i) => `${i}`),
  );
});

test('a client that comes back at another gateway is still in its groups', async (t) => {
  const world = await severalHosts(t, 2);
  const ann = await world.connect(0, 'ann');
  await world.postman(1).enlist('all', 'ann');
  await ann.client.close();
  const again = await world.connect(1, 'ann');
  world.postman(0).shout('all', 'welcome back');
  await until(() => again.letters.length === 1, 'the letter');
  t.deepEqual(again.letters, ['welcome back']);
});

test('listings have the entities of all hosts, and the calls around them reach any', async (t) => {
  const world = await severalHosts(t, 3);
  const ids = [0, 1, 2].flatMap((host) => [world.idOn(host), world.idOn(host, 1)]);
  for (const id of ids) await world.view(0).create(Postman, id);
  t.like(await t.throwsAsync(world.view(1).create(Postman, ids[0]!)), { name: 'EntityExistsError' });
  const listed: unknown[] = [];
  for await (const id of world.view(1).list(Postman)) listed.push(id);
  t.deepEqual(listed.sort(), ids.sort());
  t.is((await world.view(0).locate(Postman, world.idOn(2))).host, 'h2');
  // A host that goes meanwhile has no live entities any more.
  const rest: unknown[] = [];
  for await (const id of world.view(0).list(Postman)) {
    if (rest.length === 0) world.kill(1);
    rest.push(id);
  }
  t.deepEqual(rest.sort(), [0, 2].flatMap((host) => [world.idOn(host), world.idOn(host, 1)]).sort());
  t.true(await world.view(0).destroy(Postman, world.idOn(2)));
  t.false(await world.view(0).destroy(Postman, world.idOn(2)));
});

test('an abort reaches the callee, locks come back along the chain, and a circle is refused', async (t) => {
  const world = await severalHosts(t, 3);
  const giveUp = new AbortController();
  const waiting = world.view(0).getProxy(Postman, world.idOn(1), { signal: giveUp.signal }).waitForEver();
  await quiet();
  giveUp.abort();
  t.like(await t.throwsAsync(waiting, { any: true }), { name: 'AbortError' });
  await quiet();
  t.is(await world.postman(1).givenUp(), 1);

  t.is(await world.postman(0).around(world.idOn(2)), `touched ${world.idOn(0)}`);

  const outcomes = await Promise.allSettled(
    [0, 1, 2].map((host) => world.postman(host).grasp(world.idOn((host + 1) % 3), world.idOn(0, 1), 3)),
  );
  const refused = outcomes.filter((one) => one.status === 'rejected');
  t.is(refused.length, 1);
  t.is((refused[0]!.reason as Error).name, 'DeadlockError');
  t.is(world.count('deadlocks'), 1);
});
