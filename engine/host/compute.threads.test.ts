import test from 'ava';
import { GameError, InvalidMessageError, NodeDownError, OverloadedError, RemoteError } from '../base/errors.ts';
import { gameFile } from '../testing/fixture-game.fixture.ts';
import { Reckoner } from '../testing/games/reckoner/contracts.fixture.ts';
import { startHost } from './embed.ts';
import type { Host } from './host-options.ts';

const options = {
  game: gameFile('reckoner'),
  workers: 2,
  computeThreads: 1,
  port: 0,
  adminPort: 0,
  store: 'memory',
  logLevel: 'silent',
};
const host: Host = await startHost(options);
test.after.always(() => host.stop());

async function reckonerOn(node: number): Promise<Reckoner> {
  for (let id = 1; ; id++) if ((await host.locate(Reckoner, id)).node === node) return host.getProxy(Reckoner, id);
}

/** Sums over all nodes. */
async function metric(name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`)).text();
  const values = [...text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'gm'))];
  return values.reduce((sum, [, value]) => sum + Number(value), 0);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}

const VALUES: readonly unknown[] = [
  undefined,
  null,
  -0,
  Number.NaN,
  1.5,
  2n ** 70n,
  'ü\ud800',
  new Uint8Array([1, 2, 3]),
  new Date(5),
  new Map<unknown, unknown>([
    [1, new Set(['a'])],
    ['1', -0],
  ]),
  { list: [1, { deep: undefined }], constructor: 1 },
];

test.serial('values come back as they went, from entities of every node and from the host', async (t) => {
  for (const value of VALUES) {
    t.deepEqual(await host.compute('echo', value), value);
    for (const node of [0, 1]) t.deepEqual(await (await reckonerOn(node)).reckon('echo', value), value);
  }
  const bytes = await host.compute<Uint8Array>('echo', new Uint8Array([1, 2]).subarray(1));
  t.deepEqual([bytes.byteLength, bytes.buffer.byteLength, bytes.constructor], [1, 1, Uint8Array]);
});

test.serial('functions run on threads of their own, whoever calls', async (t) => {
  const places = (await Promise.all([
    host.compute('where', null),
    (await reckonerOn(0)).reckon('where', null),
    (await reckonerOn(1)).reckon('where', null),
  ])) as { isMainThread: boolean; threadId: number }[];
  t.true(places.every(({ isMainThread }) => !isMainThread));
  t.is(new Set(places.map(({ threadId }) => threadId)).size, 1);
});

test.serial('errors: a GameError keeps code and data, any other its stack', async (t) => {
  for (const call of [
    (how: string) => host.compute('fail', how),
    async (how: string) => (await reckonerOn(1)).reckon('fail', how),
  ]) {
    const game = await t.throwsAsync<GameError>(call('game'), { instanceOf: GameError });
    t.is(game!.code, 'no-path');
    t.deepEqual(game!.data, { from: 1, to: new Map([['b', -0]]) });
    t.is((await t.throwsAsync<GameError>(call('untravelled'), { instanceOf: GameError }))!.code, 'odd');
    await t.throwsAsync(call('string'), { instanceOf: RemoteError, message: 'just text' });
  }
  for (const how of ['plain', 'later']) {
    const error = await t.throwsAsync<RemoteError>(host.compute('fail', how), { instanceOf: RemoteError });
    t.regex(error!.remoteStack!, /RangeError: boom( later)?\n\s+at .*compute\/fail\.fixture/);
  }
  await t.throwsAsync(host.compute('fail', 'result'), {
    instanceOf: RemoteError,
    message: /compute 'fail': result.*run/,
  });
});

test.serial('what cannot be asked for is refused before anything is sent', async (t) => {
  await t.throwsAsync(host.compute('nothing', 1), {
    instanceOf: TypeError,
    message: /no compute function 'nothing'; it has 'echo', 'where'/,
  });
  await t.throwsAsync(host.compute('echo', { run: () => {} }), {
    instanceOf: TypeError,
    message: /^node\.compute\('echo'\): input.*run/,
  });
  await t.throwsAsync(host.compute('echo', 1, { timeout: 'soon' }), { instanceOf: TypeError, message: /timeout/ });
  await t.throwsAsync(host.compute('broken', 1), { instanceOf: RemoteError, message: /default export .* no function/ });
});

test.serial('large values travel, too large ones are refused at their sender', async (t) => {
  const large = new Uint8Array(15 * 1024 * 1024).fill(7);
  t.true(Buffer.from(await host.compute<Uint8Array>('echo', large)).equals(large));
  const error = await t.throwsAsync<InvalidMessageError>(host.compute('echo', new Uint8Array(17 * 1024 * 1024)), {
    instanceOf: InvalidMessageError,
    message: /^node\.compute\('echo'\): /,
  });
  t.is(error!.code, 'too-large');
  t.is(await host.compute('echo', 1), 1);
});

test.serial('a timeout ends the call and the thread of a function that spins', async (t) => {
  const error = await t.throwsAsync<any>(host.compute('spin', undefined, { timeout: 50 }));
  t.is(error.name, 'CallTimeoutError');
  // One thread is all there is: it came back.
  t.is(await host.compute('echo', 'free'), 'free');
  await t.throwsAsync((await reckonerOn(0)).reckonWithin('spin', undefined, 50), { name: 'CallTimeoutError' });
  t.is(await host.compute('echo', 'free'), 'free');
});

test.serial('the deadline of the call that an entity works on holds for its computing', async (t) => {
  for (let id = 1; id < 3; id++) {
    const hurried = host.getProxy(Reckoner, id, { timeout: 80 });
    await t.throwsAsync(hurried.reckonWithin('spin', undefined, 0), { name: 'CallTimeoutError' });
    t.is(await host.compute('echo', 'free'), 'free');
  }
});

test.serial('an abort ends it, from the host and from an entity', async (t) => {
  const controller = new AbortController();
  const call = host.compute('spin', undefined, { signal: controller.signal });
  await until(async () => (await metric('skerry_compute_running')) === 1);
  controller.abort(new Error('enough'));
  await t.throwsAsync(call, { message: 'enough' });
  t.is(await host.compute('echo', 'free'), 'free');

  const reckoner = await reckonerOn(1);
  const other = reckoner.reckonUntil('spin', undefined);
  await until(async () => (await metric('skerry_compute_running')) === 1);
  reckoner.giveUp();
  await t.throwsAsync(other, { message: 'enough' });
  t.is(await host.compute('echo', 'free'), 'free');
});

test.serial('a function that ends its thread fails its own call; entities and other calls go on', async (t) => {
  const reckoner = await reckonerOn(0);
  for (const how of ['exit', 'callback', 'rejection']) {
    const before = await reckoner.count();
    const crash = reckoner.reckon('crash', how);
    const other = host.compute('echo', how);
    const error = await t.throwsAsync<NodeDownError>(crash, { instanceOf: NodeDownError });
    t.like(error, { code: 'node-lost', outcome: 'unknown' });
    t.is(await other, how);
    t.is(await reckoner.count(), before + 1);
  }
});

test.serial('a flood is refused at its bound, and the rest ends', async (t) => {
  // Nothing ends before the bound was met.
  const controller = new AbortController();
  const busy = host.compute('spin', undefined, { signal: controller.signal });
  const calls = Array.from({ length: 6000 }, (_, i) => host.compute('echo', i, { timeout: '2m' }));
  await t.throwsAsync(Promise.all(calls), { instanceOf: OverloadedError });
  controller.abort(new Error('enough'));
  await t.throwsAsync(busy, { message: 'enough' });
  const results = await Promise.allSettled(calls);
  const refused = results.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  t.true(refused.length > 0 && refused.length < 6000);
  for (const { reason } of refused) {
    t.true(reason instanceof OverloadedError);
    t.is(reason.code, 'calls-exhausted');
  }
  t.true(results.every((result, i) => result.status === 'rejected' || result.value === i));
});

test.serial('what computes is counted', async (t) => {
  const [done, failed] = [await metric('skerry_compute_done_total'), await metric('skerry_compute_failed_total')];
  await host.compute('echo', 1);
  await t.throwsAsync(host.compute('fail', 'plain'));
  t.is(await metric('skerry_compute_done_total'), done + 1);
  t.is(await metric('skerry_compute_failed_total'), failed + 1);
  t.is(await metric('skerry_compute_running'), 0);
  t.is(await metric('skerry_compute_waiting'), 0);
});

test.serial('a call that nobody awaits and that fails ends nothing', async (t) => {
  const before = await metric('skerry_unhandled_rejections_total');
  const reckoner = await reckonerOn(1);
  reckoner.forget('fail', 'plain');
  await until(async () => (await metric('skerry_unhandled_rejections_total')) === before + 1);
  t.is(await reckoner.reckon('echo', 1), 1);
});

test.serial('what computes when the host stops ends first', async (t) => {
  await using other = await startHost(options);
  const reckoner = other.getProxy(Reckoner, 1);
  const call = reckoner.reckon('spin', 200);
  await reckoner.count();
  await other.stop();
  t.is(await call, 200);
});
