import test from 'ava';
import { encodeCbor } from '../../../transport/codec/cbor.ts';
import { FaultyStore } from '../../testing/faulty-store.fixture.ts';
import { Chronicle, Diary, Slate, Will } from '../../testing/games/diaries/contracts.fixture.ts';
import { ManualClock } from '../../testing/manual-clock.ts';
import { startDiaries } from './diaries.fixture.ts';
import { encodeMark, IMPORTED_PREFIX, MARK_KEY } from './due-pages.ts';
import { ENTITY_PREFIX, recordKey } from './record-key.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Who had to be activated first is a millisecond or two late. */
const about = (lines: readonly string[]): string[] => lines.map((line) => line.replace(/\d$/, '0'));

test('a task is in the store once the promise resolves, with its arguments, and fires in the same life', async (t) => {
  const { diary, pass, beside } = startDiaries(t);
  const mine = diary('d');
  await mine.once('rain', 5 * SECOND, 'once', new Map([['a', 1n]]));
  t.deepEqual((await beside('d')).tasks[0].slice(0, 4), ['rain', 'write', ['rain', new Map([['a', 1n]])], null]);
  await pass(4999);
  t.deepEqual(await mine.lines(), []);
  await pass(1);
  t.deepEqual(await mine.lines(), ['rain Map a,1 at 5000']);
  // What is over is not kept.
  await pass(2 * SECOND);
  t.is(await beside('d'), undefined);
});

test('it fires although its entity is gone, which is activated for it, and goes again', async (t) => {
  const { host, diary, pass, isInMemory, indexed, clock } = startDiaries(t);
  const begin = clock.wallNow();
  await diary('d').once('rain', 10 * MINUTE, 'once', null);
  await pass(MINUTE);
  t.false(isInMemory('d'));
  t.deepEqual(await indexed('d'), [begin + 10 * MINUTE]);
  await pass(9 * MINUTE - SECOND);
  t.false(isInMemory('d'));
  await pass(SECOND);
  t.true(isInMemory('d'));
  await pass(MINUTE);
  t.false(isInMemory('d'));
  t.deepEqual(about(await diary('d').lines()), ['rain at 600000']);
  t.deepEqual(await indexed('d'), []);
  t.is(host.count('turnsFailed'), 0);
});

test('it fires after a crash: at its time, or at once when that has passed', async (t) => {
  const first = startDiaries(t);
  await first.diary(1).once('late', MINUTE, 'once', null);
  await first.diary(2).once('missed', MINUTE, 'skip', null);
  await first.diary(3).once('early', 10 * MINUTE, 'once', null);
  first.clock.move(5 * MINUTE);
  const second = first.crash();
  await second.pass(2 * SECOND);
  t.true(second.isInMemory(1) && second.isInMemory(2) && !second.isInMemory(3));
  t.deepEqual(about(await second.diary(1).lines()), ['late at 300000']);
  t.deepEqual(await second.diary(2).lines(), []);
  await second.pass(5 * MINUTE);
  t.deepEqual(about(await second.diary(3).lines()), ['early at 600000']);
  await second.pass(MINUTE);
  for (const id of [1, 2, 3]) t.deepEqual(await second.indexed(id), [], `${id}`);
});

test('every and cron keep their grid over a crash; missed times are made up for once, or not at all', async (t) => {
  const first = startDiaries(t, { clock: new ManualClock(0, Date.UTC(2030, 0, 1, 0, 10)) });
  const mine = first.diary('d');
  await mine.every('once', 10 * MINUTE, 'once');
  await mine.every('skip', 10 * MINUTE, 'skip');
  await mine.cron('hour', '0 * * * *', 'once');
  first.clock.move(95 * MINUTE);
  const second = first.crash();
  await second.pass(SECOND);
  const lines = about(await second.diary('d').lines());
  t.deepEqual(lines.sort(), ['hour at 5700000', 'once at 5700000']);
  await second.pass(5 * MINUTE + SECOND);
  t.deepEqual(about((await second.diary('d').lines()).slice(2)).sort(), ['once at 6000000', 'skip at 6000000']);
  await second.pass(10 * MINUTE);
  t.deepEqual(about((await second.diary('d').lines()).slice(4)).sort(), [
    'hour at 6600000',
    'once at 6600000',
    'skip at 6600000',
  ]);
});

test('a cancelled task does not come back, whoever is asked', async (t) => {
  const first = startDiaries(t);
  await first.diary('d').once('rain', MINUTE, 'once', null);
  await first.diary('d').every('wind', 5 * SECOND, 'once');
  t.true(await first.diary('d').cancel('rain'));
  t.false(await first.diary('d').cancel('rain'));
  const second = first.crash();
  await second.pass(10 * SECOND);
  t.true(await second.diary('d').cancel('wind'));
  const lines = await second.diary('d').lines();
  t.deepEqual(about(lines), ['wind at 5000', 'wind at 10000']);
  await second.pass(5 * MINUTE);
  t.deepEqual(await second.diary('d').lines(), lines);
  t.is(await second.beside('d'), undefined);
  t.deepEqual(await second.indexed('d'), []);
});

test('a task of a name takes the place of another, durable or not', async (t) => {
  const { diary, pass, beside } = startDiaries(t);
  const mine = diary('d');
  await mine.once('a', 5 * SECOND, 'once', 'first');
  await mine.once('a', 6 * SECOND, 'once', 'second');
  await mine.once('b', 5 * SECOND, 'once', 'durable');
  await mine.soon('b', 6 * SECOND);
  t.is((await beside('d')).tasks.length, 1);
  await pass(10 * SECOND);
  t.deepEqual(await mine.lines(), ['a second at 6000', 'b at 6000']);
});

test('state and task of one slice are in one record, whenever it crashes', async (t) => {
  const first = startDiaries(t);
  void first
    .diary('d')
    .planAndLinger('rain', MINUTE, HOUR)
    .catch(() => {});
  await first.host.settled();
  const second = first.crash();
  const mine = second.diary('d');
  t.deepEqual(await mine.lines(), ['planned rain at 0']);
  await second.pass(MINUTE + SECOND);
  t.deepEqual(about((await mine.lines()).slice(1)), ['rain at 60000']);
});

test('what an entity says on each activation goes on as it was', async (t) => {
  const clock = new ManualClock(0, Date.UTC(2030, 0, 1, 0, 50));
  const { view, pass } = startDiaries(t, { clock });
  const chronicle = view.getProxy(Chronicle, 1);
  await chronicle.lines();
  await pass(3 * HOUR + SECOND);
  const lines = about(await chronicle.lines());
  const hours = lines.filter((line) => line.startsWith('hour'));
  t.deepEqual(hours, ['hour at 600000', 'hour at 4200000', 'hour at 7800000']);
  const halves = lines.filter((line) => line.startsWith('half'));
  t.deepEqual(
    halves,
    [1, 2, 3, 4, 5, 6].map((n) => `half at ${n * 30 * MINUTE}`),
  );
  t.true((await chronicle.lives()) > 5);
});

test('a run that throws is over', async (t) => {
  const { diary, pass, host } = startDiaries(t);
  await diary('d').once('rain', SECOND, 'once', 'throws');
  await pass(5 * MINUTE);
  t.deepEqual(await diary('d').lines(), ['rain throws at 1000']);
  t.is(host.count('turnsFailed'), 1);
});

test('a run that was not over when the thread died begins again', async (t) => {
  const first = startDiaries(t);
  t.is(await first.diary('d').plan('rain', 'linger'), 'planned');
  // Its state is saved meanwhile.
  const begun = first.diary('d');
  await first.pass(3 * SECOND);
  t.is((await begun.lines()).length, 1);
  const second = first.crash();
  await second.pass(10 * SECOND);
  t.deepEqual(
    (await second.diary('d').lines()).map((line) => line.split(' at ')[0]),
    ['undefined began', 'undefined began', 'undefined ended'],
  );
  await second.pass(MINUTE);
  t.is((await second.diary('d').lines()).length, 3);
});

test('what can be no durable task is refused at once, and nothing of it stays', async (t) => {
  const { diary, view, pass, beside } = startDiaries(t);
  const mine = diary('d');
  t.regex(await view.getProxy(Slate, 1).plan(), /^TypeError: Task 'later': durable tasks .*persistent: true/);
  t.regex(await mine.plan('x', 'nothing'), /no method 'nothing'/);
  t.regex(await mine.plan('x', 'sign'), /^TypeError: Task 'x': args\[0\]/);
  t.is(await mine.plan('x', 'pile'), 'InvalidMessageError too-large');
  await t.throwsAsync(mine.every('x', 999, 'once'), { message: /at least 1 s/ });
  await pass(2 * SECOND);
  t.is(await beside('d'), undefined);
});

test('a task that this code cannot run is kept, said once, and runs when the code can again', async (t) => {
  const clock = new ManualClock();
  const begin = clock.wallNow();
  const store = new FaultyStore();
  const tasks = [
    ['gone', 'removed', [], null, begin + SECOND, 'once'],
    ['odd', 'note', ['odd'], 'no cron', begin + SECOND, 'once'],
    ['back', 'note', ['back'], null, begin + SECOND, 'once', true],
    ['sound', 'note', ['sound'], null, begin + 2 * SECOND, 'once'],
  ];
  await store.inner.claim(0, 1);
  const bytes = encodeCbor([1, { lines: [], since: begin }, { tasks }]);
  await store.inner.save([{ key: recordKey('Diary', 'd'), bytes, expectedEtag: null, slot: 0, epoch: 1 }], 'committed');
  const first = startDiaries(t, { clock, faulty: store, epoch: 2 });
  await first.diary('d').lines();
  await first.pass(MINUTE);
  t.deepEqual(about(await first.diary('d').lines()), ['back at 1000', 'sound at 2000']);
  t.deepEqual(first.host.log.lines.filter(({ message }) => message.includes('it is kept')).length, 2);
  const left = (await first.beside('d')).tasks;
  t.deepEqual(
    left.map((row: unknown[]) => [row[0], row[6]]),
    [
      ['gone', true],
      ['odd', true],
    ],
  );
  t.true(await first.diary('d').cancel('gone'));
  await first.pass(MINUTE);
  t.false(first.isInMemory('d'));
  t.is((await first.beside('d')).tasks.length, 1);
  t.deepEqual(await first.indexed('d'), []);
});

test('who has tasks and is destroyed is not activated for them; one that was made anew has none', async (t) => {
  const { view, pass, indexed, host } = startDiaries(t);
  await view.create(Will, 'w');
  const will = view.getProxy(Will, 'w');
  await will.leave('all', MINUTE);
  t.is((await indexed('w', 'Will')).length, 1);
  t.true(await view.destroy(Will, 'w'));
  await pass(2 * SECOND);
  t.is((await indexed('w', 'Will')).length, 0);
  await view.create(Will, 'w');
  await pass(2 * MINUTE);
  t.deepEqual(await will.lines(), []);
  t.is(host.find(Will, 'x'), undefined);
});

test('one that cannot be activated is tried again later', async (t) => {
  const { view, pass } = startDiaries(t);
  await view.create(Will, 'contested');
  await view.getProxy(Will, 'contested').leave('all', MINUTE);
  await pass(3 * MINUTE);
  const lines = await view.getProxy(Will, 'contested').lines();
  t.is(lines.length, 3);
  t.regex(lines[2]!, /^all at (8|9)\d{4}$|^all at 1[0-2]\d{4}$/);
});

test('the wall clock is set forwards: what was jumped over is run once within half a minute', async (t) => {
  const { diary, pass, clock } = startDiaries(t);
  await diary('d').once('rain', HOUR, 'once', null);
  await diary('e').every('wind', 10 * MINUTE, 'skip');
  await pass(MINUTE);
  clock.setWall(2 * HOUR + 5 * MINUTE);
  await pass(31 * SECOND);
  t.is((await diary('d').lines()).length, 1);
  t.deepEqual(await diary('e').lines(), []);
  await pass(10 * MINUTE);
  t.is((await diary('e').lines()).length, 1);
});

test('the wall clock was wrong and is set back: who is in memory goes on from now', async (t) => {
  const { diary, pass, clock } = startDiaries(t);
  const mine = diary('d');
  await mine.every('wind', 5 * SECOND, 'once');
  await mine.once('rain', MINUTE, 'once', null);
  await pass(6 * SECOND);
  await mine.touch();
  clock.setWall(-5 * HOUR);
  for (let i = 0; i < 30; i++) {
    await pass(4 * SECOND);
    await mine.touch();
  }
  const lines = (await mine.lines()).map((line) => line.split(' ')[0]);
  t.is(lines.filter((line) => line === 'rain').length, 1);
  t.true(lines.filter((line) => line === 'wind').length > 15);
});

test('a store that fails: nothing is said to be kept, and later it is', async (t) => {
  const { diary, pass, store, crash } = startDiaries(t);
  await diary('d').lines();
  store.isDown = true;
  const planned = t.throwsAsync(diary('d').once('rain', 5 * MINUTE, 'once', null));
  await pass(20 * SECOND);
  await planned;
  store.isDown = false;
  await pass(MINUTE);
  const second = crash();
  await second.pass(5 * MINUTE);
  t.is((await second.diary('d').lines()).length, 1);
});

test('a slot that goes to another node takes its tasks along', async (t) => {
  const { host, diary, pass, isInMemory, view } = startDiaries(t);
  const before = host.ownerOf(Diary, 'd');
  await diary('d').once('rain', 10 * MINUTE, 'once', null);
  await diary('d').once('snow', 20 * MINUTE, 'once', null);
  await pass(MINUTE);
  t.false(isInMemory('d'));
  const { slot } = await view.locate(Diary, 'd');
  host.give(slot, 1 - before);
  t.is(host.ownerOf(Diary, 'd'), 1 - before);
  await pass(9 * MINUTE + SECOND);
  t.true(isInMemory('d'));
  t.deepEqual(about(await diary('d').lines()), ['rain at 600000']);
  // And back, to a node that had closed it.
  await pass(MINUTE);
  t.false(isInMemory('d'));
  host.give(slot, before);
  await pass(10 * MINUTE);
  t.deepEqual(about(await diary('d').lines()), ['rain at 600000', 'snow at 1200000']);
  t.is(host.count('dispossessed'), 0);
});

test('a store that has no durable tasks is asked once for each node whether there are any', async (t) => {
  const { host, diary, pass } = startDiaries(t);
  await diary('d').touch();
  await pass(MINUTE);
  // One look for the mark each, and the entity.
  t.is(host.count('storeLoads'), 3);
  await diary('d').once('rain', SECOND, 'once', null);
  await pass(MINUTE);
  t.true(host.count('storeLoads') < 20, `${host.count('storeLoads')}`);
});

test('tasks that were imported, and so are in no index, are taken over at the start', async (t) => {
  const first = startDiaries(t);
  for (let id = 0; id < 40; id++) await first.diary(id).once('rain', 10 * MINUTE, 'once', null);
  await first.diary('idle').touch();
  const store = new FaultyStore();
  const slot = 4097;
  await store.inner.claim(slot, 1);
  const put = async (key: string, bytes: Uint8Array): Promise<void> => {
    await store.inner.save([{ key, bytes, expectedEtag: null, slot, epoch: 1 }], 'committed');
  };
  for await (const { key, record } of first.store.inner.scan(ENTITY_PREFIX)) {
    await put(key, record.bytes);
    await put(IMPORTED_PREFIX + key.slice(ENTITY_PREFIX.length), encodeMark(true));
  }
  // Of a game that had more types.
  await put(`${IMPORTED_PREFIX}Novel/n1`, encodeMark(true));
  await put(MARK_KEY, encodeMark(true));
  // Other ids are in other slots there.
  const second = startDiaries(t, { faulty: store, clock: first.clock, epoch: 2, seed: 99 });
  await second.pass(SECOND);
  t.is(second.host.count('activations'), 0);
  t.is((await second.indexed(7)).length, 1);
  const left: string[] = [];
  for await (const { key } of store.inner.scan(IMPORTED_PREFIX)) left.push(key);
  t.deepEqual(left, [`${IMPORTED_PREFIX}Novel/n1`]);
  await second.pass(10 * MINUTE);
  for (let id = 0; id < 40; id++) t.deepEqual(about(await second.diary(id).lines()), ['rain at 600000']);
});

test('who starts reads no tasks but those that are due', async (t) => {
  const first = startDiaries(t);
  for (let id = 0; id < 50; id++) await first.diary(id).once('rain', HOUR, 'once', null);
  await first.diary('now').once('rain', MINUTE, 'once', null);
  await first.pass(30 * SECOND);
  first.clock.move(MINUTE);
  const second = first.crash();
  await second.pass(SECOND);
  t.is(second.host.count('activations'), 1);
  // The mark for each node, a directory for each slot; one page and one entity, and that page again to take it out.
  const loads = second.host.count('storeLoads');
  t.true(loads >= 4096 + 4 && loads <= 4096 + 8, `${loads}`);
  t.is((await second.diary('now').lines()).length, 1);
});

test('what nobody had time for, or the store held up, was not missed', async (t) => {
  const { diary, pass, store } = startDiaries(t);
  await diary('d').once('rain', 2 * MINUTE, 'skip', null);
  await pass(MINUTE);
  store.isDown = true;
  await pass(5 * MINUTE);
  store.isDown = false;
  await pass(MINUTE);
  const lines = await diary('d').lines();
  t.is(lines.length, 1);
  t.true(Number(lines[0]!.split(' at ')[1]) > 6 * MINUTE);
});
