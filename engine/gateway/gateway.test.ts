import { connect as tcp } from 'node:net';
import test from 'ava';
import { CALL, HELLO, PUSH, RESULT } from '../../transport/client/frames.ts';
import { operation, serving } from './gateway.fixture.ts';
import { originAllowed } from './origin.ts';
import { RawClient } from './raw-client.fixture.ts';

/** Sends text over TCP and collects what comes back until the other side closes. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = tcp(port, '127.0.0.1', () => socket.write(text));
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: play.example.com',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

test('a slow reader loses what may be dropped, and in the end the connection', async (t) => {
  const { url, port, gateway } = await serving(t, { limits: { closeMsMax: 200 } });
  const healthy = await RawClient.join(t, url, { id: 2 });
  // A socket that says hello and then reads nothing more.
  const slow = tcp(port, '127.0.0.1');
  t.teardown(() => slow.destroy());
  slow.write(`${UPGRADE.join('\r\n')}\r\n\r\n`);
  await new Promise((resolve) => slow.once('data', resolve));
  slow.pause();
  // [[1, {protocol: 1, ticket: {id: 1}}]], with a mask of zeros.
  const hello = Buffer.from('91920182a870726f746f636f6c01a67469636b657481a2696401', 'hex');
  slow.write(Buffer.concat([Buffer.from([0x82, 0x80 | hello.length, 0, 0, 0, 0]), hello]));
  const view = { filler: 'x'.repeat(50_000) };
  while (gateway.counters.sessionsOpened < 2) await new Promise((resolve) => setImmediate(resolve));
  gateway.groupAdd('HeroView', 'all', 1);
  gateway.groupAdd('HeroView', 'all', 2);
  let sent = 0;
  while (gateway.counters.pushesReplaced < 50) {
    gateway.groupPush('all', operation('HeroView', 'snapshot'), [view, ++sent]);
    await new Promise((resolve) => setImmediate(resolve));
    t.true(sent < 3000);
  }
  t.is(gateway.connections, 2);
  while (gateway.counters.closedSlow === 0) {
    gateway.push({ principal: 1 }, operation('HeroView', 'say'), ['x'.repeat(60_000)], 1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.is(gateway.connections, 1);
  // The other one got everything.
  let last: unknown;
  for (let n = 1; n <= sent; n++) {
    const frame = (await healthy.next())!;
    t.deepEqual(frame.slice(0, 2), [PUSH, n]);
    last = (frame[4] as unknown[])[1];
  }
  t.is(last, sent);
});

test('messages beyond the limit, and text, close the socket', async (t) => {
  const { url } = await serving(t);
  const large = await RawClient.join(t, url, { id: 1 });
  large.sendBytes(new Uint8Array(64 * 1024 + 1));
  t.is((await large.closed).code, 1009);
  const fits = await RawClient.join(t, url, { id: 1 });
  fits.send([CALL, 1, 'Hero', 'echo', 1, ['x'.repeat(65_000)]]);
  t.is((await fits.next())?.[0], RESULT);
  const text = await RawClient.join(t, url, { id: 1 });
  text.sendBytes('text' as unknown as Uint8Array);
  t.is((await text.closed).code, 1007);
  const early = await RawClient.open(t, url);
  early.send([CALL, 1, 'Hero', 'move', 1, [1, 1]]);
  t.is((await early.closed).code, 1008);
  const twice = await RawClient.join(t, url, { id: 1 });
  twice.send([HELLO, { protocol: 1, ticket: { id: 2 } }]);
  t.is((await twice.closed).code, 1008);
  const gap = await RawClient.join(t, url, { id: 1 });
  gap.send([CALL, 2, 'Hero', 'move', 1, [1, 1]]);
  t.is((await gap.closed).code, 1008);
});

test('pages of other origins are refused before the upgrade', async (t) => {
  const { port } = await serving(t, { origins: ['https://friend.example'] });
  const status = async (origin?: string) => {
    const lines = [...UPGRADE, ...(origin === undefined ? [] : [`Origin: ${origin}`]), 'X-Last: 1'];
    const answer = await exchange(port, `${lines.join('\r\n')}\r\n\r\n\x88\x80\0\0\0\0`);
    return answer.split(' ')[1];
  };
  t.is(await status(), '101');
  t.is(await status('http://play.example.com'), '101');
  t.is(await status('https://friend.example'), '101');
  t.is(await status('https://evil.example'), '403');
  t.is(await status('null'), '403');
});

test('what counts as the same origin', (t) => {
  const allowed = (origin: string, host: string) => originAllowed(origin, host, []);
  t.true(allowed('http://127.0.0.1:7070', '127.0.0.1:7070'));
  t.true(allowed('https://play.example.com', 'play.example.com'));
  t.true(allowed('https://play.example.com', 'play.example.com:443'));
  t.true(allowed('https://PLAY.example.com', 'play.EXAMPLE.com'));
  t.false(allowed('https://play.example.com', 'play.example.com:8443'));
  t.false(allowed('https://play.example.com.evil.example', 'play.example.com'));
  t.false(allowed('file://', ''));
  t.false(allowed('http://', 'x'));
  t.false(originAllowed('http://x', undefined, []));
});

test('plain HTTP is bounded, and there are only pages when the game has some', async (t) => {
  const { port } = await serving(t);
  const get = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n';
  t.regex(await exchange(port, `${get}\r\n`), /^HTTP\/1.1 404 /);
  const headers = Array.from({ length: 100 }, (_, n) => `X-${n}: ${n}\r\n`).join('');
  t.regex(await exchange(port, `${get}${headers}\r\n`), /^HTTP\/1.1 431 /);
  t.regex(await exchange(port, `${get}X: ${'x'.repeat(10_000)}\r\n\r\n`), /^HTTP\/1.1 431 /);
  t.regex(await exchange(port, 'nonsense\r\n\r\n'), /^HTTP\/1.1 400 /);
  t.regex(await exchange(port, `${UPGRADE.slice(0, 4).join('\r\n')}\r\n\r\n`), /^HTTP\/1.1 4\d\d /);
  // Headers beyond the limit are not parsed, the upgrade among them (CVE-2024-37890).
  const many = [UPGRADE[0], UPGRADE[1], headers.trimEnd(), ...UPGRADE.slice(2), 'Connection: close'].join('\r\n');
  t.notRegex(await exchange(port, `${many}\r\n\r\n`), /^HTTP\/1.1 101 /);
});

test('connections beyond the limit are turned away', async (t) => {
  const { url, port } = await serving(t, { limits: { connectionsMax: 1 } });
  await RawClient.join(t, url, { id: 1 });
  t.regex(await exchange(port, `${UPGRADE.join('\r\n')}\r\n\r\n`), /^HTTP\/1.1 503 /);
});

test('a port that is taken is said so', async (t) => {
  const { port } = await serving(t);
  const other = await serving(t);
  await t.throwsAsync(other.gateway.listen(port, '127.0.0.1'), { code: 'ERR_SERVER_ALREADY_LISTEN' });
});
