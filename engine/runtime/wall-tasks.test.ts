import test from 'ava';
import { contract } from '../contract/contract.ts';
import { Clockwork, Ticker } from '../testing/games/probe/contracts.fixture.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { Catalogue, GameDefinitionError } from './catalogue.ts';
import { NodeEntity } from './entity.ts';
import { defineGame, type EntityOptions, entity } from './game.ts';
import { journalOf, startProbes } from './probe-host.fixture.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** An entity that notes when it strikes, on the hour; ten minutes past one at first. */
async function startClockwork(t: Parameters<typeof startProbes>[0]) {
  const clock = new ManualClock(1000, Date.UTC(2030, 0, 1, 1, 10) - 1000);
  const probes = startProbes(t, { clock });
  const id = probes.host.idOn(1, Clockwork, probes.from);
  const clockwork = probes.view.getProxy(Clockwork, id);
  await clockwork.wake();
  const strikes = (): string[] => journalOf('Clockwork', id);
  /** In steps that a node takes while it sleeps. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 10 * SECOND) await probes.host.advance(Math.min(left, 10 * SECOND));
  };
  return { ...probes, clock, id, clockwork, strikes, pass };
}

test('a declared cron task runs at its times in UTC, with the host as its caller', async (t) => {
  const { host, strikes, pass } = await startClockwork(t);
  await pass(49 * MINUTE + 59 * SECOND);
  t.deepEqual(strikes(), []);
  await host.advance(999);
  t.deepEqual(strikes(), []);
  await host.advance(1);
  t.deepEqual(strikes(), ['2030-01-01T02:00:00.000Z host']);
  await pass(2 * HOUR);
  t.deepEqual(strikes().slice(1), ['2030-01-01T03:00:00.000Z host', '2030-01-01T04:00:00.000Z host']);
  t.is(host.count('taskOverruns'), 0);
});

test('cron to the second, replaced and cancelled', async (t) => {
  const { host, view, from } = await startClockwork(t);
  const ticker = view.getProxy(Ticker, from);
  await ticker.cancel('tick');
  await ticker.cron('fast', '*/5 * * * * *');
  for (let i = 0; i < 11; i++) await host.advance(SECOND);
  const said = (): string[] => journalOf('Ticker', from).filter((line) => line.startsWith('said'));
  t.deepEqual(said(), ['said fast host Infinity', 'said fast host Infinity']);
  await ticker.cron('fast', '0 * * * * *');
  for (let i = 0; i < 49; i++) await host.advance(SECOND);
  t.is(said().length, 3);
  t.true(await ticker.cancel('fast'));
  await host.advance(HOUR);
  t.is(said().length, 3);
});

test('a clock that is set forwards: the time that it jumped over is run once, soon', async (t) => {
  const { clock, strikes, pass } = await startClockwork(t);
  clock.setWall(55 * MINUTE);
  await pass(31 * SECOND);
  t.is(strikes().length, 1);
  t.regex(strikes()[0]!, /^2030-01-01T02:05:3/);
  await pass(HOUR);
  t.is(strikes().length, 2);
  t.regex(strikes()[1]!, /^2030-01-01T03:00:0/);
});

test('a machine that slept for hours does not run what is hours late', async (t) => {
  const { host, clock, strikes, pass } = await startClockwork(t);
  // Till 09:10: of eight strikes, the last is ten minutes old.
  clock.setWall(8 * HOUR);
  await pass(31 * SECOND);
  t.is(strikes().length, 1);
  t.regex(strikes()[0]!, /^2030-01-01T09:10/);
  t.is(host.count('taskOverruns'), 7);
  const ticker = host.view().getProxy(Ticker, host.idOn(1, Ticker, 77));
  await ticker.cancel('tick');
  await ticker.cron('nightly', '0 4 * * *');
  // From 09:10 to 09:10 of the day after next: twice missed, the second one five hours ago.
  clock.setWall(2 * DAY);
  await pass(31 * SECOND);
  t.deepEqual(
    journalOf('Ticker', host.idOn(1, Ticker, 77)).filter((line) => line.startsWith('said')),
    [],
  );
  t.is(host.count('taskOverruns'), 7 + 2 + 47);
});

test('a clock that is set back a little: nothing runs twice', async (t) => {
  const { host, clock, strikes, pass } = await startClockwork(t);
  await pass(50 * MINUTE);
  t.is(strikes().length, 1);
  // 01:30 again. The strike of 02:00 has been.
  clock.setWall(-30 * MINUTE);
  await pass(89 * MINUTE);
  t.is(strikes().length, 1);
  await pass(MINUTE);
  t.deepEqual(strikes().slice(1), ['2030-01-01T03:00:00.000Z host']);
  // Set back under the eyes of a timer that is about to fire.
  await pass(59 * MINUTE + 59 * SECOND);
  clock.setWall(-10 * SECOND);
  await host.advance(SECOND);
  t.is(strikes().length, 2);
  await host.advance(10 * SECOND);
  t.is(strikes()[2], '2030-01-01T04:00:00.000Z host');
});

test('a clock that was far ahead: its times count anew', async (t) => {
  const { clock, strikes, pass } = await startClockwork(t);
  clock.setWall(-365 * DAY);
  await pass(50 * MINUTE);
  t.deepEqual(strikes(), ['2029-01-01T02:00:00.000Z host']);
});

test('a tick that finds an entity lock held waits, once; later ones are skipped and counted', async (t) => {
  const { host, gate, id, clockwork, strikes, pass } = await startClockwork(t);
  const held = clockwork.stay();
  await gate.reached(`clockwork ${id}`);
  await pass(4 * HOUR);
  t.deepEqual(strikes(), []);
  t.is(host.count('taskOverruns'), 3);
  await gate.open(`clockwork ${id}`);
  await held;
  await host.settled();
  t.is(strikes().length, 1);
});

test('cron tasks end with their entity, and leave no timer', async (t) => {
  const { host, view, id, strikes } = await startClockwork(t);
  const timers = (): number => host.nodes[1]!.figures().gauges.timers!;
  const before = timers();
  await view.destroy(Clockwork, id);
  t.is(timers(), before - 2);
  await host.advance(2 * HOUR);
  t.deepEqual(strikes(), []);
});

test('what a declaration gets wrong is said when the game is defined', (t) => {
  const tasks = (declared: object): Catalogue => {
    class Clock extends NodeEntity {
      tick(): void {}
    }
    const options = { tasks: { tick: declared } } as EntityOptions;
    const game = defineGame({ name: 'x', entities: [entity(contract<object>('Clock', {}), Clock, options)] });
    return new Catalogue(game, { fingerprint: '', types: {}, contracts: [] });
  };
  for (const [declared, message] of [
    [{ cron: '61 * * * *' }, /^entity\(Clock\): task 'tick': "61 \* \* \* \*" is no cron expression: /],
    [{ cron: '0 0 31 4 *' }, /no such day/],
    [{ every: 'soon' }, /^entity\(Clock\): task 'tick': 'soon' is not a duration/],
    [{ every: 0 }, /every 0 ms is too often/],
    [{}, /write \{ every/],
    [{ every: '1s', cron: '@daily' }, /write \{ every/],
    [{ every: '1s', args: [] }, /write \{ every/],
  ] as const) {
    t.throws(() => tasks(declared), { instanceOf: GameDefinitionError, message });
  }
});
