import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream';
import type { Log } from '../runtime/log.ts';
import { type BundleForBrowser, Bundles } from './bundles.ts';
import { contentType } from './content-type.ts';

export interface StaticFilesOptions {
  /** An absolute path; nothing outside of it is ever served. */
  folder: string;
  bundle: BundleForBrowser;
  log: Log;
}

interface Found {
  readonly type: string;
  readonly etag: string;
  /** The bytes, or the file that has them. */
  readonly body: Buffer | { path: string; bytes: number };
  /** Of pages: what their own inline scripts hash to. */
  readonly scriptHashes?: readonly string[];
}

/**
 * The pages of a game: a folder, `index.html` for the folder itself. TypeScript leaves as JavaScript, bundled for the browser: `x.ts`, and
 * `x.js` where there is only `x.ts`. Everything may be cached and is asked for again by its ETag.
 */
export class StaticFiles {
  private readonly folder: string;
  private readonly bundles: Bundles;
  private readonly log: Log;

  constructor({ folder, bundle, log }: StaticFilesOptions) {
    this.folder = folder;
    this.bundles = new Bundles(folder, bundle);
    this.log = log;
  }

  /** Answers one request. Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.answer(request, response);
    } catch (error) {
      // Only trouble with the disk ends here.
      this.log.error({ err: error, url: request.url }, 'a page could not be served');
      if (!response.headersSent) text(response, 500, 'Something went wrong here.');
      else response.destroy();
    }
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      return text(response, 405, 'Only GET and HEAD are answered here.');
    }
    const path = relativePath(request.url ?? '/');
    if (path === undefined) return text(response, 404, 'Not found.');
    let found: Found | undefined;
    try {
      found = await this.find(path);
    } catch (error) {
      if (!isBundling(error)) throw error;
      this.log.error({ file: path, reason: error.message }, 'the web client could not be bundled');
      return text(response, 500, `The web client could not be bundled.\n\n${error.message}`);
    }
    if (found === undefined) return text(response, 404, 'Not found.');
    send(request, response, found);
  }

  private async find(path: string): Promise<Found | undefined> {
    const file = await this.existing(path);
    if (file !== undefined && !path.endsWith('.ts')) return this.file(file);
    const entry = /^(.+)\.(?:ts|js|js\.map)$/.exec(path)?.[1];
    const source = entry === undefined ? undefined : await this.existing(`${entry}.ts`);
    if (source === undefined || path.endsWith('.d.ts')) return undefined;
    let bundle: Awaited<ReturnType<Bundles['get']>>;
    try {
      bundle = await this.bundles.get(source);
    } catch (error) {
      throw new BundlingError(error instanceof Error ? error.message : String(error));
    }
    const isMap = path.endsWith('.map');
    if (isMap && bundle.map.length === 0) return undefined;
    return { type: contentType(isMap ? '.map' : '.js'), etag: bundle.etag, body: isMap ? bundle.map : bundle.code };
  }

  private async file(path: string): Promise<Found> {
    const type = contentType(path);
    if (type.startsWith('text/html')) {
      const body = await readFile(path);
      return { type, etag: etagOf(body), body, scriptHashes: inlineScriptHashes(body.toString()) };
    }
    const { size, mtimeMs, ino } = await stat(path);
    const etag = `"${size.toString(36)}-${Math.round(mtimeMs * 1000).toString(36)}-${ino.toString(36)}"`;
    return { type, etag, body: { path, bytes: size } };
  }

  /** The real path of a file in the folder. Links are followed, but not to places outside. */
  private async existing(path: string): Promise<string | undefined> {
    try {
      const root = await realpath(this.folder);
      const real = await realpath(join(root, path));
      if (!real.startsWith(root + sep)) return undefined;
      return (await stat(real)).isFile() ? real : undefined;
    } catch {
      return undefined;
    }
  }
}

class BundlingError extends Error {}

const isBundling = (error: unknown): error is BundlingError => error instanceof BundlingError;

/** The path inside of the folder; undefined for one that has no business there. */
export function relativePath(url: string): string | undefined {
  const end = url.search(/[?#]/);
  let path: string;
  try {
    // Decoded once: what is still encoded after that is part of a name.
    path = decodeURIComponent(end < 0 ? url : url.slice(0, end));
  } catch {
    return undefined;
  }
  if (!path.startsWith('/') || /[\\\0:]/.test(path)) return undefined;
  if (path.endsWith('/')) path += 'index.html';
  const names = path.slice(1).split('/');
  // No empty names, no `..`, and nothing that starts with a dot at all.
  if (names.some((name) => name === '' || name.startsWith('.') || name === 'node_modules')) return undefined;
  return names.join('/');
}

function send(request: IncomingMessage, response: ServerResponse, { type, etag, body, scriptHashes }: Found): void {
  secure(response, scriptHashes);
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('ETag', etag);
  if (matches(request.headers['if-none-match'], etag)) {
    response.writeHead(304).end();
    return;
  }
  const bytes = 'path' in body ? body.bytes : body.length;
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': bytes });
  if (request.method === 'HEAD') response.end();
  else if (!('path' in body)) response.end(body);
  // The length was promised: a file that grows meanwhile is cut there.
  else if (bytes === 0) response.end();
  else pipeline(createReadStream(body.path, { end: bytes - 1 }), response, () => {});
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
}

function text(response: ServerResponse, status: number, message: string): void {
  secure(response);
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' });
  response.end(`${message}\n`);
}

/** Scripts come from here, or stand in the page itself; nothing else runs. Sockets may go anywhere: a page can play on another host. */
function secure(response: ServerResponse, scriptHashes: readonly string[] = []): void {
  const scripts = ["'self'", "'wasm-unsafe-eval'", ...scriptHashes.map((hash) => `'sha256-${hash}'`)].join(' ');
  response.setHeader(
    'Content-Security-Policy',
    `default-src 'self'; script-src ${scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; ` +
      `media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; ` +
      `object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'`,
  );
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Referrer-Policy', 'no-referrer');
}

/** The page is the game's own: what it says inline may run, what somebody gets into it later may not. */
function inlineScriptHashes(html: string): string[] {
  const scripts = html.matchAll(/<script(?![^>]*\ssrc\s*=)[^>]*>([\s\S]*?)<\/script>/gi);
  return [...scripts].map(([, script]) => createHash('sha256').update(script!).digest('base64'));
}

const etagOf = (body: Buffer): string => `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
