import { getEventListeners } from 'node:events';
import test from 'ava';
import { CallTimeoutError, ContractMismatchError, type EngineError, EntityNotFoundError } from '../base/errors.ts';
import { Made, Orphan, Probe, ProbeToo, Values } from '../testing/games/probe/contracts.fixture.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { failureOf, startProbes } from './probe-host.fixture.ts';

// ---- who is called

test('7, 7n and "7" are three entities; a number is one whatever its size', async (t) => {
  const { view } = startProbes(t);
  const ids = [7, 7n, '7', 2 ** 40, -1, -(2n ** 80n), 'ü'.repeat(128), ''];
  for (const [i, id] of ids.entries()) t.is(await view.getProxy(Probe, id).add(i), i);
  for (const [i, id] of ids.entries()) t.is(await view.getProxy(Probe, id).add(0), i);
  t.deepEqual(await view.getProxy(Probe, 7n).identity(), ['bigint 7', true, true]);
  t.deepEqual(await view.getProxy(Probe, '7').identity(), ['string 7', true, true]);
});

test('an id left out is 0', async (t) => {
  const { view } = startProbes(t);
  await view.getProxy(Probe).add(5);
  t.is(await view.getProxy(Probe, 0).add(0), 5);
});

test('ids that cannot be are refused', (t) => {
  const { view } = startProbes(t);
  for (const id of [1.5, Number.NaN, 2 ** 60, 'x'.repeat(257), '\ud800', 1n << 1024n]) {
    t.throws(() => view.getProxy(Probe, id), { instanceOf: RangeError });
  }
  for (const id of [null, true, {}, Symbol('x')]) {
    t.throws(() => view.getProxy(Probe, id as unknown as number), { instanceOf: TypeError });
  }
});

test('several contracts of one class are one entity', async (t) => {
  const { view, probe, probeId } = startProbes(t);
  probe().note('through the first');
  t.deepEqual(await view.getProxy(ProbeToo, probeId()).sameJournal(), ['through the first']);
});

test('a proxy is a plain object that nobody takes for a promise', async (t) => {
  const { probe } = startProbes(t);
  const proxy = probe();
  t.is(await proxy, proxy);
  t.false('then' in proxy);
  t.is(proxy.constructor.name, 'ProbeProxy');
});

test('contracts that are not of the game, or that nobody implements, are refused', (t) => {
  const { view } = startProbes(t);
  const mismatch = { instanceOf: ContractMismatchError, code: 'incompatible' };
  t.throws(() => view.getProxy(Orphan, 1), { ...mismatch, message: /No entity of the game implements.*Orphan/ });
  t.throws(() => view.getProxy({ name: 'Elsewhere', operations: [] }, 1), { ...mismatch, message: /Elsewhere/ });
  t.throws(() => view.getProxy(undefined as never, 1), mismatch);
});

test('options of a proxy are checked when it is made', (t) => {
  const { view } = startProbes(t);
  t.throws(() => view.getProxy(Probe, 1, { timeout: 'soon' }), { instanceOf: TypeError, message: /timeout.*soon/ });
  t.throws(() => view.getProxy(Probe, 1, { priority: 'higher' as 'high' }), {
    instanceOf: TypeError,
    message: /higher/,
  });
});

// ---- this.call

test('this.call says who calls and for how long', async (t) => {
  const { probe, probeId } = startProbes(t, { clock: new ManualClock() });
  const direct = (await probe().describeCall()) as any;
  t.deepEqual(direct.caller, { kind: 'host' });
  t.is(direct.remaining, 30_000);
  t.regex(direct.traceId, /^[0-9a-f]{16}$/);
  t.false(direct.hasClient);
  t.true(direct.same);

  const through = (await probe(1).describeThrough(probe(0))) as any;
  t.deepEqual(through.other.caller, { kind: 'entity', contract: 'Probe', id: probeId(1) });
  t.is(through.other.traceId, through.traceId);
  t.not(through.traceId, direct.traceId);
  t.is(through.other.remaining, 30_000);
});

test('the deadline does not grow on its way', async (t) => {
  const { probe } = startProbes(t, { clock: new ManualClock(1000.7) });
  const through = (await probe(1, 0, { timeout: 100 }).describeThrough(probe(0))) as any;
  // Rounded up to a whole millisecond once, at the first hop.
  t.true(through.remaining >= 100 && through.remaining < 101, `${through.remaining}`);
  t.is(through.other.remaining, through.remaining);
});

test('this.call throws after the first await, and a call that was kept stays good', async (t) => {
  const { probe } = startProbes(t);
  const seen = { name: 'EngineError', code: 'call-context', outcome: 'notExecuted', held: 16, isEngineError: true };
  t.deepEqual(await probe(0).callAfterAwait(), seen);
  t.deepEqual(await probe(1).callAfterAwait(), seen);
  t.is(await probe().keepCall(), undefined);
  t.regex((await probe().keepCall()) as string, /^[0-9a-f]{16}$/);
});

// ---- deadlines

test('a call ends at its deadline: of the contract, of the proxy, and of whoever called', async (t) => {
  const { host, gate, probe } = startProbes(t, { clock: new ManualClock() });
  const timedOut = { instanceOf: CallTimeoutError, code: 'timeout' };
  const ended: string[] = [];
  const log = (name: string) => (error: unknown) => {
    ended.push(name);
    return error as EngineError;
  };
  const byContract = probe().impatient('never').catch(log('contract'));
  const byProxy = probe(1, 1, { timeout: 20 }).hold('x', 'never').catch(log('proxy'));
  const inner = probe(1, 2, { timeout: 70 }).waitFor(probe(0, 3), 'never').catch(log('outer'));
  await gate.reached('never');
  await host.advance(19);
  t.deepEqual(ended, []);
  await host.advance(2);
  t.deepEqual(ended, ['proxy']);
  await host.advance(30);
  t.deepEqual(ended, ['proxy', 'contract']);
  await host.advance(20);
  t.deepEqual(ended, ['proxy', 'contract', 'outer']);
  for (const call of [byContract, byProxy, inner]) {
    const error = (await call) as EngineError;
    t.like(error, { name: 'CallTimeoutError', code: timedOut.code, outcome: 'unknown' });
    t.true(error instanceof CallTimeoutError);
  }
  // The call that was made on behalf of the one with the deadline ended with it.
  t.deepEqual(await probe(1, 2).journal(), ['timeout, signal aborted']);
  // Four calls of the test's, and those that entities made at the gate or to each other.
  t.true(host.count('callsTimedOut') >= 4);
});

test('the timeout of a proxy can be longer than that of the contract', async (t) => {
  const { host, gate, probe } = startProbes(t, { clock: new ManualClock() });
  // Further away than the header can tell, and the operation's own call ends after an hour.
  const call = probe(1, 0, { timeout: '60d' }).impatient('later');
  await gate.reached('later');
  await host.advance(3_590_000);
  await gate.open('later');
  await t.notThrowsAsync(call);
});

test('what waited beyond its deadline does not run', async (t) => {
  const { host, gate, probe } = startProbes(t, { clock: new ManualClock() });
  const held = probe().exclusive('first', 'gate');
  await gate.reached('gate');
  const late = probe(1, 0, { timeout: 10 }).add(1);
  probe().note('void operations have no deadline');
  await host.settled();
  const ended = t.throwsAsync(late, { instanceOf: CallTimeoutError });
  await host.advance(12);
  await ended;
  await gate.open('gate');
  await held;
  t.is(await probe().add(0), 0);
  t.is(host.count('expiredBeforeRun'), 1);
  t.deepEqual(await probe().journal(), ['first', '/first', 'void operations have no deadline']);
});

test('a short timeout does not pay for a long slice before the call', async (t) => {
  const { probe } = startProbes(t);
  t.true((await probe().napAfterSpin(40, 20)) >= 19);
});

// ---- aborting

test('a call that is aborted before it is sent is not sent', async (t) => {
  const { host, probe } = startProbes(t);
  const sent = host.count('callsSent');
  const signal = AbortSignal.abort(new Error('changed my mind'));
  await t.throwsAsync(probe(1, 0, { signal }).add(1), { message: 'changed my mind' });
  t.is(host.count('callsSent'), sent);
  t.is(await probe().add(0), 0);
});

for (const node of [0, 1]) {
  test(`abort ends the call, tells the callee, and ends what that waits for: node ${node}`, async (t) => {
    const { host, gate, probe } = startProbes(t);
    const controller = new AbortController();
    const call = probe(node, 0, { signal: controller.signal }).waitFor(probe(1 - node, 1), 'gate');
    await gate.reached('gate');
    controller.abort(new Error('enough'));
    await t.throwsAsync(call, { message: 'enough' });
    await host.settled();
    t.deepEqual(await probe(node).journal(), ['AbortError, signal aborted']);
    t.is(getEventListeners(controller.signal, 'abort').length, 0);
  });
}

test('call.getProxy carries the abort also after an await', async (t) => {
  const { host, gate, probe } = startProbes(t);
  const controller = new AbortController();
  const call = probe(1, 0, { signal: controller.signal }).waitWithCall(probe(0, 1), 'gate');
  await gate.reached('gate');
  controller.abort();
  await t.throwsAsync(call, { any: true, name: 'AbortError' });
  await host.settled();
  t.deepEqual(await probe(1).journal(), ['AbortError, signal aborted']);
});

test('an aborted call that waits in a mailbox does not run', async (t) => {
  const { host, gate, probe } = startProbes(t);
  const held = probe().exclusive('first', 'gate');
  await gate.reached('gate');
  const controller = new AbortController();
  const waiting = probe(1, 0, { signal: controller.signal }).add(1);
  await host.settled();
  controller.abort();
  await t.throwsAsync(waiting, { any: true, name: 'AbortError' });
  await host.settled();
  await gate.open('gate');
  await held;
  t.is(await probe().add(0), 0);
});

test('a signal keeps nothing of calls that have ended', async (t) => {
  const { probe } = startProbes(t);
  const { signal } = new AbortController();
  const proxy = probe(1, 0, { signal });
  for (let i = 0; i < 100; i++) await proxy.add(1);
  await t.throwsAsync(proxy.fail('plain'));
  t.is(getEventListeners(signal, 'abort').length, 0);
});

// ---- what a call can be told to be

test('onlyIfActive refuses instead of activating', async (t) => {
  const { host, probe } = startProbes(t);
  const proxy = probe(1, 0, { onlyIfActive: true });
  const error = await t.throwsAsync(proxy.add(1), { instanceOf: EntityNotFoundError, code: 'not-found' });
  t.is((error as EngineError).outcome, 'notExecuted');
  proxy.note('lost');
  await host.settled();
  t.is(host.count('deadLetters'), 1);
  t.is(host.count('activations'), 0);
  await probe().add(1);
  t.is(await proxy.add(1), 2);
});

test('priority of the proxy and of the contract decides who leaves a mailbox first', async (t) => {
  const { host, gate, probe } = startProbes(t);
  const held = probe().exclusive('first', 'gate');
  await gate.reached('gate');
  probe().later('low 1');
  probe().note('medium 1');
  probe(1, 0, { priority: 'low' }).note('low 2');
  probe().urgent('high 1');
  probe(1, 0, { priority: 'high' }).note('high 2');
  probe().note('medium 2');
  await host.settled();
  await gate.open('gate');
  await held;
  const lines = await probe(1, 0, { priority: 'low' }).journal();
  t.deepEqual(lines.slice(2), ['high 1', 'high 2', 'medium 1', 'medium 2', 'low 1', 'low 2']);
});

// ---- values with a will of their own

test('a call made by a getter while another is encoded fails alone', async (t) => {
  const { host, view, probe } = startProbes(t);
  const values = view.getProxy(Values, host.idOn(1, Values));
  for (const disturb of [
    () => probe().add(1),
    () => probe(0).add(1),
    () => values.item({ name: 'inner', tags: [] }),
    () => values.int8(1),
    () => values.int8(1000),
    () => values.string(5 as unknown as string),
    () => view.create(Made, 1),
    () => probe(1, 0, { signal: AbortSignal.abort() }).add(1),
  ]) {
    const inner: Promise<unknown>[] = [];
    const item = {
      name: 'outer',
      get tags() {
        inner.push(failureOf(disturb()), failureOf(disturb()));
        return ['still', 'whole'];
      },
    };
    const call = values.tree({
      value: 1,
      children: [
        {
          value: 2,
          get children() {
            inner.push(failureOf(disturb()));
            return [];
          },
        },
      ],
    });
    t.deepEqual(await values.item(item), { name: 'outer', tags: ['still', 'whole'] });
    t.deepEqual(await call, { value: 1, children: [{ value: 2, children: [] }] });
    for (const one of inner) t.truthy(await one, String(disturb));
  }
  // Nothing of it is left behind.
  t.is(await probe().add(0), 0);
  t.is(await probe(0).add(0), 0);
});

test("getters that throw are the call's own error", async (t) => {
  const { host, view } = startProbes(t);
  const values = view.getProxy(Values, host.idOn(1, Values));
  const item = {
    name: 'x',
    get tags(): string[] {
      throw new Error('no tags today');
    },
  };
  await t.throwsAsync(values.item(item), { message: 'no tags today' });
  let looks = 0;
  const shy = {
    tags: [],
    get name(): string {
      if (looks++ > 0) throw new Error('looked twice');
      return 5 as unknown as string;
    },
  };
  await t.throwsAsync(values.item(shy), { instanceOf: TypeError, message: /^Values\.item/ });
  t.is(await values.int8(1), 1);
});

test('a node that has stopped refuses calls instead of keeping them', async (t) => {
  const { host, gate, probe } = startProbes(t);
  const pending = probe().hold('x', 'never');
  await gate.reached('never');
  const lost = t.throwsAsync(pending, { name: 'NodeDownError', code: 'node-lost' });
  host.stop();
  await lost;
  await t.throwsAsync(probe().add(1), { name: 'UnavailableError', code: 'no-owner', message: /stopped/ });
  t.throws(() => probe().note('x'), { name: 'UnavailableError' });
});

test('in a game with locks an operation hands its deadline on after an await, too', async (t) => {
  const { gate, host, probe } = startProbes(t, { clock: new ManualClock() });
  const free = probe(1, 0, { timeout: 50 }).holdLater('free', 'gate');
  const exclusive = probe(1, 1, { timeout: 50 }).exclusiveLater('exclusive', 'gate');
  const ended = [failureOf(free), failureOf(exclusive)];
  await gate.reached('gate');
  await host.settled();
  await host.advance(60);
  for (const call of ended) t.is((await call).name, 'CallTimeoutError');
  t.deepEqual(await probe(1, 0).journal(), ['free', 'CallTimeoutError']);
  t.deepEqual(await probe(1, 1).journal(), ['exclusive', 'CallTimeoutError']);
  // The lock is free again, and calls are their own.
  t.is(await probe(1, 1).add(1), 1);
  await gate.open('gate');
});

test('a call with a signal of its own still hears of the abort of the call it is made for', async (t) => {
  const { gate, host, probe } = startProbes(t);
  for (const which of ['own', 'inherited'] as const) {
    const controller = new AbortController();
    const nth = which === 'own' ? 1 : 2;
    const call = probe(1, nth, { signal: controller.signal }).waitWithSignal(
      probe(0, nth),
      `gate ${nth}`,
      which === 'own',
    );
    await gate.reached(`gate ${nth}`);
    if (which === 'inherited') {
      controller.abort(new Error('enough'));
      await t.throwsAsync(call, { message: 'enough' });
    } else t.is(await call, 'stopped by itself');
    await host.settled();
    t.is((await probe(1, nth).journal()).at(-1), which === 'own' ? 'stopped by itself' : 'AbortError');
  }
});
