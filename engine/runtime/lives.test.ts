import test from 'ava';
import { EntityExistsError, EntityNotFoundError, NodeDownError } from '../base/errors.ts';
import { Brittle, Made, Member, Party, Probe, Values } from '../testing/games/probe/contracts.fixture.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { failureOf, journalOf, startProbes } from './probe-host.fixture.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

// ---- create, destroy

for (const node of [0, 1]) {
  test(`what is not created by itself must be created: node ${node}`, async (t) => {
    const { host, view, from } = startProbes(t);
    const id = host.idOn(node, Made, from);
    const made = view.getProxy(Made, id);
    const missing = { instanceOf: EntityNotFoundError, code: 'not-found', message: new RegExp(`Made/${id}`) };
    await t.throwsAsync(made.read(), missing);
    t.is(await view.destroy(Made, id), false);

    await view.create(Made, id);
    t.is(await made.read(), 'initial');
    const twice = await t.throwsAsync(view.create(Made, id), { instanceOf: EntityExistsError, code: 'exists' });
    t.is((twice as EntityExistsError).outcome, 'notExecuted');

    t.is(await view.destroy(Made, id), true);
    await t.throwsAsync(made.read(), missing);
    await view.create(Made, id, { gold: 5, since: new Date(0) });
    t.deepEqual(await made.read(), { gold: 5, since: new Date(0) });
    t.deepEqual(journalOf('Made', id), [
      'activated with "initial"',
      'leaving: destroyed',
      'left: destroyed',
      'activated with {"gold":5,"since":"1970-01-01T00:00:00.000Z"}',
    ]);
  });
}

test('an initial state is a value: not shared, and refused when it does not travel', async (t) => {
  const { view, from } = startProbes(t);
  const initial = { list: [1] };
  const created = view.create(Made, from, initial);
  initial.list.push(2);
  await created;
  t.deepEqual(await view.getProxy(Made, from).read(), { list: [1] });
  await view.create(Made, from + 1, null);
  t.is(await view.getProxy(Made, from + 1).read(), null);
  await t.throwsAsync(view.create(Made, from + 2, { run: () => 1 }), {
    instanceOf: TypeError,
    message: /^node\.create\(\): initial\.run is .* does not travel/,
  });
  await t.throwsAsync(view.create(Made, 1.5), { instanceOf: RangeError });
  await t.throwsAsync(view.create(Made, from + 3, 'x'.repeat(20_000_000)), {
    name: 'InvalidMessageError',
    code: 'too-large',
  });
});

test('an entity that is created by itself exists once it was called', async (t) => {
  const { view, probe, probeId } = startProbes(t);
  await probe().add(1);
  await t.throwsAsync(view.create(Probe, probeId()), { instanceOf: EntityExistsError });
});

test('destroy waits for what runs and what came before it; what comes later meets the next one', async (t) => {
  const { host, view, gate, probe, probeId } = startProbes(t);
  const held = probe().hold('held', 'gate');
  await gate.reached('gate');
  await probe().add(5);
  const destroyed = view.destroy(Probe, probeId());
  const after = probe().add(1);
  await host.settled();
  t.is(host.count('deactivations'), 0);
  await gate.open('gate');
  await held;
  t.is(await destroyed, true);
  t.is(await after, 1);
});

test('create behind a destroy makes a new one, in the order of sending', async (t) => {
  const { view, gate, from } = startProbes(t);
  const id = `gated ${from}`;
  await view.create(Made, id, 1);
  const made = view.getProxy(Made, id);
  const steps = [
    view.destroy(Made, id),
    view.create(Made, id, 2),
    made.read(),
    failureOf(view.create(Made, id, 3)),
    made.read(),
  ] as const;
  await gate.reached(`leave ${id}`);
  await gate.open(`leave ${id}`);
  const [destroyed, , second, exists, still] = await Promise.all(steps);
  t.is(destroyed, true);
  t.is(second, 2);
  t.true(exists instanceof EntityExistsError);
  t.is(still, 2);

  // The destroy itself has to wait for a turn that is open.
  const held = made.hold(`hold ${id}`);
  await gate.reached(`hold ${id}`);
  const more = [view.destroy(Made, id), view.create(Made, id, 4), made.read()] as const;
  await gate.open(`hold ${id}`);
  t.deepEqual(await Promise.all([...more, held]), [true, undefined, 4, undefined]);
});

test('a create behind a destroy that was given up meets the old one', async (t) => {
  const { host, view, gate, from } = startProbes(t, { clock: new ManualClock() });
  const id = `kept ${from}`;
  await view.create(Made, id, 1);
  const made = view.getProxy(Made, id);
  const held = made.hold('gate');
  await gate.reached('gate');
  const destroy = failureOf(view.destroy(Made, id));
  await host.settled();
  await host.advance(20_000);
  const create = failureOf(view.create(Made, id, 2));
  await host.settled();
  await host.advance(10_001);
  t.is((await destroy).name, 'CallTimeoutError');
  await gate.open('gate');
  await held;
  t.true((await create) instanceof EntityExistsError);
  t.is(await made.read(), 1);
});

// ---- activation

test('an entity that cannot be activated refuses what waits, and the next call tries again', async (t) => {
  const { host, view, from } = startProbes(t);
  const brittle = view.getProxy(Brittle, `sync ${from}:2`);
  const error = await t.throwsAsync(brittle.journal(), { instanceOf: NodeDownError, code: 'entity-crashed' });
  t.regex(error!.message, /Brittle\/sync \d+:2 could not be activated: Error: cannot live/);
  brittle.note('lost');
  await host.settled();
  t.is(host.count('deadLetters'), 1);
  brittle.note('heard');
  t.deepEqual(await brittle.journal(), ['try 1', 'try 2', 'try 3', 'heard']);
  const failures = host.log.lines.filter(({ fields }) => fields.operation === 'onActivate');
  t.is(failures.length, 2);
  t.like(failures[0]!.fields, { entity: 'Brittle', id: `sync ${from}:2` });
});

test('calls wait for an asynchronous onActivate, in order, and are refused when it fails', async (t) => {
  const { host, view, gate, from } = startProbes(t);
  const id = `async ${from}:1:gated`;
  const brittle = view.getProxy(Brittle, id);
  const first = [failureOf(brittle.journal()), failureOf(brittle.leaving())];
  brittle.note('lost');
  await gate.reached(`async ${from} 1`);
  await gate.open(`async ${from} 1`);
  for (const call of first) t.true((await call) instanceof NodeDownError);
  await host.settled();
  t.is(host.count('deadLetters'), 1);

  brittle.note('a');
  const journal = brittle.journal();
  brittle.note('b');
  const later = brittle.journal();
  await gate.reached(`async ${from} 2`);
  t.deepEqual(journalOf('Brittle', id), ['try 1', 'try 2']);
  await gate.open(`async ${from} 2`);
  t.deepEqual(await journal, ['try 1', 'try 2', 'a']);
  t.deepEqual(await later, ['try 1', 'try 2', 'a', 'b']);
});

// ---- the end by idleness

test('an idle entity is deactivated and comes back fresh; a created one stays', async (t) => {
  const { host, view, from } = startProbes(t, { clock: new ManualClock() });
  const id = `idle ${from}`;
  const brittle = view.getProxy(Brittle, id);
  brittle.note('one');
  await view.create(Made, from, 7);
  for (let i = 0; i < 3; i++) {
    await host.advance(1500);
    // A call keeps it alive.
    await brittle.journal();
  }
  await host.advance(1000);
  await host.advance(1000);
  await host.advance(1000);
  t.deepEqual(journalOf('Brittle', id), ['try 1', 'one', 'idle']);
  // Its onDeactivate threw: said, and no more than that.
  t.truthy(host.log.lines.find(({ fields }) => fields.operation === 'onDeactivate'));
  t.deepEqual(await collect(view.list(Brittle)), []);
  t.is(await view.getProxy(Made, from).read(), 7);
  t.deepEqual(await brittle.journal(), ['try 1', 'one', 'idle', 'try 2']);
});

test('a hundred thousand idle entities of one node end in their time, and nobody else', async (t) => {
  const { host, view } = startProbes(t, { nodes: 1, clock: new ManualClock() });
  const count = 100_000;
  for (let id = 0; id < count; id++) {
    view.getProxy(Values, id).oneWay(1);
    if (id % 10_000 === 0) await host.settled();
  }
  await host.settled();
  const live = (): number => host.nodes[0]!.figures().gauges.entities!;
  t.is(live(), count);
  await host.advance(299_000);
  for (let i = 0; i < 10; i++) await host.advance(10);
  t.is(live(), count);
  const late = view.getProxy(Values, 7);
  t.is(await late.int8(1), 1);
  for (let i = 0; i < 35; i++) await host.advance(1000);
  t.is(live(), 1);
  t.is(host.count('deactivations'), count - 1);
});

test('an entity with an open turn or with waiting messages is not idle', async (t) => {
  const { host, gate, probe } = startProbes(t, { clock: new ManualClock() });
  const held = probe().exclusive('held', 'gate');
  await gate.reached('gate');
  probe().note('waits');
  for (let i = 0; i < 40; i++) await host.advance(10_000);
  await gate.open('gate');
  await held;
  t.is(host.count('deactivations'), 0);
  await host.settled();
  for (let i = 0; i < 40; i++) await host.advance(10_000);
  t.is(host.count('deactivations'), 1);
});

test('what arrives while an entity leaves goes to the next one, in order', async (t) => {
  const { host, view, gate, from } = startProbes(t);
  const id = `gated again ${from}`;
  await view.create(Made, id, 1);
  const destroyed = view.destroy(Made, id);
  await gate.reached(`leave ${id}`);
  const late = failureOf(view.getProxy(Made, id).read());
  await host.settled();
  await gate.open(`leave ${id}`);
  await destroyed;
  t.true((await late) instanceof EntityNotFoundError);
});

// ---- where entities are

test('locate answers from the slot table and never activates', async (t) => {
  const { host, view } = startProbes(t);
  for (const node of [0, 1]) {
    const id = host.idOn(node, Probe);
    const place = await view.locate(Probe, id);
    t.deepEqual({ host: place.host, node: place.node }, { host: 'local', node });
    t.true(place.slot >= 0 && place.slot < 4096);
  }
  t.is(host.count('activations'), 0);
  await t.throwsAsync(view.locate({ name: 'Elsewhere', operations: [] }, 1), { name: 'ContractMismatchError' });
});

test('entities with the same affinity key live on the same node, of whatever type', async (t) => {
  const { view } = startProbes(t);
  const nodes = new Set<number>();
  for (let party = 0; party < 30; party++) {
    const node = await view.getProxy(Party, String(party)).where();
    nodes.add(node);
    for (const member of ['a', 'b']) t.is(await view.getProxy(Member, `${party}.${member}`).where(), node);
  }
  t.is(nodes.size, 2);
});

test('list gives the live entities of a type, page by page, on all nodes', async (t) => {
  const { host, view } = startProbes(t);
  const ids = Array.from({ length: 5000 }, (_, i) => i);
  for (const id of ids) view.getProxy(Probe, id).note('');
  view.getProxy(Probe, 'text').note('');
  view.getProxy(Probe, 5n).note('');
  await host.settled();
  const listed = await collect(view.list(Probe));
  t.is(listed.length, 5002);
  t.deepEqual(
    listed.filter((id) => typeof id === 'number').sort((a, b) => a - b),
    ids,
  );
  t.deepEqual(
    listed
      .filter((id) => typeof id !== 'number')
      .map(String)
      .sort(),
    ['5', 'text'],
  );
  t.deepEqual(await collect(view.list(Made)), []);
});

test('a listing of several nodes has everybody once who lives all through it, while others come and go', async (t) => {
  const { host, view } = startProbes(t);
  const count = 9000;
  const call = (id: number): Promise<number> => view.getProxy(Probe, id).add(1);
  await Promise.all(Array.from({ length: count }, (_, id) => call(id)));
  const seen: unknown[] = [];
  let born = count;
  for await (const id of view.list(Probe)) {
    seen.push(id);
    // Every third goes; those that were listed and those that were not.
    if (seen.length % 500 === 0) {
      const from = (seen.length / 500 - 1) * 450;
      const gone = Array.from({ length: 150 }, (_, i) => view.destroy(Probe, from + 3 * i));
      await Promise.all([...gone, ...Array.from({ length: 150 }, () => call(born++))]);
    }
  }
  t.is(new Set(seen).size, seen.length);
  const lasting = Array.from({ length: count }, (_, id) => id).filter((id) => id % 3 !== 0);
  const listed = new Set(seen);
  t.deepEqual(
    lasting.filter((id) => !listed.has(id)),
    [],
  );
  t.true(host.nodes.every((node) => node.figures().gauges.entities! > 3000));
});

// ---- what an entity is given

test("id and node stand before field initialisers run; the clock and the dice are the node's", async (t) => {
  const clock = new ManualClock();
  const { probe, host } = startProbes(t, { clock });
  const [, sameId, hadNode] = await probe().identity();
  t.true(sameId && hadNode);
  const [dice, now] = await probe().dice();
  t.true(dice >= 0 && dice < 1);
  t.is(now, clock.wallNow());
  const other = startProbes(t, { clock });
  t.deepEqual((await other.view.getProxy(Probe, host.idOn(1, Probe)).dice())[0], dice);
});
