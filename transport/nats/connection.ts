import {
  connect,
  credsAuthenticator,
  Events,
  headers as messageHeaders,
  type NatsConnection as NatsClient,
  type NatsError,
} from 'nats';
import { endpointsOf, withoutSecrets } from './endpoints.ts';
import { isOlder, PRODUCTION_VERSION } from './server-version.ts';

/** Between two pings, and unanswered ones until the connection counts as lost: three seconds at most. Below every lease (`execMs`). */
const PING_MS = 1000;
const PINGS_UNANSWERED_MAX = 2;
const RECONNECT_MS = 100;
const RECONNECT_JITTER_MS = 50;
const CONNECT_MS_MAX = 3000;
/** Published bytes that the server has not confirmed to have read; then nothing more is taken. */
export const UNCONFIRMED_BYTES_MAX = 32 << 20;
/** So often it is asked how far the server has read. */
const CONFIRM_BYTES = 256 << 10;

export interface NatsOptions {
  /** `nats://` or `tls://`, with user and password as usual; several, separated by commas, for a cluster. */
  readonly url: string;
  /** For the server's own lists of connections. */
  readonly name: string;
  /** The text of a credentials file, instead of a user in the URL. */
  readonly credentials?: string;
  /** One line about something that the operator should know or change. */
  readonly warn: (line: string) => void;
}

export type NatsTrouble = 'absent' | 'refused' | 'no-jetstream' | 'invalid';

/** NATS cannot be used. The message is one line for the operator, without passwords. */
export class NatsUnusableError extends Error {
  override name = 'NatsUnusableError';
  readonly trouble: NatsTrouble;

  constructor(trouble: NatsTrouble, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.trouble = trouble;
  }
}

/** A request has no answer. It may have been carried out, unless nobody listens. */
export class NatsRequestError extends Error {
  override name = 'NatsRequestError';
  readonly reason: 'timeout' | 'nobody' | 'disconnected';

  constructor(reason: 'timeout' | 'nobody' | 'disconnected', subject: string, cause?: unknown) {
    super(`${subject}: ${reason}`, { cause });
    this.reason = reason;
  }
}

export interface NatsMessage {
  readonly subject: string;
  /** A view of the client's memory: copy what is kept. */
  readonly bytes: Uint8Array;
  header(name: string): string;
}

/**
 * One connection to NATS that comes back by itself for as long as it takes. What is published while it is away is refused: nothing waits in
 * the client for a connection that may never come.
 */
export class NatsConnection {
  /** Publishes refused: away, or too much unconfirmed. */
  refused = 0;
  /** How often the connection was lost. */
  losses = 0;
  private readonly client: NatsClient;
  private readonly where: string;
  private readonly warn: (line: string) => void;
  private readonly backListeners: (() => void)[] = [];
  private connected = true;
  private published = 0;
  private confirmed = 0;
  private confirming = false;

  private constructor(client: NatsClient, where: string, warn: (line: string) => void) {
    this.client = client;
    this.where = where;
    this.warn = warn;
    void this.follow();
  }

  /** Connects, or throws NatsUnusableError with the one line that says what to do. */
  static async open(options: NatsOptions): Promise<NatsConnection> {
    const { servers, user, pass, token, tls } = endpointsOf(options.url);
    const where = withoutSecrets(options.url);
    let client: NatsClient;
    try {
      client = await connect({
        servers: [...servers],
        name: options.name,
        ...(user === undefined ? {} : { user }),
        ...(pass === undefined ? {} : { pass }),
        ...(token === undefined ? {} : { token }),
        ...(tls ? { tls: {} } : {}),
        ...(options.credentials === undefined
          ? {}
          : { authenticator: credsAuthenticator(new TextEncoder().encode(options.credentials)) }),
        timeout: CONNECT_MS_MAX,
        pingInterval: PING_MS,
        maxPingOut: PINGS_UNANSWERED_MAX,
        reconnectTimeWait: RECONNECT_MS,
        reconnectJitter: RECONNECT_JITTER_MS,
        reconnectJitterTLS: RECONNECT_JITTER_MS,
        maxReconnectAttempts: -1,
        // A server that is set up anew may refuse for a moment.
        ignoreAuthErrorAbort: true,
        noAsyncTraces: true,
      });
    } catch (error) {
      throw unusable(error as NatsError, where);
    }
    const { version } = client.info!;
    if (isOlder(version, PRODUCTION_VERSION)) {
      options.warn(
        `nats: the server is ${version}; use ${PRODUCTION_VERSION} or later for more than trying things out`,
      );
    }
    return new NatsConnection(client, where, options.warn);
  }

  get isConnected(): boolean {
    return this.connected;
  }

  /** Of one message, in bytes, as the server last said. */
  get payloadBytesMax(): number {
    return this.client.info?.max_payload ?? 1 << 20;
  }

  /** Whether the server is one of several. */
  get isClustered(): boolean {
    return this.client.info?.cluster !== undefined;
  }

  /** Throws NatsUnusableError when the server keeps nothing. */
  requireJetStream(): void {
    if (this.client.info?.jetstream === true) return;
    throw new NatsUnusableError(
      'no-jetstream',
      `NATS at ${this.where} runs without JetStream: start nats-server with -js, or with "jetstream {}" in its configuration`,
    );
  }

  /** Whether `publish` would take something now. */
  get isReady(): boolean {
    return this.connected && this.published - this.confirmed <= UNCONFIRMED_BYTES_MAX;
  }

  /** False, and nothing taken, when it cannot leave now. What was taken may still be lost with the connection. */
  publish(subject: string, bytes: Uint8Array): boolean {
    if (!this.isReady) {
      this.refused++;
      return false;
    }
    this.published += bytes.length;
    this.client.publish(subject, bytes);
    if (!this.confirming && this.published - this.confirmed >= CONFIRM_BYTES) void this.confirm();
    return true;
  }

  /** Lasts over reconnects. Returns what ends it. */
  subscribe(subject: string, onMessage: (message: NatsMessage) => void): () => void {
    const subscription = this.client.subscribe(subject, {
      callback: (error, message) => {
        if (error !== null) {
          this.warn(`nats: ${subject}: ${error.message}`);
          return;
        }
        onMessage({
          subject: message.subject,
          bytes: message.data,
          header: (name) => message.headers?.get(name) ?? '',
        });
      },
    });
    return () => subscription.unsubscribe();
  }

  /** One answer. Throws NatsRequestError; after `timeoutMs` at the latest, and not at once when the connection is away. */
  async request(
    subject: string,
    bytes: Uint8Array,
    timeoutMs: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Uint8Array> {
    const named = messageHeaders();
    for (const [name, value] of Object.entries(headers)) named.set(name, value);
    try {
      const answer = await this.client.request(subject, bytes, { timeout: timeoutMs, headers: named });
      return answer.data;
    } catch (error) {
      const { code } = error as NatsError;
      const reason = code === '503' ? 'nobody' : code === 'TIMEOUT' ? 'timeout' : 'disconnected';
      throw new NatsRequestError(reason, subject, error);
    }
  }

  /** Everything published and subscribed so far has reached the server. Rejects when the connection is lost. */
  async settled(): Promise<void> {
    await this.client.flush();
  }

  /** Called when the connection is back. */
  onBack(listener: () => void): void {
    this.backListeners.push(listener);
  }

  async close(): Promise<void> {
    this.connected = false;
    await this.client.close();
  }

  private async confirm(): Promise<void> {
    this.confirming = true;
    const { published } = this;
    try {
      await this.client.flush();
      this.confirmed = Math.max(this.confirmed, published);
    } catch {
      // Lost with the connection: `follow` begins anew.
    }
    this.confirming = false;
    if (this.connected && this.published - this.confirmed >= CONFIRM_BYTES) void this.confirm();
  }

  private async follow(): Promise<void> {
    for await (const { type, data } of this.client.status()) {
      if (type === Events.Disconnect) {
        if (!this.connected) continue;
        this.connected = false;
        this.losses++;
        this.warn(`nats: the connection to ${this.where} is lost; trying again until it is back`);
      } else if (type === Events.Reconnect) {
        this.connected = true;
        this.confirmed = this.published;
        this.warn('nats: connected again');
        for (const listener of this.backListeners) listener();
      } else if (type === Events.Error) {
        this.warn(`nats: ${String(data)}`);
      }
    }
    this.connected = false;
  }
}

function unusable(error: NatsError, where: string): NatsUnusableError {
  const { code, message } = error;
  if (/AUTH|CREDS|NKEY|PERMISSIONS/i.test(code ?? '') || /authoriz|authent/i.test(message)) {
    return new NatsUnusableError(
      'refused',
      `NATS at ${where} refuses these credentials: check user and password`,
      error,
    );
  }
  if (
    code === 'CONNECTION_REFUSED' ||
    code === 'TIMEOUT' ||
    /ECONN|ENOTFOUND|EAI_AGAIN|EHOST|refused/i.test(`${code} ${message}`)
  ) {
    return new NatsUnusableError(
      'absent',
      `no NATS at ${where}: start nats-server -js there and run the same command again`,
      error,
    );
  }
  return new NatsUnusableError('invalid', `NATS at ${where} cannot be used: ${message}`, error);
}
