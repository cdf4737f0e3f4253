import test from 'ava';
import { EngineError, NodeDownError } from '../base/errors.ts';
import { Probe } from '../testing/games/probe/contracts.fixture.ts';
import { failureOf, journalOf, startProbes } from './probe-host.fixture.ts';

const SMALL = { laneBytes: [1024, 1024, 1024] as const };

test('a call that the lost node had ends as node-lost, one that it had not taken runs on the next', async (t) => {
  const { host, gate, probe, probeId } = startProbes(t, { nodes: 2 });
  const held = failureOf(probe(1).hold('taken', 'never'));
  await host.settled();
  host.kill(1);
  const waiting = probe(1).add(5);
  await host.settled();
  t.deepEqual(journalOf('Probe', probeId(1)), ['taken']);
  host.replace(1);
  const error = await held;
  t.true(error instanceof NodeDownError);
  t.like(error, { code: 'node-lost', outcome: 'unknown' });
  t.regex(error.message, /Probe\.hold: node 1 was lost/);
  // Its state went with it.
  t.is(await waiting, 5);
  t.is(await probe(1).add(1), 6);
  t.is(host.nodes[0]!.counters.callsLost, 1);
  t.is(host.nodes[0]!.counters.framesSentAgain, 1);
  t.truthy(gate);
});

test('what did not fit into the ring of the lost node goes to the next in order, with what came after', async (t) => {
  const { host, probe, probeId } = startProbes(t, { nodes: 2, ring: SMALL });
  host.kill(1);
  const lines = Array.from({ length: 200 }, (_, i) => `${i}`);
  for (const line of lines.slice(0, 150)) probe(1).note(line);
  const large = 'x'.repeat(5000);
  probe(1).note(large);
  t.true(host.nodes[0]!.state.outbox.backlog > 0);
  host.replace(1);
  for (const line of lines.slice(150)) probe(1).note(line);
  t.deepEqual(await probe(1).journal(), [...lines.slice(0, 150), large, ...lines.slice(150)]);
  t.deepEqual(journalOf('Probe', probeId(1)).length, 201);
});

test('what the lost node had published runs; what it had only written does not', async (t) => {
  const { host, probeId } = startProbes(t, { nodes: 2 });
  const there = host.view(1).getProxy(Probe, probeId(0));
  await there.add(1);
  await host.settled();
  there.note('published');
  host.nodes[1]!.flush();
  there.note('written');
  host.kill(1);
  host.replace(1);
  await host.settled();
  t.deepEqual(journalOf('Probe', probeId(0)), ['published']);
});

test('an answer that the lost node had sent arrives', async (t) => {
  const { host, probe } = startProbes(t, { nodes: 2 });
  const { view } = host.nodes[1]!;
  t.truthy(view);
  const call = probe(1).add(3);
  host.nodes[0]!.flush();
  // The node runs it, and flushes; node 0 has had no round yet.
  host.nodes[1]!.run(host.clock.now(), 64);
  await null;
  host.nodes[1]!.flush();
  host.kill(1);
  host.replace(1);
  t.is(await call, 3);
});

test('an answer to the lost node does not reach the next one, whose calls have the same ids', async (t) => {
  const { host, gate, probeId, from } = startProbes(t, { nodes: 2 });
  const ask = (text: string) => host.view(1).getProxy(Probe, probeId(0)).hold(text, `${from} ${text}`);
  void ask('first life').catch(() => {});
  await gate.reached(`${from} first life`);
  host.kill(1);
  host.replace(1);
  const before = host.nodes[0]!.counters.deadLetters;
  let settled = false;
  const second = ask('second life').then(() => {
    settled = true;
  });
  await gate.reached(`${from} second life`);
  await gate.open(`${from} first life`);
  await host.settled();
  t.false(settled);
  t.is(host.nodes[0]!.counters.deadLetters, before + 1);
  await gate.open(`${from} second life`);
  await second;
  t.is(host.count('repliesLate'), 0);
});

for (const how of ['waitFor', 'waitWithCall'] as const) {
  test(`what the lost node waited for learns by its signal that nobody does any more: ${how}`, async (t) => {
    const { host, view, gate, probeId, from } = startProbes(t, { nodes: 3 });
    const inner = view.getProxy(Probe, probeId(1, 1));
    for (const mayAbort of [false, true]) {
      const name = `${from} ${mayAbort}`;
      const options = mayAbort ? { signal: new AbortController().signal } : {};
      const outer = host.view(2).getProxy(Probe, probeId(0), options);
      void outer[how](inner, name).catch(() => {});
      await gate.reached(name);
      const other = view.getProxy(Probe, probeId(0, 2))[how](inner, `${name} other`);
      await gate.reached(`${name} other`);
      host.kill(2);
      host.replace(2);
      await host.settled();
      const expected = how === 'waitWithCall' || mayAbort ? 'AbortError, signal aborted' : undefined;
      if (expected === undefined) {
        // Its own call does not know of a signal, which was looked at and not passed on.
        await gate.open(name);
        await host.settled();
      }
      t.is(journalOf('Probe', probeId(0)).at(-1), expected ?? 'done, signal aborted');
      await gate.open(`${name} other`);
      t.is(await other, 'done, signal quiet');
    }
  });
}

test('a call that waits when its node is lost runs all the same, and its signal has aborted', async (t) => {
  const { host, view, gate, probe, probeId, from } = startProbes(t, { nodes: 3 });
  const held = view.getProxy(Probe, probeId(0)).exclusive('held', `${from} held`);
  await gate.reached(`${from} held`);
  const { signal } = new AbortController();
  void host
    .view(2)
    .getProxy(Probe, probeId(0), { signal })
    .waitFor(probe(1, 1), `${from} x`)
    .catch(() => {});
  await host.settled();
  host.kill(2);
  host.replace(2);
  await gate.open(`${from} held`);
  await held;
  await host.settled();
  t.is(journalOf('Probe', probeId(0)).at(-1), 'AbortError, signal aborted');
});

test('nor does one that lay in the ring when it died', async (t) => {
  const { host, gate, probeId, from } = startProbes(t, { nodes: 2 });
  void host
    .view(1)
    .getProxy(Probe, probeId(0))
    .add(1)
    .catch(() => {});
  host.nodes[1]!.flush();
  host.kill(1);
  // It answers, and nobody takes the answer.
  await host.settled();
  t.is(host.nodes[0]!.counters.turnsRun, 1);
  const before = host.nodes[0]!.counters.deadLetters;
  host.replace(1);
  t.is(host.nodes[0]!.counters.deadLetters, before + 1);
  let settled = false;
  const second = host
    .view(1)
    .getProxy(Probe, probeId(0))
    .hold('held', `${from} held`)
    .then(() => {
      settled = true;
    });
  await gate.reached(`${from} held`);
  await host.settled();
  t.false(settled);
  await gate.open(`${from} held`);
  await second;
});

test('other nodes notice nothing', async (t) => {
  const { host, probeId } = startProbes(t, { nodes: 3 });
  const other = host.view(0).getProxy(Probe, host.idOn(2, Probe, probeId(0) + 50));
  const calls: Promise<number>[] = [];
  for (let i = 0; i < 50; i++) {
    calls.push(other.add(1));
    if (i === 10) host.kill(1);
    if (i === 20) host.replace(1);
    if (i % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  t.deepEqual(
    await Promise.all(calls),
    calls.map((_, i) => i + 1),
  );
});

test('when the next link cannot take what waited, its calls are refused, and did not run', async (t) => {
  const { host, probe } = startProbes(t, { nodes: 2, ring: { ...SMALL, backlogFramesMax: 4 } });
  host.kill(1);
  const calls: Promise<unknown>[] = [];
  for (let i = 0; i < 40; i++) calls.push(failureOf(probe(1).add(1)));
  host.replace(1);
  const errors = (await Promise.all(calls)).filter((error) => error !== undefined);
  t.true(errors.length > 0);
  t.true(errors.every((error) => error instanceof EngineError && error.code === 'link-full'));
  t.is(await probe(1).add(0), 40 - errors.length);
});

test('a link that is corrupt is closed alone; its writer is named and can be replaced', async (t) => {
  const heard: number[] = [];
  const { host, probe, probeId } = startProbes(t, {
    nodes: 3,
    onCorrupt: (reader, writer) => heard.push(reader, writer),
  });
  await host.view(1).getProxy(Probe, probeId(0)).add(1);
  const third = host.view(2).getProxy(Probe, probeId(0));
  // A record with a wrong check, published: lane medium begins behind 640 bytes and lane high.
  const words = new Int32Array(host.memoryOf(1, 0));
  words.fill(0x5555, 160);
  Atomics.store(words, 1, (words[1]! + 64) | 0);
  host.nodes[0]!.start();
  t.is(await third.add(1), 2);
  t.deepEqual(heard, [0, 1]);
  t.is(host.nodes[0]!.counters.linksCorrupt, 1);
  const line = await host.log.line(({ message }) => /corrupt/.test(message));
  t.is(line.fields.from, 1);
  t.true(Buffer.from(String(line.fields.dump), 'base64').length <= 4096);
  host.kill(1);
  host.replace(1);
  t.is(await host.view(1).getProxy(Probe, probeId(0)).add(1), 3);
  t.is(await probe(1).add(1), 1);
});
