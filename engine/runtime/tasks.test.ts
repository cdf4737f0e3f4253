import test from 'ava';
import { Ticker } from '../testing/games/probe/contracts.fixture.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { journalOf, startProbes } from './probe-host.fixture.ts';

async function startTicker(t: Parameters<typeof startProbes>[0], begin = 1000) {
  const clock = new ManualClock(begin);
  const probes = startProbes(t, { clock });
  const id = probes.host.idOn(1, Ticker, probes.from);
  const ticker = probes.view.getProxy(Ticker, id);
  await ticker.operation();
  const lines = (): string[] => journalOf('Ticker', id).filter((line) => line !== 'tick' && line !== 'operation');
  return { ...probes, clock, id, ticker, lines };
}

test('a declared task begins with the activation and does not drift', async (t) => {
  const { host, ticker, clock } = await startTicker(t, 1000.4);
  const wall = clock.wallNow();
  // Rounds come at odd times; each tick is counted from when the one before was due.
  for (let i = 0; i < 101; i++) await host.advance(7);
  const ticks = (await ticker.ticks()).map((at) => at - wall);
  t.is(ticks.length, 14);
  for (const [i, at] of ticks.entries()) {
    const due = (i + 1) * 50;
    t.true(at >= due && at < due + 8, `tick ${i} at ${at}`);
  }
  t.is(host.count('taskOverruns'), 0);
  t.is(host.count('tasksRun'), 14);
});

test('ticks that were missed are counted and not made up for', async (t) => {
  const { host, ticker } = await startTicker(t);
  await host.advance(50);
  await host.advance(1030);
  t.is((await ticker.ticks()).length, 2);
  t.is(host.count('taskOverruns'), 19);
  // Still at multiples of its interval.
  await host.advance(19);
  t.is((await ticker.ticks()).length, 2);
  await host.advance(1);
  t.is((await ticker.ticks()).length, 3);
});

test('every, once and cancel', async (t) => {
  const { host, ticker, lines } = await startTicker(t);
  await ticker.cancel('tick');
  await ticker.every('chat', 10, 'say');
  await ticker.once('later', 25, 'say', ['later', 1, { a: 2 }]);
  await host.advance(9);
  t.deepEqual(lines(), []);
  await host.advance(1);
  t.deepEqual(lines(), ['said host Infinity']);
  await host.advance(10);
  await host.advance(5);
  t.is(lines().at(-1), 'said later 1 [object Object] host Infinity');
  t.false(await ticker.cancel('later'));
  t.true(await ticker.cancel('chat'));
  t.false(await ticker.cancel('chat'));
  const count = lines().length;
  await host.advance(1000);
  t.is(lines().length, count);
  t.is(host.nodes[1]!.figures().gauges.timers, host.nodes[0]!.figures().gauges.timers! + 1);
});

test('a task of the same name takes the place of the one before', async (t) => {
  const { host, ticker, lines } = await startTicker(t);
  await ticker.once('x', 10, 'say', ['old']);
  await ticker.once('x', 20, 'say', ['new']);
  await host.advance(100);
  t.deepEqual(lines(), ['said new host Infinity']);
});

test('errors of tasks are logged with entity and task, counted, and end nothing', async (t) => {
  const { host, ticker, id, lines } = await startTicker(t);
  await ticker.every('bad', 10, 'breaks');
  await ticker.once('worse', 10, 'breaksSoon', []);
  await host.advance(10);
  await host.advance(10);
  t.deepEqual(lines(), ['breaks', 'breaks']);
  const errors = host.log.lines.filter(({ level }) => level === 'error');
  t.deepEqual(
    errors.map(({ fields }) => [fields.entity, fields.id, fields.operation, (fields.err as Error).message]).sort(),
    [
      ['Ticker', String(id), "task 'bad'", 'task broke'],
      ['Ticker', String(id), "task 'bad'", 'task broke'],
      ['Ticker', String(id), "task 'worse'", 'task broke soon'],
    ],
  );
  t.is(host.count('turnsFailed'), 3);
});

test('a run that is not over when the next is due: that one is skipped and counted', async (t) => {
  const { host, ticker, gate, id, lines } = await startTicker(t);
  await ticker.cancel('tick');
  await ticker.every('slow', 10, 'long');
  await host.advance(10);
  await gate.reached(`long ${id}`);
  await host.advance(10);
  await host.advance(10);
  t.deepEqual(lines(), ['long']);
  t.is(host.count('taskOverruns'), 2);
  await gate.open(`long ${id}`);
  await host.advance(10);
  t.deepEqual(lines(), ['long', '/long', 'long', '/long']);
});

test('a task waits for the lock of an operation, and one that is cancelled meanwhile does not run', async (t) => {
  const { host, ticker, gate, lines } = await startTicker(t);
  await ticker.cancel('tick');
  const held = ticker.hold('gate');
  await gate.reached('gate');
  const set = [
    ticker.once('kept', 5, 'say', ['kept']),
    ticker.once('dropped', 5, 'say', ['dropped']),
    ticker.every('repeated', 5, 'say'),
  ];
  await gate.open('gate');
  await Promise.all([held, ...set]);
  const again = ticker.hold('gate 2');
  await gate.reached('gate 2');
  await host.advance(5);
  t.deepEqual(lines(), []);
  const cancelled = [ticker.cancel('dropped'), ticker.cancel('repeated')];
  await gate.open('gate 2');
  await again;
  // They stood behind the tasks, which had waited longer: too late for those that run once.
  t.deepEqual(await Promise.all(cancelled), [false, true]);
  t.deepEqual(lines(), ['said kept host Infinity', 'said dropped host Infinity', 'said host Infinity']);
  await host.advance(100);
  t.is(lines().length, 3);
});

test('what cannot be a task is refused with words', async (t) => {
  const { ticker } = await startTicker(t);
  t.regex(await ticker.refused('method'), /^TypeError: Task 'x': TickerEntity has no method 'nothing'/);
  t.regex(await ticker.refused('interval'), /^RangeError: task 'x': every 0 ms is too often/);
  t.regex(await ticker.refused('duration'), /^TypeError: task 'x': 'soon'/);
  t.regex(await ticker.refused('cron'), /^TypeError: task 'x': "0 4 \* \*" is no cron expression/);
  t.regex(await ticker.refused('never'), /^RangeError: task 'x': "0 0 30 2 \*" .* no such day/);
  t.regex(await ticker.refused('durable'), /^TypeError: Task 'x': durable tasks .* persistent: true/);
  t.regex(await ticker.refused('missed'), /^TypeError: Task 'x': missed is for durable tasks/);
  t.regex(await ticker.refused('option'), /^TypeError: Task 'x': unknown option 'durably'/);
  t.regex(await ticker.refused('args'), /^TypeError: Task 'x': args is a list/);
});

test('a task that is quarantined is skipped, and runs again once it is released', async (t) => {
  const { host, ticker, id, lines } = await startTicker(t);
  await ticker.cancel('tick');
  await ticker.every('chat', 10, 'say');
  await ticker.once('single', 10, 'say', ['single']);
  host.nodes[1]!.refuse([{ type: 'Ticker', id, operation: 'task' }]);
  await host.advance(10);
  await host.advance(10);
  t.deepEqual(lines(), []);
  t.is(host.count('refusedQuarantined'), 3);
  host.nodes[1]!.refuse([]);
  await host.advance(10);
  t.deepEqual(lines(), ['said host Infinity']);
  t.is(host.count('taskOverruns'), 0);
  t.false(await ticker.cancel('single'));
});

test('tasks end with their entity', async (t) => {
  const { host, view, ticker, id, lines } = await startTicker(t);
  await ticker.every('chat', 10, 'say');
  await view.destroy(Ticker, id);
  await host.advance(1000);
  t.deepEqual(lines(), []);
  t.is(host.count('tasksRun'), 0);
});

test('a task wakes a node that sleeps', async (t) => {
  const { view, from } = startProbes(t);
  const ticker = view.getProxy(Ticker, from);
  await ticker.once('soon', 20, 'say', ['awake']);
  // On the system's clock, with nothing else to do.
  const lines = journalOf('Ticker', from);
  for (let turn = 0; !lines.includes('said awake host Infinity'); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (turn > 1000) break;
  }
  t.true(lines.includes('said awake host Infinity'));
});
