import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Admin, type AdminOptions, ApiError, type Readiness, type Route } from './admin.ts';

interface Logged {
  fields: any;
  message: string | undefined;
}

/** A listening admin port that is closed after the test. */
async function open(t: ExecutionContext, options: Partial<AdminOptions> = {}) {
  const logged: Logged[] = [];
  const error = (fields: object, message?: string) => void logged.push({ fields, message });
  const admin = new Admin({
    gauges: { read: () => [] },
    readiness: () => ({ ready: true }),
    routes: [],
    log: { debug() {}, info() {}, warn() {}, error },
    ...options,
  });
  const port = await admin.listen(0, '127.0.0.1');
  t.teardown(() => admin.close());
  const base = `http://127.0.0.1:${port}`;
  const get = async (path: string, init?: RequestInit) => {
    const response = await fetch(base + path, init);
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };
  const post = (path: string, body: unknown, headers = {}) =>
    get(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
  return { admin, port, base, get, post, logged };
}

/** What the server writes until it closes the connection. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  // A server that refuses a request leaves some of it unread, and the connection is then reset behind its answer.
  socket.on('error', () => {});
  socket.write(text);
  await new Promise((resolve) => socket.on('close', resolve));
  return answer;
}

test('healthz is ok while the process lives', async (t) => {
  const { get } = await open(t);
  t.like(await get('/healthz'), { status: 200, text: 'ok' });
});

test('readyz follows the state of the host', async (t) => {
  let state: Readiness = { ready: false, reason: 'starting' };
  const { get } = await open(t, { readiness: () => state });
  t.like(await get('/readyz'), { status: 503, text: 'starting' });
  state = { ready: true };
  t.like(await get('/readyz'), { status: 200, text: 'ready' });
  state = { ready: false, reason: 'draining' };
  t.like(await get('/readyz'), { status: 503, text: 'draining' });
});

test('metrics are read at every scrape, in the text of Prometheus', async (t) => {
  let calls = 0;
  const gauges = {
    read: async () => [
      { name: 'skerry_calls_total', kind: 'counter', help: 'Calls.', samples: [{ value: ++calls }] } as const,
    ],
  };
  const { get } = await open(t, { gauges });
  await get('/metrics');
  const { status, type, text } = await get('/metrics');
  t.is(status, 200);
  t.is(type, 'text/plain; version=0.0.4; charset=utf-8');
  t.is(text, '# HELP skerry_calls_total Calls.\n# TYPE skerry_calls_total counter\nskerry_calls_total 2\n');
});

test('the page at / links to what there is', async (t) => {
  const { get } = await open(t, { routes: [{ method: 'GET', path: '/api/nodes', run: () => [] }] });
  const { status, type, text } = await get('/');
  t.is(status, 200);
  t.regex(type!, /^text\/html/);
  t.regex(text, /\/metrics.*\/api\/nodes/);
});

test('routes get the query and the body, and give JSON', async (t) => {
  const seen: unknown[] = [];
  const routes: Route[] = [
    { method: 'GET', path: '/api/echo', run: ({ query, body }) => ({ q: query.get('q'), body, id: 7n }) },
    {
      method: 'POST',
      path: '/api/echo',
      run: async ({ body }) => {
        seen.push(body);
      },
    },
  ];
  const { get, post } = await open(t, { routes });
  const { status, type, text } = await get('/api/echo?q=a%20b');
  t.is(status, 200);
  t.is(type, 'application/json');
  t.deepEqual(JSON.parse(text), { q: 'a b', id: '7' });
  t.like(await post('/api/echo', { a: [1] }), { status: 200, text: '{}\n' });
  t.deepEqual(seen, [{ a: [1] }]);
});

test('what is not there, and what is not taken, is said in JSON', async (t) => {
  const { get, post } = await open(t, { routes: [{ method: 'GET', path: '/api/nodes', run: () => [] }] });
  const code = ({ status, text }: { status: number; text: string }) => [status, JSON.parse(text).error.code];
  t.deepEqual(code(await get('/nothing')), [404, 'not-found']);
  t.deepEqual(code(await get('/api/nothing')), [404, 'not-found']);
  t.deepEqual(code(await get('/api/nodes/')), [404, 'not-found']);
  t.deepEqual(code(await post('/api/nodes', {})), [405, 'method']);
  t.deepEqual(code(await post('/healthz', {})), [405, 'method']);
});

test('a route can answer with a status of its own; any other error is internal and logged', async (t) => {
  const routes: Route[] = [
    {
      method: 'GET',
      path: '/api/known',
      run: () => {
        throw new ApiError(409, 'busy', 'Later.');
      },
    },
    { method: 'GET', path: '/api/unknown', run: () => Promise.reject(new Error('secret')) },
  ];
  const { get, logged } = await open(t, { routes });
  const known = await get('/api/known');
  t.is(known.status, 409);
  t.deepEqual(JSON.parse(known.text), { error: { code: 'busy', message: 'Later.' } });
  const unknown = await get('/api/unknown');
  t.is(unknown.status, 500);
  t.notRegex(unknown.text, /secret/);
  t.is(logged.length, 1);
  t.is(logged[0]!.fields.err.message, 'secret');
});

test('bodies that are no JSON or too long are refused, and the connection lives on where it can', async (t) => {
  const { get, post } = await open(t, { routes: [{ method: 'POST', path: '/api/x', run: () => 1 }] });
  t.is((await get('/api/x', { method: 'POST', body: '{' })).status, 400);
  t.is((await post('/api/x', 'x'.repeat(65_537))).status, 413);
  t.is((await post('/api/x', 'x'.repeat(65_000))).status, 200);
});

test('a handler that does not answer is given up', async (t) => {
  const { get } = await open(t, {
    answerMsMax: 50,
    routes: [{ method: 'GET', path: '/api/stuck', run: () => new Promise(() => {}) }],
  });
  const { status, text } = await get('/api/stuck');
  t.is(status, 504);
  t.is(JSON.parse(text).error.code, 'timeout');
});

test('headers that do not end are given up', async (t) => {
  const { port } = await open(t, { requestMsMax: 50 });
  t.regex(await raw(port, 'GET /healthz HTTP/1.1\r\n'), /^HTTP\/1\.1 408 /);
});

test('requests that are none end their connection', async (t) => {
  const { port } = await open(t);
  t.regex(await raw(port, `GET /healthz HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
  t.regex(await raw(port, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /);
  t.regex(await raw(port, 'GET // HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 40[04] /);
});

test('web pages of others cannot use the port through a browser', async (t) => {
  const { port, post } = await open(t, { routes: [{ method: 'POST', path: '/api/x', run: () => 1 }] });
  const status = async (host: string) => {
    const request = httpRequest({ port, path: '/healthz', headers: { host } });
    const [response] = await once(request.end(), 'response');
    return response.resume().statusCode;
  };
  t.is(await status('evil.example:7071'), 403);
  t.is(await status('localhost.evil.example'), 403);
  t.is(await status(`LOCALHOST:${port}`), 200);
  t.is(await status('[::1]:7071'), 200);
  t.is((await post('/api/x', 1, { origin: 'http://evil.example' })).status, 403);
  t.is((await post('/api/x', 1, { origin: 'null' })).status, 403);
  t.is((await post('/api/x', 1, { origin: `http://127.0.0.1:${port}` })).status, 200);
});

test('a port in use is an error with its number', async (t) => {
  const { port } = await open(t);
  const second = new Admin({
    gauges: { read: () => [] },
    readiness: () => ({ ready: true }),
    routes: [],
    log: { debug() {}, info() {}, warn() {}, error() {} },
  });
  await t.throwsAsync(second.listen(port, '127.0.0.1'), { code: 'EADDRINUSE' });
  await second.close();
});

test('closing answers what is under way and ends idle connections', async (t) => {
  let answer = (_: string): void => {};
  let entered = (): void => {};
  const running = new Promise<void>((resolve) => {
    entered = resolve;
  });
  const run = () => {
    entered();
    return new Promise<string>((resolve) => {
      answer = resolve;
    });
  };
  const { admin, get } = await open(t, { routes: [{ method: 'GET', path: '/api/slow', run }] });
  await get('/healthz');
  const slow = get('/api/slow');
  await running;
  const closed = admin.close();
  answer('done');
  t.is((await slow).text, '"done"\n');
  await closed;
  await t.throwsAsync(get('/healthz'));
});
