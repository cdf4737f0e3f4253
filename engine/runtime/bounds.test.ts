import test from 'ava';
import { OverloadedError } from '../base/errors.ts';
import { Small } from '../testing/games/probe/contracts.fixture.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { failureOf, journalOf, startProbes } from './probe-host.fixture.ts';

const KIB = 1024;

test('a full mailbox refuses requests, and counts and logs one-way messages as dead letters', async (t) => {
  const { host, view, gate, from } = startProbes(t);
  const small = view.getProxy(Small, host.idOn(1, Small, from));
  const held = small.hold('gate');
  await gate.reached('gate');
  const waiting = [small.add(1), small.add(1), small.add(1), small.add(1)];
  const refused = failureOf(small.add(1));
  small.note('too much');
  const error = await refused;
  t.true(error instanceof OverloadedError);
  t.like(error, { code: 'mailbox-full', outcome: 'notExecuted' });
  t.true(error.retryAfterMs > 0);
  await host.settled();
  t.is(host.count('refusedMailboxFull'), 2);
  t.is(host.count('deadLetters'), 1);
  const line = host.log.lines.find(({ message }) => message === 'dead letter');
  t.like(line?.fields, { operation: 'Small.note', code: 'mailbox-full' });
  await gate.open('gate');
  await held;
  t.deepEqual(await Promise.all(waiting), [1, 2, 3, 4]);
  t.is(await small.add(1), 5);
});

test('a node has so many pending calls and no more', async (t) => {
  const { host, gate, probe } = startProbes(t, { pendingMax: 8 });
  const held = Array.from({ length: 8 }, (_, i) => probe(1, i).hold('x', `gate ${i}`));
  const error = await failureOf(probe().add(1));
  t.true(error instanceof OverloadedError);
  t.like(error, { code: 'calls-exhausted', outcome: 'notExecuted' });
  // What waits for no reply still goes.
  probe(1, 9).note('one way');
  await host.settled();
  t.is(host.nodes[0]!.figures().gauges.callsPending, 8);
  host.stop();
  for (const call of held) t.is((await failureOf(call)).code, 'node-lost');
  void gate;
});

for (const node of [0, 1]) {
  test(`a full link refuses what is reliable, drops what is not, and recovers: node ${node}`, async (t) => {
    const { host, probe, probeId } = startProbes(t, {
      ring: { laneBytes: [4 * KIB, 4 * KIB, 4 * KIB], frameBytesMax: 64 * KIB, backlogFramesMax: 4 },
      loopback: { pageBytes: [4 * KIB, 4 * KIB, 4 * KIB], frameBytesMax: 64 * KIB, backlogFramesMax: 4 },
    });
    const target = probe(node);
    const calls: Promise<unknown>[] = [];
    // Nobody drains before this is over.
    let thrown: unknown;
    let noted = 0;
    for (let i = 0; thrown === undefined && i < 10_000; i++) {
      try {
        target.note(`note ${i}`);
        noted++;
      } catch (error) {
        thrown = error;
      }
    }
    t.true(thrown instanceof OverloadedError);
    t.like(thrown, { code: 'link-full', outcome: 'notExecuted', retryAfterMs: 50 });
    calls.push(failureOf(target.add(1)));
    for (let i = 0; i < 10; i++) target.unreliable('dropped');
    // Only the newest waits, in the place of the one before; there is no place for a first one.
    for (let i = 0; i < 10; i++) target.newest(`newest ${i}`);
    t.is(host.count('droppedUnreliable'), 20);
    t.is(host.count('refusedLinkFull'), 2);
    t.like(await calls[0], { name: 'OverloadedError', code: 'link-full' });
    await host.settled();
    t.is(journalOf('Probe', probeId(node)).length, noted);
    t.is(await target.add(1), 1);
    t.is(journalOf('Probe', probeId(node)).at(-1), `note ${noted - 1}`);
  });
}

test('an answer finds room when a request would not, and is never lost without a word', async (t) => {
  const { host, probe } = startProbes(t, {
    ring: { laneBytes: [4 * KIB, 4 * KIB, 4 * KIB], frameBytesMax: 64 * KIB, backlogFramesMax: 4 },
  });
  const target = probe(1);
  target.note('z'.repeat(900));
  await host.settled();
  const few = await Promise.all(Array.from({ length: 14 }, () => target.journal()));
  t.true(few.every(([note]) => note!.length === 900));
  // All answers are written in one round of node 1, before node 0 reads the first: so many are more than wait anywhere.
  const many = await Promise.allSettled(Array.from({ length: 24 }, () => target.journal()));
  const refused = many.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  t.true(refused.length > 0 && refused.length < 10, `${refused.length}`);
  for (const error of refused) t.like(error, { name: 'OverloadedError', code: 'link-full', outcome: 'unknown' });
});

test('an unreliable request that is dropped ends in CallTimeoutError', async (t) => {
  const clock = new ManualClock();
  const { host, probe } = startProbes(t, {
    clock,
    ring: { laneBytes: [4 * KIB, 4 * KIB, 4 * KIB], frameBytesMax: 64 * KIB },
  });
  const target = probe(1);
  for (let i = 0; i < 200; i++) target.note('x');
  const dropped = failureOf(target.unreliableRequest('dropped'));
  t.is(host.count('droppedUnreliable'), 1);
  await host.settled();
  await host.advance(5001);
  t.is((await dropped).name, 'CallTimeoutError');
});

test('of unreliableOrdered messages that wait only the newest is kept', async (t) => {
  const { host, probe, probeId } = startProbes(t, {
    ring: { laneBytes: [4 * KIB, 4 * KIB, 4 * KIB], frameBytesMax: 64 * KIB },
  });
  const target = probe(1);
  const other = probe(1, 1);
  for (let i = 0; i < 200; i++) target.note('x');
  for (let i = 0; i < 50; i++) {
    target.newest(`newest ${i}`);
    other.newest(`other ${i}`);
  }
  t.is(host.count('replacedUnreliable'), 98);
  await host.settled();
  t.deepEqual(journalOf('Probe', probeId(1)).slice(200), ['newest 49']);
  t.deepEqual(journalOf('Probe', probeId(1, 1)), ['other 49']);
});

test('an unreliable message is not dropped for being large', async (t) => {
  const { host, probe, probeId } = startProbes(t);
  const text = 'x'.repeat(200 * KIB);
  for (const node of [0, 1]) {
    for (let i = 0; i < 5; i++) {
      probe(node).unreliable(text);
      await host.settled();
    }
    t.is(journalOf('Probe', probeId(node)).length, 5);
  }
  t.is(host.count('droppedUnreliable'), 0);
});

for (const node of [0, 1]) {
  test(`large messages keep their order with small ones, and what is too large says so: node ${node}`, async (t) => {
    const { probe, probeId, host } = startProbes(t);
    const target = probe(node);
    const sizes = [10, 100 * KIB, 5, 1000 * KIB, 1, 2000 * KIB, 30, 300 * KIB];
    const echoes = sizes.map((size) => target.text('y'.repeat(size)));
    for (const size of sizes) target.note('z'.repeat(size));
    t.deepEqual(
      (await Promise.all(echoes)).map(({ length }) => length),
      sizes,
    );
    await host.settled();
    t.deepEqual(
      journalOf('Probe', probeId(node)).map(({ length }) => length),
      sizes,
    );

    const tooLarge = 'x'.repeat(17 * KIB * KIB);
    const error = await failureOf(target.text(tooLarge));
    t.like(error, { name: 'InvalidMessageError', code: 'too-large', outcome: 'notExecuted' });
    t.regex(error.message, /^Probe\.text: The message is larger than 16777216 bytes/);
    t.throws(() => target.note(tooLarge), { name: 'InvalidMessageError', code: 'too-large' });
    t.is(await target.text('still here'), 'still here');
  });
}

test('a result that is larger than a message reaches the caller as RemoteError', async (t) => {
  const { host, probe } = startProbes(t, { ring: { laneBytes: [4 * KIB, 4 * KIB, 4 * KIB], frameBytesMax: 8 * KIB } });
  for (let i = 0; i < 100; i++) probe(1).note('x'.repeat(100));
  await host.settled();
  const error = await failureOf(probe(1).journal());
  t.like(error, { name: 'RemoteError', message: 'Probe.journal: result: The message is larger than 8192 bytes.' });
  t.is(host.count('resultsRefused'), 1);
  t.is(await probe(1).add(1), 1);
});

test('a flood of dead letters is counted in full and logged in part', async (t) => {
  const { host, view, gate, from } = startProbes(t, { clock: new ManualClock() });
  const small = view.getProxy(Small, host.idOn(1, Small, from));
  const held = small.hold('gate');
  await gate.reached('gate');
  for (let i = 0; i < 1004; i++) small.note('x');
  await host.settled();
  const lines = () => host.log.lines.filter(({ message }) => message === 'dead letter');
  t.is(host.count('deadLetters'), 1000);
  t.is(lines().length, 100);
  await host.advance(1000);
  small.note('x');
  await host.settled();
  t.is(lines().length, 101);
  t.is(lines().at(-1)!.fields.unsaid, 900);
  await gate.open('gate');
  await held;
});
