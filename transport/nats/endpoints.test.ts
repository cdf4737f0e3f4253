import test from 'ava';
import { endpointsOf, withoutSecrets } from './endpoints.ts';
import { isOlder } from './server-version.ts';

test('addresses, users and tokens are read from URLs', (t) => {
  t.deepEqual(endpointsOf('nats://a'), {
    servers: ['a:4222'],
    user: undefined,
    pass: undefined,
    token: undefined,
    tls: false,
  });
  t.deepEqual(endpointsOf('nats://me:p%40ss@a:1, nats://b:2'), {
    servers: ['a:1', 'b:2'],
    user: 'me',
    pass: 'p@ss',
    token: undefined,
    tls: false,
  });
  t.is(endpointsOf('tls://secret@a:1').token, 'secret');
  t.true(endpointsOf('tls://a').tls);
  t.deepEqual(endpointsOf('127.0.0.1:4333').servers, ['127.0.0.1:4333']);
});

test('nothing secret is repeated', (t) => {
  t.is(withoutSecrets('nats://me:secret@a:1,nats://token@b'), 'a:1,b:4222');
  for (const bad of ['http://me:secret@a', 'nats://', 'nats://me:secret@:x']) {
    const error = t.throws(() => endpointsOf(bad), { instanceOf: TypeError });
    t.notRegex(`${error!.message} ${error!.stack}`, /secret/);
  }
});

test('versions are compared by their numbers', (t) => {
  t.true(isOlder('2.9.10', '2.11.16'));
  t.true(isOlder('2.11.15-beta.1', '2.11.16'));
  t.false(isOlder('2.11.16', '2.11.16'));
  t.false(isOlder('v2.12.0', '2.11.16'));
  t.false(isOlder('3.0.0', '2.11.16'));
  t.true(isOlder('custom', '2.11.16'));
});
