/**
 * The admin port: health, readiness, metrics and the JSON interface, over HTTP. It asks nobody for a password and therefore listens
 * on loopback unless told otherwise; web pages that a browser on this machine shows cannot use it either (see `refusal`).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import type { Log } from '../runtime/log.ts';
import { type Gauges, PROMETHEUS_TYPE, prometheusText } from './metrics.ts';

export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

export interface ApiRequest {
  readonly query: URLSearchParams;
  /** The JSON that was sent; undefined when nothing was. */
  readonly body: unknown;
}

/** One entry of the JSON interface. What `run` gives is sent as JSON (bigints as text), undefined as `{}`. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Exact: `/api/nodes`. What varies goes into the query or the body. */
  readonly path: `/api/${string}`;
  run(request: ApiRequest): unknown;
}

/** What a route throws to answer with a status of its own; anything else becomes a 500 and a line in the log. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface AdminOptions {
  readonly gauges: Gauges;
  /** Asked at every `/readyz`: ready once calls are served, not while draining. */
  readiness(): Readiness;
  readonly routes: readonly Route[];
  readonly log: Log;
  /** How long a client may take to send a request. Default 10 000. */
  readonly requestMsMax?: number;
  /** How long we may take to answer it. Default 10 000. */
  readonly answerMsMax?: number;
}

const REQUEST_MS_MAX = 10_000;
const ANSWER_MS_MAX = 10_000;
const HEADER_BYTES_MAX = 16_384;
const BODY_BYTES_MAX = 65_536;
const CONNECTIONS_MAX = 256;
const CLOSE_MS_MAX = 1_000;

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

export class Admin {
  readonly #options: AdminOptions;
  readonly #server: Server;
  readonly #answerMsMax: number;

  constructor(options: AdminOptions) {
    this.#options = options;
    this.#answerMsMax = options.answerMsMax ?? ANSWER_MS_MAX;
    const requestMsMax = options.requestMsMax ?? REQUEST_MS_MAX;
    this.#server = createServer({
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: requestMsMax,
      requestTimeout: requestMsMax,
      connectionsCheckingInterval: Math.min(1000, requestMsMax),
    });
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('request', (request, response) => void this.#onRequest(request, response));
  }

  /** Resolves to the port once it listens; 0 asks for any free one. Rejects with the error of `net` (EADDRINUSE, EACCES). */
  listen(port: number, address: string): Promise<number> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, address, () => {
        server.off('error', reject);
        server.on('error', (err) => this.#options.log.error({ err }, 'admin port'));
        resolve((server.address() as AddressInfo).port);
      });
    });
  }

  /** Requests that are under way are answered, for a second at most. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    const impatience = setTimeout(() => this.#server.closeAllConnections(), CLOSE_MS_MAX);
    await closed;
    clearTimeout(impatience);
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      answer = await within(this.#answerMsMax, this.#answer(request));
    } catch (error) {
      answer = this.#failure(request, error);
    }
    // A body that nobody read would be taken for the next request.
    if (!request.complete) response.setHeader('connection', 'close');
    response.writeHead(answer.status, {
      'content-type': answer.type,
      'content-length': Buffer.byteLength(answer.text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.end(answer.text);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const refused = refusal(request);
    if (refused) throw new ApiError(403, 'forbidden', refused);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const { pathname, searchParams } = urlOf(request);
    if (pathname.startsWith('/api/')) return this.#answerApi(request, method, pathname, searchParams);

    const page = await this.#page(pathname);
    if (page === undefined) throw new ApiError(404, 'not-found', `There is nothing at ${pathname}.`);
    if (method !== 'GET') throw new ApiError(405, 'method', `${pathname} is read with GET.`);
    return page;
  }

  async #page(pathname: string): Promise<Answer | undefined> {
    switch (pathname) {
      case '/':
        return { status: 200, type: 'text/html; charset=utf-8', text: this.#overview() };
      case '/healthz':
        return plain(200, 'ok');
      case '/readyz': {
        const state = this.#options.readiness();
        return state.ready ? plain(200, 'ready') : plain(503, state.reason);
      }
      case '/metrics':
        return { status: 200, type: PROMETHEUS_TYPE, text: prometheusText(await this.#options.gauges.read()) };
      default:
        return undefined;
    }
  }

  async #answerApi(
    request: IncomingMessage,
    method: string | undefined,
    path: string,
    query: URLSearchParams,
  ): Promise<Answer> {
    const routes = this.#options.routes.filter((route) => route.path === path);
    if (routes.length === 0) throw new ApiError(404, 'not-found', `There is nothing at ${path}.`);
    const route = routes.find((one) => one.method === method);
    if (route === undefined) {
      throw new ApiError(405, 'method', `${path} takes ${routes.map((one) => one.method).join(', ')}.`);
    }
    return json(200, (await route.run({ query, body: await bodyOf(request) })) ?? {});
  }

  #failure(request: IncomingMessage, error: unknown): Answer {
    if (error instanceof ApiError) {
      return json(error.status, { error: { code: error.code, message: error.message } });
    }
    if (request.destroyed && !request.complete) return plain(400, 'The client went away.');
    this.#options.log.error({ err: error, method: request.method, url: request.url }, 'admin request failed');
    return json(500, { error: { code: 'internal', message: 'The log of the host says what went wrong.' } });
  }

  #overview(): string {
    const paths = ['/healthz', '/readyz', '/metrics'];
    for (const { method, path } of this.#options.routes) if (method === 'GET') paths.push(path);
    const links = paths.map((path) => `<li><a href="${path}">${path}</a></li>`).join('');
    return `<!doctype html><meta charset="utf-8"><title>skerry admin</title><h1>skerry admin</h1><ul>${links}</ul>\n`;
  }
}

/**
 * Why a request is not for us. A page from anywhere can make a browser on this machine send requests to loopback: with a name of
 * its own that it points here (then `Host` is that name), or across origins (then `Origin` is not our host).
 */
function refusal({ headers, method, socket }: IncomingMessage): string | undefined {
  const host = headers.host ?? '';
  const name = host
    .toLowerCase()
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1');
  if (isLoopback(socket.localAddress ?? '') && name !== 'localhost' && isIP(name) === 0) {
    return `This port answers to localhost and addresses, not to '${name}'.`;
  }
  const { origin } = headers;
  if (method !== 'GET' && method !== 'HEAD' && origin !== undefined && origin !== `http://${host}`) {
    return `Pages of ${origin} cannot change anything here.`;
  }
  return undefined;
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}

function urlOf({ url = '/' }: IncomingMessage): URL {
  try {
    return new URL(url, 'http://admin');
  } catch {
    throw new ApiError(400, 'invalid', 'The path of the request is not one.');
  }
}

/** Undefined when there is no body. Throws ApiError for one that is too long or is not JSON. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Not destroyed when we stop half-way: the answer still has to leave.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new ApiError(413, 'too-large', `A body has at most ${BODY_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  if (bytes === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new ApiError(400, 'invalid', 'The body is not JSON.');
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ApiError(504, 'timeout', `No answer within ${ms} ms.`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function plain(status: number, text: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', text };
}

function json(status: number, value: unknown): Answer {
  const text = JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member));
  return { status, type: 'application/json', text: `${text}\n` };
}
