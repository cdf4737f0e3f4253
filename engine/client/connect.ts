import type { OpenSocket } from '../../transport/client/socket.ts';
import { UnavailableError } from '../base/errors.ts';
import { type Client, ConnectedClient } from './client.ts';

export interface ConnectOptions {
  /** Whatever the game's `authenticate` wants to see. */
  ticket?: unknown;
  /** Gives up connecting; once connected it has no effect. */
  signal?: AbortSignal;
}

/** How long the way from the first byte to the welcome may take. */
const CONNECT_MS_MAX = 15_000;

/** `connect` for a kind of socket. */
export function connectWith(openSocket: OpenSocket) {
  /**
   * Opens a session at the gateway of `url` (http, https, ws or wss). Rejects with what `authenticate` refused the client with,
   * UnavailableError when there is no connection, ContractMismatchError when the protocol is another one, or the signal's reason.
   */
  return async function connect(url: string | URL, options: ConnectOptions = {}): Promise<Client> {
    const { ticket = null, signal } = options;
    const address = socketUrl(url);
    signal?.throwIfAborted();
    const client = new ConnectedClient(openSocket, address, ticket);
    const onAbort = () => client.abandon(signal!.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => {
      client.abandon(new UnavailableError('no-session', `Connecting to ${address} took too long.`));
    }, CONNECT_MS_MAX);
    try {
      return await client.ready;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  };
}

const SCHEMES: Readonly<Record<string, string>> = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' };

/** In a page, an address may be relative to it. */
function socketUrl(url: string | URL): string {
  const { location } = globalThis as { location?: { href: string } };
  const parsed = new URL(url, location?.href);
  const scheme = SCHEMES[parsed.protocol];
  if (scheme === undefined)
    throw new TypeError(`${parsed.protocol}// is not an address to connect to; use ws:// or wss://.`);
  parsed.protocol = scheme;
  parsed.hash = '';
  return parsed.href;
}
