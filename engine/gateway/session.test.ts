import test from 'ava';
import {
  CALL,
  CANCEL,
  ERROR,
  GOODBYE,
  HELLO,
  PING,
  PONG,
  PUSH,
  PUSH_CALL,
  REPLY,
  REPLY_ERROR,
  RESULT,
  SEND,
  WELCOME,
} from '../../transport/client/frames.ts';
import {
  CallTimeoutError,
  ContractMismatchError,
  EntityNotFoundError,
  GameError,
  InvalidMessageError,
  OverloadedError,
  RemoteError,
  UnavailableError,
} from '../base/errors.ts';
import { ADDRESS } from '../contract/proxy.ts';
import { authenticate, operation, serving } from './gateway.fixture.ts';
import { RawClient } from './raw-client.fixture.ts';
import { contextOf, encode, sessionOf } from './session.fixture.ts';

test('the welcome says who, how large, and what is within reach', async (t) => {
  const { url } = await serving(t);
  const client = await RawClient.open(t, url);
  client.send([HELLO, { protocol: 1, ticket: { id: 1n << 70n, roles: ['admin'] } }]);
  const [kind, body] = (await client.next()) as [number, Record<string, any>];
  t.is(kind, WELCOME);
  t.is(body.principalId, 1n << 70n);
  t.is(body.messageBytesMax, 65536);
  t.is(body.resumed, false);
  t.deepEqual(body.operations, {
    Hero: { move: 2, poke: 0, settle: 1, own: 2, rule: 2, limited: 2, echo: 2, shout: 0 },
  });
  const plain = await RawClient.open(t, url);
  plain.send([HELLO, { protocol: 1, ticket: { id: 1 } }]);
  const welcome = (await plain.next()) as [number, Record<string, any>];
  t.deepEqual(Object.keys(welcome[1].operations.Hero), ['move', 'poke', 'settle', 'own', 'limited', 'echo']);
});

test('who is refused learns no more than the game says', async (t) => {
  const refusal = async (ticket: unknown, options: Parameters<typeof serving>[1] = {}) => {
    const { url } = await serving(t, options);
    const client = await RawClient.open(t, url);
    client.send([HELLO, { protocol: 1, ticket }]);
    const frame = await client.next();
    return { frame, code: (await client.closed).code };
  };
  const forbidden = [ERROR, 0, { class: 'ForbiddenError', code: 'forbidden', outcome: 'notExecuted' }];
  t.deepEqual(await refusal({}), { frame: forbidden, code: 1008 });
  t.deepEqual(await refusal(null), { frame: forbidden, code: 1008 });
  t.deepEqual(await refusal({ id: 1 }, { authenticate: undefined }), { frame: forbidden, code: 1008 });
  t.deepEqual(await refusal({ id: 1.5 }), { frame: forbidden, code: 1008 });
  t.deepEqual(await refusal({ id: 1, roles: 'admin' }), { frame: forbidden, code: 1008 });
  const banned = () => Promise.reject(new GameError('banned', { days: 3 }));
  t.deepEqual(await refusal({ id: 1 }, { authenticate: banned }), {
    frame: [ERROR, 0, { class: 'GameError', code: 'banned', data: { days: 3 } }],
    code: 1008,
  });
  const { url } = await serving(t);
  const old = await RawClient.open(t, url);
  old.send([HELLO, { protocol: 99, ticket: { id: 1 } }]);
  t.like(await old.next(), { 0: ERROR, 2: { class: 'ContractMismatchError', code: 'incompatible' } });
});

test('hello and authenticate have one deadline', async (t) => {
  const never = new Promise<never>(() => {});
  const { url, gateway } = await serving(t, { limits: { helloMsMax: 30 }, authenticate: () => never });
  const silent = await RawClient.open(t, url);
  t.is((await silent.closed).code, 1008);
  const slow = await RawClient.open(t, url);
  slow.send([HELLO, { protocol: 1, ticket: 1 }]);
  t.is((await slow.closed).code, 1008);
  t.is(gateway.connections, 0);
});

test('calls are checked, handed on in order and answered', async (t) => {
  const { url, world } = await serving(t);
  const client = await RawClient.join(t, url, { id: 7 });
  client.send(
    [CALL, 1, 'Hero', 'move', 5, [1, 2]],
    [SEND, 2, 'Hero', 'poke', 5n, ['hi']],
    [CALL, 3, 'Hero', 'settle', '5', []],
    [CALL, 4, 'Hero', 'poke', 5, ['there']],
  );
  client.send([CALL, 5, 'Hero', 'move', 0, [3, 4, 'label']]);
  const answers = [await client.next(), await client.next(), await client.next(), await client.next()];
  t.deepEqual(
    answers.sort((a, b) => Number(a![1]) - Number(b![1])),
    [
      [RESULT, 1, 3],
      [RESULT, 3, null],
      [RESULT, 4, null],
      [RESULT, 5, 7],
    ],
  );
  t.deepEqual(
    world.calls.map(({ operation: name, id, args }) => [name, id, args]),
    [
      ['move', 5, [1, 2]],
      ['poke', 5n, ['hi']],
      ['settle', '5', []],
      ['poke', 5, ['there']],
      ['move', 0, [3, 4, 'label']],
    ],
  );
  t.is(world.calls[0]!.caller, world.calls[4]!.caller);
  t.deepEqual(world.calls[0]!.caller.principal, { id: 7 });
});

test('what does not fit is refused, and nothing reaches the world', async (t) => {
  const { url, world } = await serving(t);
  const client = await RawClient.join(t, url, { id: 7 });
  const refused: [string, unknown[]][] = [
    ['move', [1]],
    ['move', [1, 2, 'x', 4]],
    ['move', [1, 2 ** 31]],
    ['move', [1, 1.5]],
    ['move', ['1', 2]],
    ['move', [1, 2, 3]],
    ['echo', [Number.NaN]],
    ['echo', [{ a: [Number.POSITIVE_INFINITY] }]],
    ['poke', []],
  ];
  for (const [index, [name, args]] of refused.entries()) {
    client.send([CALL, index + 1, 'Hero', name, 1, args]);
    const [kind, opSeq, body] = (await client.next()) as [number, number, Record<string, unknown>];
    t.deepEqual([kind, opSeq], [ERROR, index + 1]);
    t.like(body, { class: 'InvalidMessageError', code: 'invalid', outcome: 'notExecuted' }, `${name} ${args}`);
    t.regex(body.message as string, new RegExp(`^Hero.${name}`));
  }
  t.is(world.calls.length, 0);
});

test('errors travel without what is inside', async (t) => {
  const { url, world, logged } = await serving(t);
  const client = await RawClient.join(t, url, { id: 7 });
  const cases: [unknown, object][] = [
    [new GameError('poor', { gold: 1n }), { class: 'GameError', code: 'poor', data: { gold: 1n } }],
    [new GameError('odd', { f() {} }), { class: 'GameError', code: 'odd' }],
    [
      new OverloadedError('mailbox-full', 'entity 5 on node 3', { retryAfterMs: 250 }),
      { class: 'OverloadedError', code: 'mailbox-full', outcome: 'notExecuted', retryAfterMs: 250 },
    ],
    [
      new EntityNotFoundError('not-found', 'Hero 5'),
      { class: 'EntityNotFoundError', code: 'not-found', outcome: 'notExecuted' },
    ],
    [
      new RemoteError('TypeError: secret path', 'at /secret'),
      { class: 'EngineError', code: 'internal', outcome: 'unknown' },
    ],
    ['just text', { class: 'EngineError', code: 'internal', outcome: 'unknown' }],
  ];
  let opSeq = 0;
  for (const [error, body] of cases) {
    world.answers.move = () => {
      throw error;
    };
    client.send([CALL, ++opSeq, 'Hero', 'move', 1, [1, 1]]);
    t.deepEqual(await client.next(), [ERROR, opSeq, body]);
  }
  // Refused by the port itself, and a one-way call that nobody waits for.
  world.answers.poke = () => {
    throw new OverloadedError('link-full', 'x', { retryAfterMs: 5 });
  };
  client.send([SEND, ++opSeq, 'Hero', 'poke', 1, ['x']]);
  t.like(await client.next(), { 0: ERROR, 1: opSeq, 2: { code: 'link-full', retryAfterMs: 5 } });
  t.is(logged.filter(({ level }) => level === 'warn').length, 2);
});

test('a result that does not travel is internal', async (t) => {
  const { url, world } = await serving(t, { limits: { frameBytesMax: 10_000 } });
  const client = await RawClient.join(t, url, { id: 7 });
  const results: [unknown, object][] = [
    [() => 1, { code: 'internal' }],
    [1n << 2000n, { code: 'internal' }],
    ['x'.repeat(20_000), { class: 'InvalidMessageError', code: 'too-large', outcome: 'unknown' }],
  ];
  for (const [index, [result, body]] of results.entries()) {
    world.answers.echo = () => result;
    client.send([CALL, index + 1, 'Hero', 'echo', 1, [1]]);
    t.like(await client.next(), { 0: ERROR, 1: index + 1, 2: body });
  }
  world.answers.echo = () => ({ [ADDRESS]: () => ({ contracts: ['Hero'], id: 9n }), a: 1 });
  client.send([CALL, 4, 'Hero', 'echo', 1, [1]]);
  t.deepEqual(await client.next(), [RESULT, 4, { contract: 'Hero', id: 9n }]);
});

test('rate: a bucket per operation and session', async (t) => {
  let now = 1000;
  const { url } = await serving(t, { clock: { now: () => now, wallNow: () => 0 } });
  const client = await RawClient.join(t, url, { id: 7 });
  const call = async (opSeq: number) => {
    client.send([CALL, opSeq, 'Hero', 'limited', 1, []]);
    return client.next();
  };
  t.deepEqual(await call(1), [RESULT, 1, 1]);
  t.deepEqual(await call(2), [RESULT, 2, 1]);
  const rate = { class: 'OverloadedError', code: 'rate', outcome: 'notExecuted', retryAfterMs: 500 };
  t.deepEqual(await call(3), [ERROR, 3, rate]);
  now += 499;
  t.deepEqual(await call(4), [ERROR, 4, { ...rate, retryAfterMs: 1 }]);
  now += 1;
  t.deepEqual(await call(5), [RESULT, 5, 1]);
  t.like(await call(6), { 0: ERROR });
  const other = await RawClient.join(t, url, { id: 7 });
  other.send([CALL, 1, 'Hero', 'limited', 1, []]);
  t.deepEqual(await other.next(), [RESULT, 1, 1]);
});

test('calls under way are bounded, and can be cancelled', async (t) => {
  const { url, world } = await serving(t, { limits: { callsMax: 2 } });
  const client = await RawClient.join(t, url, { id: 7 });
  world.answers.move = ({ signal }) =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new CallTimeoutError('timeout', ''))));
  client.send(
    [CALL, 1, 'Hero', 'move', 1, [1, 1], 5000],
    [CALL, 2, 'Hero', 'move', 1, [1, 1]],
    [CALL, 3, 'Hero', 'move', 1, [1, 1]],
  );
  t.like(await client.next(), { 0: ERROR, 1: 3, 2: { code: 'calls-exhausted', class: 'OverloadedError' } });
  t.is(world.calls[1]!.signal, undefined);
  client.send([CANCEL, 4, 1]);
  t.like(await client.next(), { 0: ERROR, 1: 1, 2: { code: 'timeout' } });
  client.send([CALL, 5, 'Hero', 'settle', 1, []]);
  t.deepEqual(await client.next(), [RESULT, 5, null]);
});

test('pushes are numbered; a newer session of a principal takes them over, and gives them back', async (t) => {
  const { url, gateway } = await serving(t);
  const say = operation('HeroView', 'say');
  t.throws(() => gateway.push({ principal: 7 }, say, ['a'], 100), { instanceOf: UnavailableError, code: 'no-session' });
  const first = await RawClient.join(t, url, { id: 7 });
  t.is(gateway.push({ principal: 7 }, say, ['a'], 100), undefined);
  gateway.push({ principal: 7 }, say, ['b'], 100);
  t.deepEqual(await first.next(), [PUSH, 1, 'HeroView', 'say', ['a']]);
  t.deepEqual(await first.next(), [PUSH, 2, 'HeroView', 'say', ['b']]);
  const second = await RawClient.join(t, url, { id: 7 });
  gateway.push({ principal: 7 }, say, ['c'], 100);
  t.deepEqual(await second.next(), [PUSH, 1, 'HeroView', 'say', ['c']]);
  t.throws(() => gateway.push({ principal: 7n }, say, ['a'], 100), { code: 'no-session' });
  gateway.push({ session: 1 }, say, ['d'], 100);
  t.deepEqual(await first.next(), [PUSH, 3, 'HeroView', 'say', ['d']]);
  second.send([GOODBYE]);
  t.is((await second.closed).code, 1000);
  gateway.push({ principal: 7 }, say, ['e'], 100);
  t.deepEqual(await first.next(), [PUSH, 4, 'HeroView', 'say', ['e']]);
});

test('a push that returns something waits for a reply that fits', async (t) => {
  const { url, gateway } = await serving(t, { limits: { pushCallsMax: 4 } });
  const client = await RawClient.join(t, url, { id: 7 });
  const ask = () => gateway.push({ principal: 7 }, operation('HeroView', 'ask'), ['why'], 5000)!;
  const done = () => gateway.push({ principal: 7 }, operation('HeroView', 'done'), [], 5000)!;
  const answers = [ask(), done(), ask(), ask()];
  t.throws(ask, { instanceOf: OverloadedError });
  t.deepEqual(await client.next(), [PUSH_CALL, 1, 'HeroView', 'ask', ['why'], 5000]);
  client.send(
    [REPLY, 1, 1, 'because'],
    [REPLY, 2, 2, null],
    [REPLY_ERROR, 3, 3, { class: 'GameError', code: 'shy', data: { a: 1 } }],
    [REPLY_ERROR, 4, 4, { class: 'EngineError', code: 'unknown-operation' }],
    [REPLY, 5, 99, 'nobody asked'],
  );
  t.is(await answers[0], 'because');
  t.is(await answers[1], undefined);
  const shy = await t.throwsAsync(answers[2]!, { instanceOf: GameError, code: 'shy' });
  t.deepEqual((shy as GameError).data, { a: 1 });
  await t.throwsAsync(answers[3]!, { instanceOf: ContractMismatchError });
  const bad = [ask(), done(), ask()];
  client.send([REPLY, 6, 5, 42], [REPLY, 7, 6, 'text'], [REPLY_ERROR, 8, 7, 'garbage']);
  await t.throwsAsync(bad[0]!, { instanceOf: InvalidMessageError });
  await t.throwsAsync(bad[1]!, { instanceOf: InvalidMessageError });
  await t.throwsAsync(bad[2]!, { instanceOf: RemoteError });
  const soon = gateway.push({ principal: 7 }, operation('HeroView', 'ask'), ['?'], 10)!;
  await t.throwsAsync(soon, { instanceOf: CallTimeoutError });
  const lost = ask();
  client.send([GOODBYE]);
  await t.throwsAsync(lost, { instanceOf: UnavailableError, code: 'no-session' });
  t.is(gateway.counters.repliesInvalid, 2);
});

test('groups reach every member that is here, with one encoding', async (t) => {
  const { url, gateway } = await serving(t);
  const say = operation('HeroView', 'say');
  const clients = await Promise.all([1, 2n, '3'].map((id) => RawClient.join(t, url, { id })));
  for (const id of [1, 2n, '3', 'absent']) gateway.groupAdd('HeroView', 'arena:7', id);
  gateway.groupAdd('HeroView', 'arena:7', 1);
  gateway.groupPush('arena:7', say, ['all']);
  gateway.groupPush('arena', say, ['nobody']);
  gateway.groupRemove('HeroView', 'arena:7', 2n);
  gateway.groupRemove('HeroView', 'arena:7', 2);
  gateway.groupPush('arena:7', say, ['some']);
  t.deepEqual(await clients[0]!.next(), [PUSH, 1, 'HeroView', 'say', ['all']]);
  t.deepEqual(await clients[0]!.next(), [PUSH, 2, 'HeroView', 'say', ['some']]);
  t.is(clients[0]!.messages, 2);
  t.deepEqual(await clients[1]!.next(), [PUSH, 1, 'HeroView', 'say', ['all']]);
  t.deepEqual(await clients[2]!.next(), [PUSH, 1, 'HeroView', 'say', ['all']]);
  gateway.push({ principal: 2n }, say, ['last'], 1);
  t.deepEqual(await clients[1]!.next(), [PUSH, 2, 'HeroView', 'say', ['last']]);
  t.throws(() => gateway.groupPush('arena:7', operation('HeroView', 'ask'), ['?']), {
    instanceOf: ContractMismatchError,
  });
  t.is(gateway.counters.pushesWithoutSession, 2);
});

test('heartbeats: whoever was silent gives a sign', async (t) => {
  const { session, ended, written } = sessionOf(contextOf([]));
  session.onMessage(encode([[HELLO, { protocol: 1, ticket: { id: 1 } }]]));
  t.like(await written(), [[WELCOME]]);
  // Both spoke in this period.
  session.onHeartbeat();
  t.deepEqual(await written(), []);
  session.onHeartbeat();
  t.deepEqual(await written(), [[PING, 0]]);
  session.onMessage(encode([[PONG, 0]]));
  session.onHeartbeat();
  t.deepEqual(await written(), []);
  // The client speaks, the server has nothing to say: it pings all the same.
  session.onMessage(encode([[SEND, 1, 'Hero', 'poke', 1, ['x']]]));
  session.onHeartbeat();
  t.deepEqual(await written(), [[PING, 1]]);
  session.onMessage(encode([[PING, 0]]));
  t.deepEqual(await written(), [[PONG, 1]]);
  for (let period = 0; period < 3; period++) session.onHeartbeat();
  t.deepEqual(ended, []);
  session.onHeartbeat();
  t.deepEqual(ended, [1001]);
});

test('a client that stays silent is given up', async (t) => {
  const { url, gateway } = await serving(t, { limits: { heartbeatMs: 10 } });
  const dead = await RawClient.join(t, url, { id: 2 });
  t.is((await dead.closed).code, 1001);
  t.is(gateway.counters.closedSilent, 1);
});

test('the gateway says goodbye when it closes', async (t) => {
  const { url, gateway } = await serving(t, { authenticate });
  const clients = [await RawClient.join(t, url, { id: 1 }), await RawClient.join(t, url, { id: 2 })];
  const closed = gateway.close(1000);
  t.deepEqual(await clients[0]!.next(), [GOODBYE, 'draining', 0]);
  t.deepEqual(await clients[1]!.next(), [GOODBYE, 'draining', 500]);
  t.is((await clients[0]!.closed).code, 1001);
  await closed;
  const late = await RawClient.open(t, url);
  t.is((await late.closed).code, 1006);
});
