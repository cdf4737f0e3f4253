import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { relativePath, StaticFiles } from './static.ts';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Not fetch: it tidies paths up before it sends them. */
function get(
  port: number,
  path: string,
  options: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    request.on('error', reject).end();
  });
}

async function serving(t: { teardown(fn: () => void): void }) {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-static-'));
  const web = join(folder, 'web');
  mkdirSync(join(web, 'sub'), { recursive: true });
  mkdirSync(join(folder, 'web-secret'));
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'web-secret', 'a.txt'), 'secret');
  writeFileSync(join(web, 'index.html'), '<script type="module" src="main.js"></script><script>let a = 1;</script>');
  writeFileSync(join(web, 'sub', 'index.html'), 'sub');
  writeFileSync(join(web, 'main.ts'), 'console.log(1)');
  writeFileSync(join(web, 'broken.ts'), '(((');
  writeFileSync(join(web, 'real.js'), 'real');
  writeFileSync(join(web, 'real.ts'), 'never');
  writeFileSync(join(web, 'types.d.ts'), '');
  writeFileSync(join(web, 'é x.png'), 'png');
  writeFileSync(join(web, 'empty.css'), '');
  writeFileSync(join(web, '.env'), 'secret');
  symlinkSync(join(folder, 'secret.txt'), join(web, 'link.txt'));
  symlinkSync(join(web, 'real.js'), join(web, 'inside.js'));
  const bundled: string[] = [];
  const logged: object[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => void logged.push(fields) };
  const files = new StaticFiles({
    folder: web,
    log,
    bundle: async (entry) => {
      bundled.push(entry);
      if (entry.endsWith('broken.ts')) throw new Error('broken.ts:1:3: Unexpected end of file');
      return { code: `bundled ${bundled.length}`, map: '{"version":3}' };
    },
  });
  const server = createServer((request, response) => void files.serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { port: (server.address() as AddressInfo).port, web, bundled, logged };
}

test('serves the folder with types, ETags and headers that keep scripts out', async (t) => {
  const { port } = await serving(t);
  const index = await get(port, '/?a=b');
  t.is(index.status, 200);
  t.is(index.headers['content-type'], 'text/html; charset=utf-8');
  t.is(index.headers['cache-control'], 'no-cache');
  t.is(index.headers['x-content-type-options'], 'nosniff');
  t.regex(
    index.headers['content-security-policy'] as string,
    /script-src 'self' 'wasm-unsafe-eval' 'sha256-[\w+/]{43}=';/,
  );
  t.is((await get(port, '/sub/')).body, 'sub');
  const png = await get(port, '/%C3%A9%20x.png');
  t.deepEqual([png.status, png.body, png.headers['content-type']], [200, 'png', 'image/png']);
  t.is((await get(port, '/empty.css')).status, 200);
  t.is((await get(port, '/inside.js')).body, 'real');

  for (const path of ['/', '/real.js', '/main.js']) {
    const { headers } = await get(port, path);
    const again = await get(port, path, { headers: { 'If-None-Match': `"x", W/${headers.etag}` } });
    t.deepEqual([again.status, again.body], [304, ''], path);
    const head = await get(port, path, { method: 'HEAD' });
    t.deepEqual([head.status, head.body], [200, '']);
    t.is(head.headers['content-length'], headers['content-length']);
  }
});

test('TypeScript arrives bundled, once, and again when a file changed', async (t) => {
  const { port, bundled, web } = await serving(t);
  const [first] = await Promise.all([get(port, '/main.js'), get(port, '/main.ts'), get(port, '/main.js.map')]);
  t.is(first.body, 'bundled 1');
  t.is(first.headers['content-type'], 'text/javascript; charset=utf-8');
  t.is((await get(port, '/main.ts')).body, 'bundled 1');
  t.is((await get(port, '/main.js.map')).headers['content-type'], 'application/json; charset=utf-8');
  t.is(bundled.length, 1);
  t.is((await get(port, '/real.js')).body, 'real');
  utimesSync(join(web, 'real.ts'), new Date(), new Date(Date.now() + 5000));
  // Changes are looked for four times a second.
  let body = '';
  for (const end = Date.now() + 5000; body !== 'bundled 2' && Date.now() < end; )
    body = (await get(port, '/main.js')).body;
  t.is(body, 'bundled 2');
});

test('a bundle that fails says why', async (t) => {
  const { port, logged } = await serving(t);
  const answer = await get(port, '/broken.js');
  t.is(answer.status, 500);
  t.regex(answer.body, /broken\.ts:1:3: Unexpected end of file/);
  t.is(answer.headers['content-type'], 'text/plain; charset=utf-8');
  t.is(logged.length, 1);
});

test('nothing outside of the folder, nothing hidden, no other methods', async (t) => {
  const { port } = await serving(t);
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/sub/../../secret.txt',
    '/..%5csecret.txt',
    '/%252e%252e/secret.txt',
    '/../web-secret/a.txt',
    '//etc/passwd',
    '/./real.js',
    '/.env',
    '/%2eenv',
    '/link.txt',
    '/real.js%00.png',
    '/real.js/',
    '/sub',
    '/%',
    '/%ff',
    '/nothing.js',
    '/types.d.ts',
    '/C:/x',
    '/node_modules/x.js',
  ]) {
    const answer = await get(port, path);
    t.is(answer.status, 404, path);
    t.notRegex(answer.body, /secret/);
  }
  t.is(relativePath('http://other/'), undefined);
  const post = await get(port, '/', { method: 'POST' });
  t.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD']);
});
