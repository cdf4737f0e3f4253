import anyTest, { type ExecutionContext } from 'ava';
import { FaultProxy } from '../../engine/testing/fault-proxy.fixture.ts';
import { NatsServer, type NatsServerOptions } from '../../engine/testing/nats-server.fixture.ts';
import { needsProgram } from '../../scripts/programs.ts';
import { NatsConnection, NatsRequestError, NatsUnusableError, UNCONFIRMED_BYTES_MAX } from './connection.ts';

const test = needsProgram('nats') ? anyTest : anyTest.skip;

async function serverFor(t: ExecutionContext, options?: NatsServerOptions): Promise<NatsServer> {
  const server = await NatsServer.start(options);
  t.teardown(() => server.dispose());
  return server;
}

async function connectTo(t: ExecutionContext, url: string, warnings: string[] = []): Promise<NatsConnection> {
  const connection = await NatsConnection.open({ url, name: 'test', warn: (line) => warnings.push(line) });
  t.teardown(() => connection.close());
  return connection;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const back = (connection: NatsConnection): Promise<void> =>
  new Promise((resolve) => {
    connection.onBack(resolve);
  });

async function troubleOf(t: ExecutionContext, url: string): Promise<NatsUnusableError> {
  const error = await t.throwsAsync(NatsConnection.open({ url, name: 'test', warn: () => {} }), {
    instanceOf: NatsUnusableError,
  });
  t.false(error!.message.includes('\n'));
  t.notRegex(`${error!.message}`, /secret/);
  return error as NatsUnusableError;
}

test('absent: one line, and the same works when the server is there', async (t) => {
  const server = await serverFor(t);
  await server.kill();
  const { port } = server;
  const url = `nats://me:secret@127.0.0.1:${port}`;
  const absent = await troubleOf(t, url);
  t.is(absent.trouble, 'absent');
  t.is(absent.message, `no NATS at 127.0.0.1:${port}: start nats-server -js there and run the same command again`);
  await server.start();
  t.true((await connectTo(t, url)).isConnected);
});

test('credentials: refused with one line that does not repeat them, taken when they are right', async (t) => {
  const { port } = await serverFor(t, { settings: ['--user', 'me', '--pass', 'right'] });
  t.is((await troubleOf(t, `nats://me:secret@127.0.0.1:${port}`)).trouble, 'refused');
  t.is((await troubleOf(t, `nats://127.0.0.1:${port}`)).trouble, 'refused');
  t.true((await connectTo(t, `nats://me:right@127.0.0.1:${port}`)).isConnected);
});

test('a server without JetStream is refused with one line, one that is old is warned of', async (t) => {
  const without = await serverFor(t, { jetStream: false });
  const connection = await connectTo(t, without.url);
  const error = t.throws(() => connection.requireJetStream(), { instanceOf: NatsUnusableError });
  t.is((error as NatsUnusableError).trouble, 'no-jetstream');
  t.regex(error!.message, /-js/);
  const warnings: string[] = [];
  const keeping = await connectTo(t, (await serverFor(t)).url, warnings);
  t.notThrows(() => keeping.requireJetStream());
  t.false(keeping.isClustered);
  // Whichever is installed: the ones of Debian are old.
  for (const line of warnings) t.regex(line, /^nats: the server is \S+; use 2\.11\.16 or later/);
});

test('subscriptions last over a restart of the server; what is published in between is refused, not kept', async (t) => {
  const server = await serverFor(t);
  const warnings: string[] = [];
  const connection = await connectTo(t, server.url, warnings);
  const seen: string[] = [];
  let arrived = (): void => {};
  connection.subscribe('a.*', ({ subject, bytes: data }) => {
    seen.push(`${subject} ${new TextDecoder().decode(data)}`);
    arrived();
  });
  const next = (): Promise<void> =>
    new Promise((resolve) => {
      arrived = resolve;
    });
  let one = next();
  t.true(connection.publish('a.b', bytes('1')));
  await one;
  const again = back(connection);
  await server.kill();
  while (connection.isConnected) await new Promise((resolve) => setImmediate(resolve));
  t.false(connection.publish('a.b', bytes('lost')));
  t.is(connection.refused, 1);
  await server.start();
  await again;
  one = next();
  t.true(connection.publish('a.b', bytes('2')));
  await one;
  t.deepEqual(seen, ['a.b 1', 'a.b 2']);
  t.is(connection.losses, 1);
  t.is(warnings.filter((line) => /is lost|connected again/.test(line)).length, 2);
});

test('requests: an answer, nobody there, and a server that stands still', async (t) => {
  const server = await serverFor(t);
  const connection = await connectTo(t, server.url);
  const answer = await connection.request('$JS.API.INFO', bytes(''), 5000);
  t.regex(new TextDecoder().decode(answer), /"memory"/);
  const nobody = await t.throwsAsync(connection.request('nobody', bytes(''), 5000), { instanceOf: NatsRequestError });
  t.is((nobody as NatsRequestError).reason, 'nobody');
  await server.freeze();
  const late = await t.throwsAsync(connection.request('$JS.API.INFO', bytes(''), 50), { instanceOf: NatsRequestError });
  t.is((late as NatsRequestError).reason, 'timeout');
  server.thaw();
});

test('a server that reads nothing does not fill our memory', async (t) => {
  const server = await serverFor(t);
  const proxy = await FaultProxy.start(server.port);
  t.teardown(() => proxy.dispose());
  const connection = await connectTo(t, proxy.url);
  await server.freeze();
  const message = new Uint8Array(1 << 20).fill(1).subarray(0, (1 << 20) - 100);
  let taken = 0;
  while (connection.publish('x', message)) taken += message.length;
  t.true(taken <= UNCONFIRMED_BYTES_MAX + message.length);
  server.thaw();
  // It reads, or has cut us off and takes us again.
  while (!connection.publish('x', message)) await new Promise((resolve) => setImmediate(resolve));
  t.pass();
});

test('half open: a connection that hears nothing is given up within its pings, and made again', async (t) => {
  const server = await serverFor(t);
  const proxy = await FaultProxy.start(server.port);
  t.teardown(() => proxy.dispose());
  const connection = await connectTo(t, proxy.url);
  const again = back(connection);
  proxy.swallow('down');
  while (connection.isConnected) await new Promise((resolve) => setTimeout(resolve, 20));
  t.true(proxy.swallowed > 0);
  proxy.release();
  await again;
  await connection.settled();
  t.is(connection.losses, 1);
});

test('a cluster of three keeps answering when one of them is killed', async (t) => {
  const servers = await NatsServer.cluster();
  t.teardown(() => Promise.all(servers.map((server) => server.dispose())));
  const connection = await connectTo(t, servers.map(({ url }) => url).join(','));
  t.true(connection.isClustered);
  const again = back(connection);
  // Whichever we are at: the connection moves on.
  for (const server of servers.slice(0, 2)) await server.kill();
  if (connection.isConnected) await connection.settled().catch(() => again);
  else await again;
  await connection.settled();
  t.true(connection.isConnected);
});
