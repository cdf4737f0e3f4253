import anyTest, { type ExecutionContext } from 'ava';
import { needsProgram } from '../../scripts/programs.ts';
import { NatsConnection } from '../../transport/nats/connection.ts';
import { FencedError, StoreError } from '../base/errors.ts';
import { NatsServer } from '../testing/nats-server.fixture.ts';
import { checkStore } from '../testing/store-conformance.ts';
import { NatsStore } from './nats-store.ts';

const test = needsProgram('nats') ? anyTest : anyTest.skip;

const record = { key: 'hero/7', slot: 1, epoch: 1, expectedEtag: null };
const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

async function server(t: ExecutionContext, settings: readonly string[] = []): Promise<NatsServer> {
  const started = await NatsServer.start({ settings });
  t.teardown(() => started.dispose());
  return started;
}

async function opened(t: ExecutionContext, { url }: NatsServer): Promise<NatsStore> {
  const store = await NatsStore.open({ url, cluster: 'test' });
  t.teardown(() => store.close());
  return store;
}

async function admin(t: ExecutionContext, { url }: NatsServer): Promise<(call: string, body?: object) => Promise<any>> {
  const connection = await NatsConnection.open({ url, name: 'admin', warn: () => {} });
  t.teardown(() => connection.close());
  return async (call, body = {}) => {
    const asked = new TextEncoder().encode(JSON.stringify(body));
    const answer = await connection.request(`$JS.API.STREAM.${call}`, asked, 5_000);
    return JSON.parse(new TextDecoder().decode(answer));
  };
}

test('the store in NATS keeps every promise of a store', async (t) => {
  const nats = await server(t);
  const api = await admin(t, nats);
  await checkStore({
    open: () => NatsStore.open({ url: nats.url, cluster: 'test' }),
    wipe: async () => void (await api('DELETE.STORE_test')),
    keeps: true,
  });
  t.pass();
});

test('what was saved survives a killed server, and the store finds the server again by itself', async (t) => {
  const nats = await server(t);
  const store = await opened(t, nats);
  await store.claim(1, 1);
  const [etag] = await store.save([{ ...record, bytes: bytes(1, 2, 3) }], 'flushed');
  await nats.kill();
  const load = store.load('hero/7', 1);
  const save = store.save([{ ...record, bytes: bytes(4), expectedEtag: etag! }], 'flushed');
  await nats.start();
  t.deepEqual(await load, { bytes: bytes(1, 2, 3), etag: etag!, epoch: 1 });
  const [next] = await save;
  t.deepEqual(await store.load('hero/7', 1), { bytes: bytes(4), etag: next!, epoch: 1 });
});

test('a save that a server took and did not acknowledge is found there', async (t) => {
  const nats = await server(t);
  let tell!: () => void;
  const lost = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const warn = (line: string): void => void (/is lost/.test(line) && tell());
  const store = await NatsStore.open({ url: nats.url, cluster: 'test', warn });
  t.teardown(() => store.close());
  await store.claim(1, 1);
  const [etag] = await store.save([{ ...record, bytes: bytes(1) }], 'flushed');
  await nats.freeze();
  // It lies in the server's socket, and the connection counts as lost before it is read.
  const save = store.save([{ ...record, bytes: bytes(2), expectedEtag: etag! }], 'flushed');
  await lost;
  nats.thaw();
  const [next] = await save;
  t.deepEqual(await store.load('hero/7', 1), { bytes: bytes(2), etag: next!, epoch: 1 });
});

test('a server that stands still for longer than a step may take: nothing is known, and afterwards everything', async (t) => {
  const nats = await server(t);
  const store = await opened(t, nats);
  await store.claim(1, 1);
  await nats.freeze();
  const error = await t.throwsAsync(store.save([{ ...record, bytes: bytes(1) }], 'committed'), {
    instanceOf: StoreError,
  });
  t.is((error as StoreError).code, 'timeout');
  t.is((error as StoreError).outcome, 'unknown');
  nats.thaw();
  const found = await store.load('hero/7', 1);
  const [etag] = await store.save([{ ...record, bytes: bytes(2), expectedEtag: found?.etag ?? null }], 'committed');
  t.deepEqual(await store.load('hero/7', 1), { bytes: bytes(2), etag: etag!, epoch: 1 });
});

test('whoever claims a slot fences those before, whatever they know', async (t) => {
  const nats = await server(t);
  const [one, two] = [await opened(t, nats), await opened(t, nats)];
  await one.claim(1, 1);
  const [etag] = await one.save([{ ...record, bytes: bytes(1) }], 'flushed');
  await two.claim(1, 2);
  t.deepEqual(await two.load('hero/7', 1), { bytes: bytes(1), etag: etag!, epoch: 1 });
  const late = [{ ...record, bytes: bytes(2), expectedEtag: etag! }];
  await t.throwsAsync(one.save(late, 'committed'), { instanceOf: FencedError });
  await t.throwsAsync(one.claim(1, 1), { instanceOf: FencedError });
  await two.save([{ ...late[0]!, epoch: 2, bytes: bytes(3) }], 'committed');
  t.deepEqual((await one.load('hero/7', 1))!.bytes, bytes(3));
  // Another slot is another matter.
  await one.claim(2, 1);
});

test('records larger than a message of the server', async (t) => {
  const nats = await server(t);
  const store = await opened(t, nats);
  await store.claim(1, 1);
  const large = new Uint8Array(5_000_000).map((_, i) => (i * 31) >> 3);
  const [etag] = await store.save([{ ...record, bytes: large }], 'flushed');
  const found = await store.load('hero/7', 1);
  t.is(found!.etag, etag!);
  t.true(Buffer.from(large).equals(found!.bytes));
  const other = await opened(t, nats);
  t.true(Buffer.from(large).equals((await other.load('hero/7'))!.bytes));
});

test('a log that is written on and on stays short, and what it says stays the same', async (t) => {
  const nats = await server(t);
  const api = await admin(t, nats);
  const store = await opened(t, nats);
  await store.claim(1, 1);
  const etags = new Map<string, string>();
  for (let round = 0; round < 600; round++) {
    const key = `k${round % 7 === 0 ? round : round % 40}`;
    const row = { key, slot: 1, epoch: 1, expectedEtag: etags.get(key) ?? null };
    const [etag] = await store.save([{ ...row, bytes: round % 11 === 0 ? null : bytes(round % 251) }], 'committed');
    if (etag === '') etags.delete(key);
    else etags.set(key, etag!);
  }
  const { state } = await api('INFO.STORE_test');
  t.true(state.messages < 120, `${state.messages} messages`);
  const other = await opened(t, nats);
  const found = new Map<string, string>();
  for await (const { key, record: held } of other.scan('k')) found.set(key, held.etag);
  t.deepEqual([...found].sort(), [...etags].sort());
});

test('a full stream says so, and goes on when there is room', async (t) => {
  const nats = await server(t);
  const api = await admin(t, nats);
  const store = await opened(t, nats);
  await store.claim(1, 1);
  const { config } = await api('INFO.STORE_test');
  t.is((await api('UPDATE.STORE_test', { ...config, max_bytes: 100_000 })).error, undefined);
  const save = (): Promise<string[]> => store.save([{ ...record, bytes: new Uint8Array(150_000) }], 'committed');
  const error = await t.throwsAsync(save(), { instanceOf: StoreError });
  t.is((error as StoreError).code, 'full');
  await api('UPDATE.STORE_test', { ...config, max_bytes: -1 });
  t.is((await save()).length, 1);
});

test('a stream that is not kept, and a server without JetStream, are refused in one line', async (t) => {
  const nats = await server(t);
  const api = await admin(t, nats);
  await api('CREATE.STORE_test', { name: 'STORE_test', subjects: ['eng.test.store.*'], storage: 'memory' });
  const error = await t.throwsAsync(NatsStore.open({ url: nats.url, cluster: 'test' }), { instanceOf: StoreError });
  t.regex(error!.message, /^The stream STORE_test is not as a store needs it/);
  const plain = await NatsServer.start({ jetStream: false });
  t.teardown(() => plain.dispose());
  await t.throwsAsync(NatsStore.open({ url: plain.url, cluster: 'test' }), { message: /without JetStream/ });
});
