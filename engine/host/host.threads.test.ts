import test from 'ava';
import { OverloadedError, RemoteError, UnavailableError } from '../base/errors.ts';
import {
  expectCopies,
  expectReferences,
  expectRefusals,
  expectRoundTrips,
  expectWrongResult,
} from '../runtime/value-cases.fixture.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Gate, Made, Probe, Values } from '../testing/games/probe/contracts.fixture.ts';
import { startHost } from './embed.ts';
import type { Host } from './host-options.ts';

const options = { game: gameFile('probe'), workers: 2, port: 0, adminPort: 0, store: 'memory', logLevel: 'silent' };
const host: Host = await startHost(options);
test.after.always(() => host.stop());

/** Ids of entities by node; `nth` tells several apart. */
async function idOn(node: number, contract: typeof Probe | typeof Values, nth = 0): Promise<number> {
  for (let id = 1 + nth * 1000; ; id++) if ((await host.locate<any>(contract, id)).node === node) return id;
}

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'gm'))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
};

const values = async (node: number): Promise<Values> => host.getProxy(Values, await idOn(node, Values));
const probe = async (node: number, nth = 0): Promise<Probe> => host.getProxy(Probe, await idOn(node, Probe, nth));

const failureOf = (call: Promise<unknown>): Promise<any> =>
  call.then(
    () => undefined,
    (error) => error,
  );

/** What a probe notes first, which may be about to happen. */
async function firstLine(of: Probe): Promise<string> {
  for (;;) {
    const [line] = await of.journal();
    if (line !== undefined) return line;
  }
}

test.serial('every wire type comes back as it was, across threads', async (t) => expectRoundTrips(t, await values(0)));

test.serial('what does not fit is refused with its place, across threads', async (t) =>
  expectRefusals(t, await values(1)),
);

test.serial('proxies and entities travel as proxies between all threads', async (t) => {
  for (const there of [0, 1]) await expectReferences(t, await values(0), await values(there));
});

test.serial('nothing is shared between entities of one thread or of two', async (t) => {
  for (const there of [0, 1]) {
    const other = host.getProxy(Values, await idOn(there, Values, 1 + there));
    await expectCopies(t, host.getProxy(Values, await idOn(0, Values, 3 + there)), other);
  }
});

test.serial('a result that does not fit reaches the caller, across threads', async (t) =>
  expectWrongResult(t, await values(1)),
);

test.serial('errors keep their remote stack across threads', async (t) => {
  for (const there of [0, 1]) {
    const error = await t.throwsAsync<any>((await probe(0)).failThrough(await probe(there, 1), 'plain'));
    t.true(error instanceof RemoteError);
    t.is(error.message, 'boom');
    const direct = await t.throwsAsync<any>((await probe(there)).fail('plain'));
    t.regex(direct.remoteStack, /RangeError: boom\n\s+at .*probe\.fixture/);
  }
});

test.serial('callers are known across threads', async (t) => {
  const through = (await (await probe(0)).describeThrough(await probe(1, 1))) as any;
  t.deepEqual(through.other.caller, { kind: 'entity', contract: 'Probe', id: await idOn(0, Probe) });
  t.is(through.other.traceId, through.traceId);
  t.deepEqual(((await (await probe(1)).describeCall()) as any).caller, { kind: 'host' });
});

test.serial('deadlines and aborts travel across threads', async (t) => {
  const gate = host.getProxy(Gate, 0);
  for (const [near, far] of [
    [0, 1],
    [1, 0],
  ] as const) {
    const nth = 10 + near;
    const timed = host.getProxy(Probe, await idOn(near, Probe, nth), { timeout: 60 });
    const timeout = await failureOf(timed.waitFor(await probe(far, nth), `never ${near}`));
    // The callee's own call ended with it; what it answered then may have come just in time.
    if (timeout !== undefined) t.is(timeout.name, 'CallTimeoutError');
    t.regex(await firstLine(await probe(near, nth)), /^timeout, signal/);
    await gate.open(`never ${near}`);

    const controller = new AbortController();
    const aborted = host.getProxy(Probe, await idOn(near, Probe, nth + 10), { signal: controller.signal });
    const call = aborted.waitFor(await probe(far, nth + 10), `nor ${near}`);
    await gate.reached(`nor ${near}`);
    controller.abort(new Error('enough'));
    await t.throwsAsync(call, { message: 'enough' });
    t.is(await firstLine(await probe(near, nth + 10)), 'AbortError, signal aborted');
    await gate.open(`nor ${near}`);
  }
});

test.serial('create, destroy and list across threads', async (t) => {
  const ids = Array.from({ length: 100 }, (_, i) => `made ${i}`);
  await Promise.all(ids.map((id, i) => host.create(Made, id, i)));
  const listed: unknown[] = [];
  for await (const id of host.list(Made)) listed.push(id);
  t.deepEqual(listed.sort(), [...ids].sort());
  t.is(await host.getProxy(Made, 'made 42').read(), 42);
  await t.throwsAsync(host.create(Made, 'made 42'), { name: 'EntityExistsError' });
  t.deepEqual(
    await Promise.all(ids.map((id) => host.destroy(Made, id))),
    ids.map(() => true),
  );
  for await (const id of host.list(Made)) t.fail(String(id));
});

test.serial('a call that fails and is not awaited is counted, and ends nothing', async (t) => {
  const before = await metric('skerry_unhandled_rejections_total');
  for (const node of [0, 1]) await (await probe(node)).failUnawaited(await probe(1, 5), 'plain');
  (await probe(0)).failOneWay('plain');
  t.is(await (await probe(1, 5)).add(0), 0);
  while ((await metric('skerry_unhandled_rejections_total')) < before + 2) await (await probe(0)).add(0);
  t.is(await metric('skerry_unhandled_rejections_total'), before + 2);
});

test.serial('large messages cross threads in order with small ones', async (t) => {
  for (const node of [0, 1]) {
    const target = await probe(node, 30);
    const sizes = [10, 1_000_000, 5, 5_000_000, 1];
    const echoes = sizes.map((size) => target.text('ü'.repeat(size / 2)));
    for (const size of sizes) target.note('z'.repeat(size));
    t.deepEqual(
      (await Promise.all(echoes)).map(({ length }) => length * 2),
      sizes.map((size) => Math.floor(size / 2) * 2),
    );
    t.deepEqual(
      (await target.journal()).map(({ length }) => length),
      sizes,
    );
  }
});

test.serial('a flood is refused where it begins, or arrives', async (t) => {
  const target = await probe(0, 40);
  const results = await Promise.allSettled(Array.from({ length: 140_000 }, () => target.add(1)));
  const refused = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  t.true(refused.length >= 140_000 - 131_072);
  for (const { reason } of refused) t.true(reason instanceof OverloadedError);
  t.is(await target.add(0), results.length - refused.length);
});

/**
 * A wake-up that is lost shows as a pause of up to a second, until some timer of the node helps out. What is tried: replies written from
 * timers and I/O of game code while the node naps or sleeps, timers that are set there, frames that arrive at any moment of falling asleep.
 */
test.serial('nobody sleeps through a message', async (t) => {
  const begin = performance.now();
  let steps = 0;
  for (let i = 0; i < 300; i++) {
    const [a, b] = await Promise.all([probe(0, 50), probe(1, 50)]);
    // Moments all along the way from spinning over napping to sleep.
    await a.pauseAndCall(b, (i % 30) / 10);
    await b.pauseAndCall(a, (i % 7) / 10);
    await a.readFile();
    steps += 3;
  }
  const perStep = (performance.now() - begin) / steps;
  t.true(perStep < 60, `${perStep} ms a step`);
});

test.serial('what is under way may still call whomever it wants when the host stops', async (t) => {
  await using other = await startHost(options);
  // Its targets are not active yet; most live on the other node.
  const calls = Array.from({ length: 20 }, (_, i) =>
    other.getProxy(Probe, i).pauseAndCall(other.getProxy(Probe, `fresh ${i}`), 50),
  );
  await other.getProxy(Probe, 0).add(0);
  await other.stop();
  t.deepEqual(
    await Promise.all(calls),
    calls.map(() => 0),
  );
});

test.serial('what is under way ends before the host does; then calls are refused', async (t) => {
  await using other = await startHost(options);
  const gate = other.getProxy(Gate, 0);
  // Each on a node of its own, and the way back leads through both.
  const chain = other.getProxy(Probe, 1).waitFor(other.getProxy(Probe, 2), 'gate');
  const held = other.getProxy(Probe, 3).hold('x', 'gate');
  await gate.reached('gate');
  const stopped = other.stop();
  await gate.open('gate');
  t.is(await chain, 'done, signal quiet');
  await held;
  await stopped;
  await t.throwsAsync(other.getProxy(Probe, 1).add(1), { instanceOf: UnavailableError, message: /stopped/ });
});
