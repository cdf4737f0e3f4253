import test from 'ava';
import {
  CallTimeoutError,
  EngineError,
  ForbiddenError,
  GameError,
  InvalidMessageError,
  NodeDownError,
  OverloadedError,
  RemoteError,
  UnavailableError,
} from '../base/errors.ts';
import { contract } from '../contract/contract.ts';
import { ADDRESS } from '../contract/proxy.ts';
import { Hero, HeroView, operation, serving } from '../gateway/gateway.fixture.ts';
import { connect } from './index.ts';

// What handlers throw is said on the console, and it is thrown here on purpose.
test.before(() => {
  console.error = () => {};
});

const never = () => new Promise(() => {});

test('calls look like calls', async (t) => {
  const { url, world } = await serving(t);
  const client = await connect(url, { ticket: { id: 7 } });
  t.is(client.principalId, 7);
  const hero = client.getProxy(Hero, client.principalId);
  t.is(await hero.move(1, 2), 3);
  t.is(hero.poke('x'), undefined);
  t.is(await hero.settle(), undefined);
  t.is(await hero.own(), 'mine');
  t.is(await client.getProxy(Hero).move(4, 5, 'z'), 9);
  t.is(await client.getProxy(Hero, 1n << 80n).move(4, 5, undefined), 9);
  t.deepEqual(
    world.calls.map(({ operation: name, id, args }) => [name, id, args]),
    [
      ['move', 7, [1, 2]],
      ['poke', 7, ['x']],
      ['settle', 7, []],
      ['own', 7, []],
      ['move', 0, [4, 5, 'z']],
      ['move', 1n << 80n, [4, 5]],
    ],
  );
  t.false('then' in hero);
  await client.close();
});

test('values travel both ways; bytes are memory of their own', async (t) => {
  const { url, world } = await serving(t);
  const client = await connect(url, { ticket: { id: 7 } });
  const hero = client.getProxy(Hero, 7);
  const values: unknown[] = [
    null,
    1.5,
    2 ** 53 - 1,
    -(2n ** 63n),
    'é☃',
    new Date(1_700_000_000_123),
    new Map([['a', new Set([1, 2])]]),
    { constructor: 1, list: [true, { deep: 'x' }] },
    [1, undefined, 3],
  ];
  for (const value of values) t.deepEqual(await hero.echo(value), value);
  const bytes = (await hero.echo({ data: Buffer.from([1, 2, 3]) })) as { data: Uint8Array };
  t.is(Object.getPrototypeOf(bytes.data), Uint8Array.prototype);
  t.is(bytes.data.buffer.byteLength, 3);
  // An entity in a result is a proxy of it.
  world.answers.echo = () => ({ [ADDRESS]: () => ({ contracts: ['Hero'], id: 5n }) });
  const other = (await hero.echo(1)) as Hero;
  t.is(await other.move(1, 1), 2);
  t.is(world.calls.at(-1)!.id, 5n);
  t.deepEqual((other as any)[ADDRESS](), { contracts: ['Hero'], id: 5n });
  await client.close();
});

test('one turn of calls is one message, in order', async (t) => {
  const { url, world, gateway } = await serving(t);
  const client = await connect(url, { ticket: { id: 7 } });
  const hero = client.getProxy(Hero, 7);
  await Promise.all(
    Array.from({ length: 500 }, async (_, n) => {
      t.is(await hero.move(n, 0), n);
      hero.poke(`${n}`);
    }),
  );
  await hero.settle();
  t.deepEqual(
    world.calls.slice(0, 500).map(({ args }) => args[0]),
    Array.from({ length: 500 }, (_, n) => n),
  );
  t.deepEqual(
    world.calls.slice(500, 1000).map(({ args }) => args[0]),
    Array.from({ length: 500 }, (_, n) => `${n}`),
  );
  t.is(gateway.counters.framesReceived, 1002);
  await client.close();
});

test('what does not fit into one message goes out as several', async (t) => {
  const { url, world, gateway } = await serving(t);
  const client = await connect(url, { ticket: { id: 7 } });
  const hero = client.getProxy(Hero, 7);
  for (let n = 0; n < 10_000; n++) hero.poke(`${n}`);
  for (let n = 0; n < 10; n++) hero.poke('x'.repeat(30_000));
  await hero.settle();
  t.is(world.calls.length, 10_011);
  t.true(world.calls.slice(0, 10_000).every(({ args }, n) => args[0] === `${n}`));
  t.is(gateway.counters.closedPolicy, 0);
  await client.close();
});

test('errors have their class', async (t) => {
  const { url, world } = await serving(t);
  const client = await connect(url, { ticket: { id: 7 } });
  const hero = client.getProxy(Hero, 7);
  await t.throwsAsync(hero.rule(), { instanceOf: ForbiddenError, code: 'forbidden' });
  await t.throwsAsync(hero.secret(), { instanceOf: ForbiddenError });
  await t.throwsAsync(client.getProxy(Hero, 8).own(), { instanceOf: ForbiddenError });
  const stranger = contract<{ nothing(): Promise<void> }>('Stranger', { nothing: {} });
  await t.throwsAsync(client.getProxy(stranger, 8).nothing(), { instanceOf: ForbiddenError });
  await t.throwsAsync(hero.move(1, 2 ** 40), { instanceOf: InvalidMessageError, message: /Hero\.move: dy/ });
  await hero.limited();
  await hero.limited();
  const rate = await t.throwsAsync(hero.limited(), { instanceOf: OverloadedError, code: 'rate' });
  t.true((rate as OverloadedError).retryAfterMs > 0);
  world.answers.move = () => {
    throw new GameError('poor', { gold: 1 });
  };
  const poor = await t.throwsAsync(hero.move(1, 1), { instanceOf: GameError, code: 'poor' });
  t.deepEqual((poor as GameError).data, { gold: 1 });
  world.answers.move = () => {
    throw new Error('secret');
  };
  const internal = await t.throwsAsync(hero.move(1, 1), { instanceOf: EngineError, code: 'internal' });
  t.notRegex(internal.message, /secret/);
  t.is((internal as EngineError).outcome, 'unknown');
  await client.close();
});

test('what does not travel is refused here, and nothing is sent', async (t) => {
  const { url, world } = await serving(t);
  const client = await connect(url, { ticket: { id: 7 } });
  const hero = client.getProxy(Hero, 7);
  await t.throwsAsync(
    hero.echo(() => 1),
    { instanceOf: TypeError, message: /Hero\.echo: \[0\] is a function/ },
  );
  await t.throwsAsync(hero.move(Number.NaN, 1), { instanceOf: RangeError });
  await t.throwsAsync(hero.move(-0, 1), { instanceOf: RangeError });
  await t.throwsAsync(hero.echo('x'.repeat(70_000)), { instanceOf: InvalidMessageError, code: 'too-large' });
  t.throws(() => hero.poke(Symbol('x') as never), { instanceOf: TypeError });
  t.throws(() => client.getProxy(Hero, 1.5), { instanceOf: RangeError });
  t.throws(() => client.getProxy(Hero, {} as never), { instanceOf: TypeError });
  t.throws(() => client.getProxy({} as never), { instanceOf: TypeError });
  t.throws(() => client.getProxy(Hero, 1, { timeout: 'soon' }), { instanceOf: TypeError });
  t.throws(() => client.getProxy(Hero, 1, { onlyIfActive: true }), { code: 'not-implemented' });
  t.is(world.calls.length, 0);
  // None of them used up a number.
  t.is(await hero.move(1, 1), 2);
  await client.close();
});

test('timeout and abort end the wait, here and there', async (t) => {
  const { url, world } = await serving(t);
  const client = await connect(url, { ticket: { id: 7 } });
  let aborted = 0;
  world.answers.move = ({ signal }) => {
    signal!.addEventListener('abort', () => aborted++);
    return never();
  };
  await t.throwsAsync(client.getProxy(Hero, 7, { timeout: 20 }).move(1, 1), {
    instanceOf: CallTimeoutError,
    code: 'timeout',
  });
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [1, 2].map(() => client.getProxy(Hero, 7, { signal }).move(1, 1));
  await client.getProxy(Hero, 7).settle();
  const reason = new Error('changed my mind');
  controller.abort(reason);
  for (const call of calls) t.is(await t.throwsAsync(call), reason);
  t.is(await t.throwsAsync(client.getProxy(Hero, 7, { signal }).move(1, 1)), reason);
  await client.getProxy(Hero, 7).settle();
  t.is(aborted, 3);
  t.is(world.calls.length, 5);
  await client.close();
});

test('too many calls are refused here', async (t) => {
  const { url, world } = await serving(t, { limits: { callsMax: 3 } });
  const client = await connect(url, { ticket: { id: 7 } });
  world.answers.move = never;
  const hero = client.getProxy(Hero, 7);
  const calls = [1, 2, 3].map((n) => hero.move(n, n));
  await t.throwsAsync(hero.move(4, 4), { instanceOf: OverloadedError, code: 'calls-exhausted' });
  const ends = calls.map((call) => t.throwsAsync(call, { instanceOf: UnavailableError, code: 'no-session' }));
  await client.close();
  await Promise.all(ends);
});

test('pushes reach handlers, replies reach the server', async (t) => {
  const { url, gateway } = await serving(t);
  const client = await connect(url, { ticket: { id: 7 } });
  const seen: unknown[] = [];
  const push = (name: string, ...args: unknown[]) =>
    gateway.push({ principal: 7 }, operation('HeroView', name), args, 1000);
  const stop = client.implement(HeroView, {
    say: (text) => void seen.push(text),
    async ask(question) {
      if (question === 'why') throw new GameError('shy', { a: new Map([[1, 2n]]) });
      if (question === 'how') throw new Error('inside');
      if (question === 'what') return (() => {}) as never;
      return `${question}!`;
    },
  });
  push('say', 'hello');
  t.is(await push('ask', 'when'), 'when!');
  const shy = await t.throwsAsync(push('ask', 'why')!, { instanceOf: GameError, code: 'shy' });
  t.deepEqual((shy as GameError).data, { a: new Map([[1, 2n]]) });
  await t.throwsAsync(push('ask', 'how')!, { instanceOf: RemoteError });
  await t.throwsAsync(push('ask', 'what')!, { instanceOf: RemoteError });
  await t.throwsAsync(push('done')!, { code: 'unknown-operation' });
  push('snapshot', { x: 1 });
  stop();
  stop();
  await t.throwsAsync(push('ask', 'when')!, { code: 'unknown-operation' });
  t.deepEqual(seen, ['hello']);
  t.deepEqual(client.counters, { pushesUnknown: 3, handlersFailed: 2, sendsRefused: 0, sendsDropped: 0 });
  await client.close();
});

test('a push right behind the welcome finds handlers that are registered right after connect()', async (t) => {
  const { url, gateway } = await serving(t, {
    authenticate: (ticket) => {
      // As an entity would that was told of the client.
      setImmediate(() => gateway.push({ principal: 7 }, operation('HeroView', 'say'), ['welcome'], 1));
      return ticket as { id: number };
    },
  });
  for (let round = 0; round < 5; round++) {
    const client = await connect(url, { ticket: { id: 7 } });
    const said = new Promise((resolve) => client.implement(HeroView, { say: resolve }));
    t.is(await said, 'welcome');
    await client.close();
  }
});

test('a lost connection: events, and every call ends with an unknown outcome', async (t) => {
  const { url, world, gateway } = await serving(t, { limits: { closeMsMax: 50 } });
  const client = await connect(url, { ticket: { id: 7 } });
  const events: [string, unknown][] = [];
  const opened = new Promise<void>((resolve) => client.on('open', () => resolve()));
  for (const event of ['lost', 'closed'] as const) client.on(event, (detail) => events.push([event, detail]));
  client.on('closed', () => events.push(['never', 0]))();
  await opened;
  world.answers.move = never;
  const hero = client.getProxy(Hero, 7);
  const lost = t.throwsAsync(hero.move(1, 1), { instanceOf: NodeDownError, code: 'node-lost' });
  await hero.settle();
  const closed = gateway.close(500);
  t.is(((await lost) as NodeDownError).outcome, 'unknown');
  const detail = { code: 1001, reason: 'draining', retryAfterMs: 0 };
  t.deepEqual(events, [
    ['lost', detail],
    ['closed', detail],
  ]);
  await t.throwsAsync(hero.move(1, 1), { instanceOf: UnavailableError, code: 'no-session' });
  t.throws(() => hero.poke('x'), { instanceOf: UnavailableError });
  await client.close();
  await closed;
});

test('close() says goodbye', async (t) => {
  const { url, gateway } = await serving(t);
  const client = await connect(url, { ticket: { id: 7 } });
  const events: string[] = [];
  client.on('lost', () => events.push('lost'));
  client.on('closed', () => events.push('closed'));
  client.getProxy(Hero, 7).poke('last words');
  await Promise.all([client.close(), client.close()]);
  t.deepEqual(events, ['closed']);
  t.is(gateway.connections, 0);
  t.is(gateway.counters.framesReceived, 3);
  t.throws(() => client.on('opened' as never, () => {}), { instanceOf: TypeError });
});

test('who is refused knows why', async (t) => {
  const { url, port } = await serving(t, {
    authenticate(ticket) {
      if (ticket === 'banned') throw new GameError('banned', { until: 5 });
      throw new Error('secret');
    },
  });
  await t.throwsAsync(connect(url, { ticket: 1 }), { instanceOf: ForbiddenError, message: /^(?!.*secret)/ });
  await t.throwsAsync(connect(url), { instanceOf: ForbiddenError });
  const banned = await t.throwsAsync(connect(`http://127.0.0.1:${port}/any/path`, { ticket: 'banned' }), {
    instanceOf: GameError,
    code: 'banned',
  });
  t.deepEqual((banned as GameError).data, { until: 5 });
  await t.throwsAsync(connect('ftp://127.0.0.1'), { instanceOf: TypeError });
  await t.throwsAsync(connect(url, { ticket: () => 1 }), { instanceOf: TypeError });
  await t.throwsAsync(connect('ws://127.0.0.1:1'), { instanceOf: UnavailableError, code: 'no-session' });
});

test('connecting can be given up', async (t) => {
  const { url, gateway } = await serving(t, { authenticate: never as never, limits: { helloMsMax: 60_000 } });
  const reason = new Error('enough');
  t.is(await t.throwsAsync(connect(url, { signal: AbortSignal.abort(reason) })), reason);
  const controller = new AbortController();
  const connecting = connect(url, { signal: controller.signal });
  while (gateway.connections === 0) await new Promise((resolve) => setImmediate(resolve));
  controller.abort(reason);
  t.is(await t.throwsAsync(connecting), reason);
});
