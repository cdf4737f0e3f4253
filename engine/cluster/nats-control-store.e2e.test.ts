import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { needsProgram } from '../../scripts/programs.ts';
import { NatsConnection } from '../../transport/nats/connection.ts';
import { Prng } from '../base/prng.ts';
import { FaultProxy } from '../testing/fault-proxy.fixture.ts';
import { NatsServer } from '../testing/nats-server.fixture.ts';
import { controlStoreConformance, StoreClient, seat } from './control-store.conformance.ts';
import { KeyWriter, type WriteVerdict } from './key-writer.ts';
import type { StoreEffect } from './machine.ts';
import { ControlStoreError, NatsControlStore, type NatsControlStoreOptions } from './nats-control-store.ts';

const test = (needsProgram('nats') ? anyTest : anyTest.skip) as TestFn;

const SETTINGS = { slots: 4096, profile: 'ci' };
/** Long enough for a loaded machine; tests of time-outs take less. */
const PATIENT_MS = 10_000;

async function serverFor(t: ExecutionContext): Promise<NatsServer> {
  const server = await NatsServer.start();
  t.teardown(() => server.dispose());
  return server;
}

async function connectTo(t: ExecutionContext, url: string): Promise<NatsConnection> {
  const connection = await NatsConnection.open({ url, name: 'test', warn: () => {} });
  t.teardown(() => connection.close());
  return connection;
}

async function clientOf(
  t: ExecutionContext,
  url: string,
  options: Partial<NatsControlStoreOptions> = {},
): Promise<StoreClient> {
  const connection = await connectTo(t, url);
  const client = new StoreClient();
  const all = { connection, cluster: 'test', timeoutMs: PATIENT_MS, settings: SETTINGS, warn: () => {}, ...options };
  client.store = await NatsControlStore.open(all, client.listener);
  await connection.settled();
  return client;
}

controlStoreConformance(test, 'nats', async (t) => {
  const { url } = await serverFor(t);
  return [await clientOf(t, url), await clientOf(t, url)];
});

/** Drives the machine that writes one key, as a shell does. */
async function writeThrough(client: StoreClient, nonce: string, expected: number): Promise<WriteVerdict> {
  let requests = 1000 + new Prng(expected, nonce).uint32();
  const writer = new KeyWriter('master', () => ++requests);
  const out: StoreEffect[] = [];
  const sentAt = { mono: 0, wall: 0 };
  writer.write({ value: seat(nonce), expected, sentAt, above: expected }, out);
  for (;;) {
    const effect = out.shift() as StoreEffect & { request: number };
    client.store!.perform(effect);
    const event = await client.event((one): one is typeof one => 'request' in one && one.request === effect.request);
    const verdict = writer.step(event, out);
    if (verdict !== undefined) return verdict;
  }
}

test('the bucket has the settings of the protocol, and hosts that go by other settings are refused', async (t) => {
  const { url } = await serverFor(t);
  const drawn = { key: 5 };
  const first = await clientOf(t, url, { drawn });
  t.like((first.store as NatsControlStore).agreed, { ...SETTINGS, ...drawn });
  const second = await clientOf(t, url, { drawn: { key: 6 } });
  t.is((second.store as NatsControlStore).agreed.key, 5, 'what the first host drew');
  const error = await t.throwsAsync(clientOf(t, url, { settings: { ...SETTINGS, profile: 'lan' } }), {
    instanceOf: ControlStoreError,
  });
  t.is(error!.message, 'this cluster goes by profile = ci, and this host by lan: start it with the same');
  await t.throwsAsync(clientOf(t, url, { cluster: 'no.dots' }), { instanceOf: ControlStoreError });
  const other = await clientOf(t, url, { cluster: 'other', settings: { profile: 'lan' } });
  t.deepEqual(await other.poll(), [], 'another cluster on the same server');
  const raw = await connectTo(t, url);
  const info = JSON.parse(
    new TextDecoder().decode(await raw.request('$JS.API.STREAM.INFO.KV_CTL_test', new Uint8Array(), PATIENT_MS)),
  );
  t.like(info.config, { max_msgs_per_subject: 1, num_replicas: 1, storage: 'file', deny_delete: true });
  t.not(info.config.allow_direct, true);
});

test('the server is killed between the write and its acknowledgement: the writer finds its own write', async (t) => {
  const server = await serverFor(t);
  const proxy = await FaultProxy.start(server.port);
  t.teardown(() => proxy.dispose());
  const witness = await clientOf(t, server.url);
  const client = await clientOf(t, proxy.url, { timeoutMs: 500 });
  proxy.hold('down');
  const verdict = writeThrough(client, '1:1', 0);
  for (;;) {
    const read = await witness.ask({ key: 'master' });
    if (read.kind === 'read-done' && read.entry?.value.nonce === '1:1') break;
  }
  await server.kill();
  await server.start();
  proxy.release();
  proxy.cut();
  let result = await verdict;
  // Read-backs may time out too, while it reconnects: the machine says that it does not know, and asks again.
  while (result.kind === 'open') {
    const read = await client.ask({ key: 'master' });
    if (read.kind === 'read-done')
      result = { kind: 'done', revision: read.entry!.revision, attempt: undefined as never };
    t.is(read.kind === 'read-done' ? read.entry!.value.nonce : '1:1', '1:1');
  }
  t.is(result.kind, 'done');
});

test('a server that stands still: the outcome is unknown, and the write may be applied after all', async (t) => {
  const server = await serverFor(t);
  const client = await clientOf(t, server.url, { timeoutMs: 300 });
  await server.freeze();
  t.is((await client.ask({ key: 'master', expected: 0, value: seat('late') })).kind, 'cas-unknown');
  t.is((await client.ask({ key: 'master' })).kind, 'read-failed');
  server.thaw();
  for (;;) {
    const read = await client.ask({ key: 'master' });
    if (read.kind !== 'read-done' || read.entry === undefined) continue;
    t.is(read.entry.value.nonce, 'late');
    // Our second attempt on the same revision is refused, and the first is recognised.
    const verdict = await writeThrough(client, 'late', 0);
    t.is(verdict.kind, 'done');
    return;
  }
});

test('a restart keeps everything; a store that was wiped is not made again behind the back of running hosts', async (t) => {
  const server = await serverFor(t);
  const client = await clientOf(t, server.url, { timeoutMs: 500 });
  const written = await client.ask({ key: 'master', expected: 0, value: seat('kept') });
  t.is(written.kind, 'cas-done');
  await server.kill();
  await server.start();
  for (;;) {
    const read = await client.ask({ key: 'master' });
    if (read.kind !== 'read-done') continue;
    t.is(read.entry!.value.nonce, 'kept');
    break;
  }
  await server.kill();
  server.wipe();
  await server.start();
  const raw = await connectTo(t, server.url);
  await raw.settled();
  for (let asked = 0; asked < 3; asked++) {
    t.is((await client.ask({ key: 'master' })).kind, 'read-failed');
    t.is((await client.ask({ key: 'master', expected: 0, value: seat('new') })).kind, 'cas-unknown');
  }
  const info = await raw.request('$JS.API.STREAM.INFO.KV_CTL_test', new Uint8Array(), PATIENT_MS);
  t.regex(new TextDecoder().decode(info), /stream not found/);
});

test('values that this version does not understand are said once, and are no answer', async (t) => {
  const { url } = await serverFor(t);
  const warnings: string[] = [];
  const client = await clientOf(t, url, { warn: (line) => warnings.push(line) });
  const raw = await connectTo(t, url);
  await raw.request('$KV.CTL_test.master', new TextEncoder().encode('{"v":99}'), PATIENT_MS);
  t.is((await client.ask({ key: 'master' })).kind, 'read-failed');
  t.is((await client.ask({ key: 'master' })).kind, 'read-failed');
  t.is(warnings.filter((line) => /written as version 99/.test(line)).length, 1);
});

test('three servers: nothing acknowledged is lost with one of them', async (t) => {
  const servers = await NatsServer.cluster();
  t.teardown(() => Promise.all(servers.map((server) => server.dispose())));
  const url = servers.map((server) => server.url).join(',');
  const client = await clientOf(t, url, { timeoutMs: 2000 });
  const raw = await connectTo(t, url);
  const infoOf = async () =>
    JSON.parse(
      new TextDecoder().decode(await raw.request('$JS.API.STREAM.INFO.KV_CTL_test', new Uint8Array(), PATIENT_MS)),
    );
  const { config, cluster } = await infoOf();
  t.is(config.num_replicas, 3);
  let revision = 0;
  let acknowledged = '';
  for (let count = 1; count <= 30; count++) {
    const value = seat(`1:${count}`);
    const event = await client.ask({ key: 'master', expected: revision, value });
    if (event.kind === 'cas-done') {
      revision = event.revision;
      acknowledged = value.nonce;
    } else {
      // Unknown: what stands now says how it went, and never that something acknowledged is gone.
      for (;;) {
        const read = await client.ask({ key: 'master' });
        if (read.kind !== 'read-done') continue;
        t.true(read.entry!.revision >= revision);
        if (read.entry!.revision === revision) t.is(read.entry!.value.nonce, acknowledged);
        revision = read.entry!.revision;
        acknowledged = read.entry!.value.nonce;
        break;
      }
    }
    if (count === 15) await servers[Number(cluster.leader.slice(1))]!.kill();
  }
  const read = await client.ask({ key: 'master' });
  t.is(read.kind === 'read-done' && read.entry!.value.nonce, acknowledged);
  t.true((await client.poll()).length === 1);
});
