import test from 'ava';
import { CallTimeoutError, OverloadedError } from '../base/errors.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { failureOf, journalOf, startProbes } from './probe-host.fixture.ts';

const KIB = 1024;
/** Room for a few dozen frames; the rest waits in overflow. */
const TIGHT = { ring: { laneBytes: [4 * KIB, 4 * KIB, 4 * KIB], frameBytesMax: 64 * KIB } } as const;

for (const [where, options, calls] of [
  ['a ring', {}, 10],
  ['overflow', TIGHT, 300],
] as const) {
  test(`requests whose deadline passes in ${where} are dropped before they run, and counted`, async (t) => {
    const { host, probe } = startProbes(t, { clock: new ManualClock(), ...options });
    const target = probe(1, 0, { timeout: 1000 });
    const late = Array.from({ length: calls }, () => failureOf(target.add(1)));
    // Nobody has looked at them when their time is over.
    await host.advance(2000);
    for (const error of await Promise.all(late)) {
      t.true(error instanceof CallTimeoutError);
      t.like(error, { code: 'timeout', outcome: 'unknown' });
    }
    t.is(host.count('expiredBeforeRun'), calls);
    t.is(host.count('callsTimedOut'), calls);
    t.is(await probe().add(0), 0, 'none of them ran');
  });
}

test('what is left of the time shrinks from node to node', async (t) => {
  const clock = new ManualClock();
  const { host, gate, probe } = startProbes(t, { nodes: 3, clock });
  // 0 → 1 → 2; the second hop is made with what the first one has left.
  const call = failureOf(probe(1, 0, { timeout: 1000 }).waitFor(probe(2, 1), 'gate'));
  await gate.reached('gate');
  await host.advance(999);
  t.is(host.nodes[1]!.figures().gauges.callsPending, 1);
  await host.advance(2);
  t.true((await call) instanceof CallTimeoutError);
  // The call between 1 and 2 has ended with the one around it, an hour before the end of its own time.
  t.is(host.nodes[1]!.figures().gauges.callsPending, 0);
  t.deepEqual(await probe(1).journal(), ['timeout, signal aborted']);
});

test('an abort goes through two hops, three nodes, and ends what waits there', async (t) => {
  const { host, gate, probe, probeId } = startProbes(t, { nodes: 3 });
  const held = probe(2, 1).exclusive('busy', 'other gate');
  await gate.reached('other gate');
  const controller = new AbortController();
  // `hold` of the last one waits in its mailbox.
  const call = failureOf(probe(1, 0, { signal: controller.signal }).waitFor(probe(2, 1), 'gate'));
  await host.settled();
  controller.abort(new Error('enough'));
  t.is((await call).message, 'enough');
  await host.settled();
  await gate.open('other gate');
  await held;
  await host.settled();
  t.deepEqual(journalOf('Probe', probeId(2, 1)), ['busy', '/busy'], 'what was called on its behalf did not run');
});

test('an answer that comes too late is counted and dropped, and its number is not taken for another', async (t) => {
  const { host, gate, probe } = startProbes(t, { clock: new ManualClock() });
  const late = failureOf(probe(1, 0, { timeout: 10 }).hold('slow', 'gate'));
  await gate.reached('gate');
  await host.advance(11);
  t.true((await late) instanceof CallTimeoutError);
  const next = probe(1, 1).hold('other', 'other gate');
  await gate.reached('other gate');
  await gate.open('gate');
  await host.settled();
  t.is(host.count('repliesLate'), 1);
  await gate.open('other gate');
  await next;
  t.is(host.count('repliesLate'), 1);
});

test('signals of all kinds end a call with their own reason', async (t) => {
  const { host, gate, probe } = startProbes(t);
  const timed = await failureOf(probe(1, 0, { signal: AbortSignal.timeout(5) }).hold('a', 'never'));
  t.is(timed.name, 'TimeoutError');
  const one = new AbortController();
  const any = AbortSignal.any([one.signal, new AbortController().signal]);
  const call = failureOf(probe(1, 1, { signal: any }).hold('b', 'gate'));
  await gate.reached('gate');
  one.abort(new Error('one of them'));
  t.is((await call).message, 'one of them');
  const sent = host.count('callsSent');
  t.is((await failureOf(probe(1, 1, { signal: any }).hold('c', 'gate'))).message, 'one of them');
  t.is(host.count('callsSent'), sent, 'nothing is sent once it has aborted');
});

test('a call with no time at all ends as one that timed out', async (t) => {
  const { host, probe } = startProbes(t, { clock: new ManualClock() });
  const call = failureOf(probe(1, 0, { timeout: 1 }).hold('x', 'never'));
  await host.settled();
  await host.advance(2);
  t.true((await call) instanceof CallTimeoutError);
});

test('who would wait in a mailbox for longer than half of its time is refused at once, when many wait', async (t) => {
  const { host, gate, probe } = startProbes(t, { clock: new ManualClock() });
  const held = probe().exclusive('first', 'gate');
  await gate.reached('gate');
  const patient = Array.from({ length: 100 }, () => probe().add(1));
  await host.settled();
  await host.advance(600);
  const error = await failureOf(probe(1, 0, { timeout: 1000 }).add(1));
  t.true(error instanceof OverloadedError);
  t.like(error, { code: 'mailbox-full', outcome: 'notExecuted', retryAfterMs: 600 });
  t.is(host.count('refusedMailboxFull'), 1);
  // Others have the time, or no end of it.
  const another = probe().add(1);
  probe().note('one way');
  await host.settled();
  t.is(host.count('refusedMailboxFull'), 1);
  await gate.open('gate');
  await held;
  await Promise.all(patient);
  t.is(await another, 101);
});

test('few may wait for an entity as long as they like', async (t) => {
  const { host, gate, probe } = startProbes(t, { clock: new ManualClock() });
  const held = probe().exclusive('first', 'gate');
  await gate.reached('gate');
  const patient = Array.from({ length: 10 }, () => probe().add(1));
  await host.settled();
  await host.advance(20_000);
  const brief = probe(1, 0, { timeout: 1000 }).add(1);
  await host.settled();
  t.is(host.count('refusedMailboxFull'), 0);
  await gate.open('gate');
  await held;
  await Promise.all(patient);
  t.is(await brief, 11);
});
