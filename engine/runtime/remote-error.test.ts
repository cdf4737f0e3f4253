import test from 'ava';
import { CallTimeoutError, type EngineError, EntityNotFoundError, GameError, RemoteError } from '../base/errors.ts';
import { Made } from '../testing/games/probe/contracts.fixture.ts';
import { startProbes } from './probe-host.fixture.ts';

for (const node of [0, 1]) {
  test(`errors of the callee reach its caller: node ${node}`, async (t) => {
    const { host, probe } = startProbes(t);
    const callee = probe(node);
    const failed = async (how: string): Promise<any> => {
      const error = await t.throwsAsync(callee.fail(how), { any: true }, how);
      const later = await t.throwsAsync(callee.failSoon(how), { any: true }, how);
      t.is((later as Error).message.replace('failSoon', 'fail'), (error as Error).message);
      return error;
    };
    const game = await failed('game');
    t.true(game instanceof GameError);
    t.is(game.code, 'no-gold');
    t.deepEqual(game.data, { gold: 3, at: new Date(0) });
    t.is((await failed('game without data')).data, undefined);

    const plain = await failed('plain');
    t.true(plain instanceof RemoteError);
    t.is(plain.message, 'boom');
    t.regex(plain.remoteStack, /RangeError: boom\n\s+at .*probe\.fixture/);
    t.is((await failed('string')).message, 'just text');
    t.is((await failed('nothing')).message, 'undefined');
    t.true((await failed('hostile')) instanceof RemoteError);

    const engine = await failed('engine');
    t.true(engine instanceof CallTimeoutError);
    t.is(engine.outcome, 'unknown');
    t.is(engine.message, 'inner timeout (in Probe.fail)');
    t.true(engine.cause instanceof CallTimeoutError);
    t.is(engine.cause.message, 'inner timeout');
    t.is(host.count('turnsFailed'), 14);
    t.is(await callee.add(1), 1);
  });
}

test('the hops of an engine error stand in its causes, and the outcome of the outer ones is unknown', async (t) => {
  const { view, probe } = startProbes(t);
  const missing = await t.throwsAsync(view.getProxy(Made, 'nobody').read(), { instanceOf: EntityNotFoundError });
  t.is((missing as EngineError).outcome, 'notExecuted');
  const two = await t.throwsAsync<any>(probe(0).failThrough(probe(1), 'engine'));
  t.true(two instanceof CallTimeoutError);
  t.is(two.outcome, 'unknown');
  t.true(two.cause instanceof CallTimeoutError);
  t.true(two.cause.cause instanceof CallTimeoutError);
  t.is(two.cause.cause.message, 'inner timeout');
  const game = await t.throwsAsync<any>(probe(0).failThrough(probe(1), 'game'));
  t.true(game instanceof GameError);
  t.is(game.data.gold, 3);
  const plain = await t.throwsAsync<any>(probe(0).failThrough(probe(1), 'plain'));
  t.true(plain instanceof RemoteError);
  t.is(plain.message, 'boom');
});

test('errors that do not travel as they are still reach their caller', async (t) => {
  const { host, probe } = startProbes(t);
  const unsendable = await t.throwsAsync<any>(probe().fail('game with a function'));
  t.true(unsendable instanceof GameError);
  t.is(unsendable.code, 'no-gold');
  t.is(unsendable.data, undefined);
  t.truthy(host.log.lines.find(({ message }) => /data of a GameError/.test(message)));
  const large = await t.throwsAsync<any>(probe().fail('game too large'));
  t.true(large instanceof GameError);
  t.is(large.code, 'no-gold');
  const text = await t.throwsAsync<any>(probe().fail('plain too large'));
  t.true(text instanceof RemoteError);
  t.regex(text.message, /^x{1000}…$/);
  t.is(await probe().add(1), 1);
});

test('an error in a void operation is logged with entity and operation, counted, and ends nothing', async (t) => {
  const { host, probe, probeId } = startProbes(t);
  probe().failOneWay('plain');
  probe().failSoonOneWay('game');
  t.is(await probe().add(1), 1);
  await host.settled();
  const lines = host.log.lines.filter(({ level }) => level === 'error');
  t.deepEqual(
    lines.map(({ fields }) => [fields.entity, fields.id, fields.operation, (fields.err as Error).message]),
    [
      ['Probe', String(probeId()), 'Probe.failOneWay', 'boom'],
      ['Probe', String(probeId()), 'Probe.failSoonOneWay', 'no-gold'],
    ],
  );
  t.is(host.count('turnsFailed'), 2);
});
