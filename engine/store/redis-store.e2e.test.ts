import anyTest from 'ava';
import { createClient } from 'redis';
import { needsProgram } from '../../scripts/programs.ts';
import { StoreError } from '../base/errors.ts';
import { RedisServer } from '../testing/redis-server.fixture.ts';
import { checkStore } from '../testing/store-conformance.ts';
import { RedisStore } from './redis-store.ts';

const test = needsProgram('redis') ? anyTest : anyTest.skip;

const KEPT = ['--appendonly', 'yes', '--appendfsync', 'always'];

test('the Redis store keeps every promise of a store', async (t) => {
  const server = await RedisServer.start(KEPT);
  t.teardown(() => server.dispose());
  const admin = await createClient({ url: server.url }).connect();
  t.teardown(() => admin.destroy());
  await checkStore({
    open: () => RedisStore.open({ url: server.url }),
    wipe: async () => void (await admin.flushAll()),
    keeps: true,
  });
  t.pass();
});

test('what was flushed survives a killed server, and the store finds the server again', async (t) => {
  const server = await RedisServer.start(KEPT);
  t.teardown(() => server.dispose());
  const store = await RedisStore.open({ url: server.url });
  t.teardown(() => store.close());
  const record = { key: 'hero/7', slot: 1, epoch: 1, expectedEtag: null };
  await store.claim(1, 1);
  const [etag] = await store.save([{ ...record, bytes: new Uint8Array([1, 2, 3]) }], 'flushed');
  await server.kill();
  const lost = await t.throwsAsync(store.load('hero/7'), { instanceOf: StoreError });
  t.is((lost as StoreError).code, 'timeout');
  await server.start();
  for (;;) {
    try {
      t.deepEqual(await store.load('hero/7'), { bytes: new Uint8Array([1, 2, 3]), etag: etag!, epoch: 1 });
      break;
    } catch (error) {
      // It looks for the server in steps of less than a second.
      t.is((error as StoreError).code, 'timeout');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  // The scripts are sent again to a server that has forgotten them.
  await store.save([{ ...record, bytes: null, expectedEtag: etag! }], 'flushed');
  t.is(await store.load('hero/7'), undefined);
});

test('a server that does not keep what it is given is said to, and refuses to promise', async (t) => {
  const server = await RedisServer.start(['--appendonly', 'no', '--save', '']);
  t.teardown(() => server.dispose());
  const warnings: string[] = [];
  const store = await RedisStore.open({ url: server.url, warn: (line) => warnings.push(line) });
  t.teardown(() => store.close());
  t.deepEqual(store.caps.levels, ['committed']);
  t.regex(warnings.join(), /appendonly is off/);
  await store.claim(0, 1);
  const save = { key: 'k', bytes: new Uint8Array(1), expectedEtag: null, slot: 0, epoch: 1 };
  await t.throwsAsync(store.save([save], 'flushed'), { code: 'not-implemented' });
  t.is((await store.save([save], 'committed')).length, 1);
});

test('no server: one clear error, without the password', async (t) => {
  const error = await t.throwsAsync(RedisStore.open({ url: 'redis://user:secret@127.0.0.1:1' }), {
    instanceOf: StoreError,
  });
  t.is((error as StoreError).code, 'timeout');
  t.regex(error!.message, /^The store at redis:\/\/user:.*@127\.0\.0\.1:1/);
  t.notRegex(error!.message, /secret/);
});
