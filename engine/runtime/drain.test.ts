import test from 'ava';
import { UnavailableError } from '../base/errors.ts';
import { Brittle, Gate, Made, Ticker } from '../testing/games/probe/contracts.fixture.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { failureOf, journalOf, startProbes } from './probe-host.fixture.ts';

test('a node that drains lets what runs end, then every entity leaves with a reason', async (t) => {
  const { host, view, gate, probe, from } = startProbes(t);
  const made = host.idOn(1, Made, from);
  await view.create(Made, made, 1);
  const ticker = view.getProxy(Ticker, host.idOn(1, Ticker, from));
  await ticker.operation();
  const held = probe(1).exclusive('held', 'gate');
  await gate.reached('gate');
  const behind = probe(1).add(3);
  await host.settled();

  let isDrained = false;
  const drained = host.nodes[1]!.drain(10_000).then(() => {
    isDrained = true;
  });
  await host.settled();
  t.deepEqual(journalOf('Made', made).slice(1), ['leaving: shutdown', 'left: shutdown']);
  t.false(isDrained);
  await gate.open('gate');
  await held;
  t.is(await behind, 3);
  await drained;
  t.is(host.nodes[1]!.figures().gauges.entities, 0);
  t.is(host.nodes[1]!.figures().gauges.timers, 0);
});

test('a node that drains activates nobody any more, and says so', async (t) => {
  const { host, view, probe, from } = startProbes(t);
  await host.nodes[1]!.drain(100);
  const refused = { instanceOf: UnavailableError, code: 'no-owner', message: /stopping/ };
  const error = await t.throwsAsync(probe(1).add(1), refused);
  t.is((error as UnavailableError).outcome, 'notExecuted');
  await t.throwsAsync(view.create(Made, host.idOn(1, Made, from)), refused);
  t.is(await view.destroy(Made, host.idOn(1, Made, from)), false);
  probe(1).note('lost');
  await host.settled();
  t.is(host.count('deadLetters'), 1);
  // The other node goes on.
  t.is(await probe(0).add(1), 1);
});

test('what waits for an entity that leaves is refused as well', async (t) => {
  const { host, view, gate, from } = startProbes(t);
  // Not where the gate is: it would leave with it.
  const { node: gateNode } = await view.locate(Gate, 0);
  const node = 1 - gateNode;
  let id = `gated drain ${from}`;
  while ((await view.locate(Made, id)).node !== node) id += '.';
  await view.create(Made, id, 1);
  const drained = host.nodes[node]!.drain(10_000);
  await gate.reached(`leave ${id}`);
  const late = failureOf(view.getProxy(Made, id).read());
  await host.settled();
  await gate.open(`leave ${id}`);
  t.truthy(await late);
  await drained;
});

test('it gives up on what does not end, and says so', async (t) => {
  const { host, gate, probe } = startProbes(t, { clock: new ManualClock() });
  const held = failureOf(probe(1).hold('held', 'never'));
  await gate.reached('never');
  const drained = host.nodes[1]!.drain(50);
  for (let i = 0; i < 12; i++) await host.advance(5);
  await drained;
  const line = host.log.lines.find(({ message }) => /gave up/.test(message));
  t.true(Number(line?.fields.entities) >= 1);
  host.stop();
  t.is((await held).name, 'NodeDownError');
});

test('an entity that throws when it leaves does not keep the others', async (t) => {
  const { host, view, from } = startProbes(t);
  const ids = [1, 2, 3].map((nth) => `leaves ${from} ${nth}`);
  for (const id of ids) await view.getProxy(Brittle, id).leaving();
  await Promise.all(host.nodes.map((node) => node.drain(1000)));
  for (const id of ids) t.deepEqual(journalOf('Brittle', id), ['try 1', 'shutdown']);
  t.is(host.log.lines.filter(({ fields }) => fields.operation === 'onDeactivate').length, 3);
});
