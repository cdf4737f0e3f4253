import type { ControlKey, Entry } from './control-record.ts';
import type { ControlStore, StoreListener } from './control-store.ts';
import { ControlValueError, decodeControlValue, encodeControlValue } from './control-values.ts';
import type { StoreEffect, StoreEvent } from './machine.ts';

/** What the control store needs of a connection to NATS; the one in `transport/nats` has it. It is to be its own: other traffic would delay renewals. */
export interface ControlConnection {
  readonly isClustered: boolean;
  /** Throws an error whose message is for the operator. */
  requireJetStream(): void;
  request(
    subject: string,
    bytes: Uint8Array,
    timeoutMs: number,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Uint8Array>;
  subscribe(
    subject: string,
    onMessage: (message: { readonly bytes: Uint8Array; header(name: string): string }) => void,
  ): () => void;
}

/** What every host of a cluster has to agree on, for as long as the cluster lives. */
export type ClusterSettings = Readonly<Record<string, string | number | boolean>>;

export interface NatsControlStoreOptions {
  readonly connection: ControlConnection;
  /** Letters, digits, `-` and `_`. One NATS can serve several clusters. */
  readonly cluster: string;
  /** After so long the outcome of a request is unknown. */
  readonly timeoutMs: number;
  /** What this host goes by. The first host of a cluster writes it down; others are refused when theirs differs. */
  readonly settings: ClusterSettings;
  /** Drawn by the first host, for all: used as it stands in the store, whatever it is here. */
  readonly drawn?: ClusterSettings;
  readonly warn: (line: string) => void;
}

/** This host cannot take part. The message is one line for the operator. */
export class ControlStoreError extends Error {
  override name = 'ControlStoreError';
}

interface ApiError {
  readonly code: number;
  readonly err_code?: number;
  readonly description?: string;
}

interface StoredMessage {
  readonly seq: number;
  readonly data?: string;
}

const EXPECTED = 'Nats-Expected-Last-Subject-Sequence';
const WRONG_LAST_SEQUENCE = 10071;
const NO_MESSAGE = 10037;
const NAME_IN_USE = 10058;
const CONFIG_KEY = 'cfg';
const REPLICAS = 3;
/** While a cluster of NATS finds its leader: so many attempts, one after another. */
const OPEN_ATTEMPTS = 20;
/** Reads under way at a time, of one poll. */
const POLL_READS = 16;
const NOTHING = new Uint8Array(0);

/** True for what can be one part of a subject. */
export function isSubjectToken(name: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(name);
}

/**
 * The control store in a JetStream bucket. Writes are conditional on a key's revision; reads are answered by the leader, never by a replica that may be behind.
 * What others write is told as the server repeats each write once it is stored (`republish`): a hint that needs no consumer and survives reconnects by itself.
 */
export class NatsControlStore implements ControlStore {
  /** Values that this version does not understand. */
  damaged = 0;
  /** As the cluster's first host has written them. */
  readonly agreed: ClusterSettings;
  private readonly connection: ControlConnection;
  private readonly bucket: Bucket;
  private readonly warn: (line: string) => void;
  private readonly listener: StoreListener;
  private readonly unsubscribe: () => void;
  private polling = false;
  private closed = false;

  private constructor(
    options: NatsControlStoreOptions,
    bucket: Bucket,
    agreed: ClusterSettings,
    listener: StoreListener,
  ) {
    this.connection = options.connection;
    this.warn = options.warn;
    this.bucket = bucket;
    this.agreed = agreed;
    this.listener = listener;
    const prefix = bucket.subject('');
    this.unsubscribe = this.connection.subscribe(`${bucket.hints}.>`, ({ bytes, header }) => {
      const subject = header('Nats-Subject');
      const revision = Number(header('Nats-Sequence'));
      if (!subject.startsWith(prefix) || !Number.isSafeInteger(revision)) return;
      const entry = this.entryOf(subject.slice(prefix.length), revision, bytes);
      if (entry !== undefined) this.tell({ kind: 'observed', entry });
    });
  }

  /** Makes the bucket if there is none; never again later, so that a store that was wiped is noticed. Throws ControlStoreError. */
  static async open(options: NatsControlStoreOptions, listener: StoreListener): Promise<NatsControlStore> {
    const { connection, cluster } = options;
    if (!isSubjectToken(cluster)) {
      throw new ControlStoreError(`the cluster's name may have up to 64 letters, digits, - and _, unlike '${cluster}'`);
    }
    connection.requireJetStream();
    const bucket = new Bucket(connection, cluster, options.timeoutMs);
    await bucket.make(connection.isClustered ? REPLICAS : 1, options.warn);
    const agreed = await agree(bucket, options);
    return new NatsControlStore(options, bucket, agreed, listener);
  }

  perform(effect: StoreEffect): void {
    if (effect.kind === 'read') void this.read(effect.request, effect.key);
    else if (effect.kind === 'cas') void this.write(effect);
    else void this.poll();
  }

  close(): void {
    this.closed = true;
    this.unsubscribe();
  }

  private async read(request: number, key: ControlKey): Promise<void> {
    try {
      const stored = await this.bucket.get(key);
      const entry = stored === undefined ? undefined : this.entryOf(key, stored.revision, stored.bytes);
      if (stored !== undefined && entry === undefined) this.tell({ kind: 'read-failed', request });
      else this.tell({ kind: 'read-done', request, entry });
    } catch {
      this.tell({ kind: 'read-failed', request });
    }
  }

  private async write({ request, key, expected, value }: Extract<StoreEffect, { kind: 'cas' }>): Promise<void> {
    try {
      const revision = await this.bucket.put(key, expected, encodeControlValue(key, value));
      this.tell(revision === undefined ? { kind: 'cas-conflict', request } : { kind: 'cas-done', request, revision });
    } catch (error) {
      if (error instanceof ControlStoreError) this.warn(`nats: ${key} was not written: ${error.message}`);
      this.tell({ kind: 'cas-unknown', request });
    }
  }

  private async poll(): Promise<void> {
    if (this.polling) return;
    this.polling = true;
    try {
      const entries: Entry[] = [];
      const keys = (await this.bucket.keys()).filter((key) => key !== CONFIG_KEY);
      for (let at = 0; at < keys.length; at += POLL_READS) {
        const some = keys.slice(at, at + POLL_READS);
        const found = await Promise.all(some.map((key) => this.bucket.get(key)));
        for (const [index, stored] of found.entries()) {
          if (stored === undefined) continue;
          const entry = this.entryOf(some[index]!, stored.revision, stored.bytes);
          // Who does not understand everything does not know how things stand.
          if (entry === undefined) return;
          entries.push(entry);
        }
      }
      this.tell({ kind: 'polled', entries });
    } catch {
      // The next poll, or nobody, will tell.
    } finally {
      this.polling = false;
    }
  }

  private entryOf(name: string, revision: number, bytes: Uint8Array): Entry | undefined {
    if (name !== 'master' && name !== 'assign' && !name.startsWith('host.')) return undefined;
    const key = name as ControlKey;
    try {
      return { key, revision, value: decodeControlValue(key, bytes) };
    } catch (error) {
      if (!(error instanceof ControlValueError)) throw error;
      if (this.damaged++ === 0) this.warn(`nats: the control store cannot be understood: ${error.message}`);
      return undefined;
    }
  }

  private tell(event: StoreEvent): void {
    if (!this.closed) this.listener(event);
  }
}

/** The requests of one key-value bucket, one to one. Throw what the connection throws when there is no answer, and ControlStoreError for one that refuses. */
class Bucket {
  /** Where the server repeats what it has stored. */
  readonly hints: string;
  private readonly connection: ControlConnection;
  private readonly name: string;
  private readonly timeoutMs: number;

  constructor(connection: ControlConnection, cluster: string, timeoutMs: number) {
    this.connection = connection;
    this.name = `CTL_${cluster}`;
    this.hints = `eng.${cluster}.ctl`;
    this.timeoutMs = timeoutMs;
  }

  subject(key: string): string {
    return `$KV.${this.name}.${key}`;
  }

  async make(replicas: number, warn: (line: string) => void): Promise<void> {
    const config = {
      name: `KV_${this.name}`,
      subjects: [`$KV.${this.name}.>`],
      max_msgs_per_subject: 1,
      retention: 'limits',
      discard: 'new',
      storage: 'file',
      num_replicas: replicas,
      allow_direct: false,
      deny_delete: true,
      republish: { src: `$KV.${this.name}.>`, dest: `${this.hints}.>` },
    };
    for (let attempt = 1; ; attempt++) {
      try {
        const { error } = await this.api('CREATE', config);
        if (error === undefined) return;
        if (error.err_code === NAME_IN_USE) {
          await this.inspect(warn);
          return;
        }
        throw new ControlStoreError(`the bucket ${this.name} cannot be made: ${error.description}`);
      } catch (error) {
        if (attempt === OPEN_ATTEMPTS) throw new ControlStoreError(said(error), { cause: error });
      }
    }
  }

  /** The revision; undefined when the key has another one than `expected`. */
  async put(key: string, expected: number, bytes: Uint8Array): Promise<number | undefined> {
    const answer = await this.connection.request(this.subject(key), bytes, this.timeoutMs, {
      [EXPECTED]: String(expected),
    });
    const { error, seq } = parse(answer) as { error?: ApiError; seq?: number };
    if (error?.err_code === WRONG_LAST_SEQUENCE) return undefined;
    if (error !== undefined || !Number.isSafeInteger(seq))
      throw new ControlStoreError(error?.description ?? 'no revision');
    return seq;
  }

  async get(key: string): Promise<{ revision: number; bytes: Uint8Array } | undefined> {
    const { error, message } = (await this.api('MSG.GET', { last_by_subj: this.subject(key) })) as {
      error?: ApiError;
      message?: StoredMessage;
    };
    if (error?.err_code === NO_MESSAGE) return undefined;
    if (message === undefined) throw new ControlStoreError(error?.description ?? 'no message');
    return { revision: message.seq, bytes: Buffer.from(message.data ?? '', 'base64') };
  }

  async keys(): Promise<string[]> {
    const { error, state } = (await this.api('INFO', { subjects_filter: '>' })) as {
      error?: ApiError;
      state?: { subjects?: Record<string, number> };
    };
    if (state === undefined) throw new ControlStoreError(error?.description ?? 'no state');
    const prefix = this.subject('');
    return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(prefix.length));
  }

  /** Somebody else has made it, by hand perhaps. */
  private async inspect(warn: (line: string) => void): Promise<void> {
    const { config } = (await this.api('INFO', {})) as {
      config?: { allow_direct?: boolean; max_msgs_per_subject?: number; num_replicas?: number; republish?: object };
    };
    if (config === undefined) throw new ControlStoreError(`the bucket ${this.name} cannot be looked at`);
    if (config.allow_direct === true || config.max_msgs_per_subject !== 1) {
      throw new ControlStoreError(
        `the bucket ${this.name} has to have a history of 1 and no direct reads (allow_direct)`,
      );
    }
    if (config.republish === undefined) {
      warn(`nats: the bucket ${this.name} repeats nothing (republish), so hosts notice changes only when they poll`);
    }
    if (this.connection.isClustered && (config.num_replicas ?? 1) < REPLICAS) {
      warn(
        `nats: the bucket ${this.name} has ${config.num_replicas} replica; with ${REPLICAS} it survives the loss of a server`,
      );
    }
  }

  private async api(call: 'CREATE' | 'INFO' | 'MSG.GET', body: object): Promise<{ error?: ApiError }> {
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    const subject = `$JS.API.STREAM.${call}.KV_${this.name}`;
    return parse(await this.connection.request(subject, bytes, this.timeoutMs)) as { error?: ApiError };
  }
}

async function agree(
  bucket: Bucket,
  { settings, drawn = {}, warn }: NatsControlStoreOptions,
): Promise<ClusterSettings> {
  const own = { ...drawn, ...settings };
  for (let attempt = 1; ; attempt++) {
    try {
      const stored = await bucket.get(CONFIG_KEY);
      if (stored !== undefined) return compare(settings, parse(stored.bytes) as ClusterSettings);
      const written = await bucket.put(CONFIG_KEY, 0, new TextEncoder().encode(JSON.stringify(own)));
      if (written !== undefined) warn('nats: this is the first host of its cluster');
    } catch (error) {
      if (error instanceof SettingsError) throw new ControlStoreError(error.message);
      if (attempt === OPEN_ATTEMPTS) throw new ControlStoreError(said(error), { cause: error });
    }
  }
}

class SettingsError extends Error {}

function compare(own: ClusterSettings, standing: ClusterSettings): ClusterSettings {
  for (const [name, value] of Object.entries(own)) {
    if (standing[name] === value) continue;
    throw new SettingsError(
      `this cluster goes by ${name} = ${standing[name]}, and this host by ${value}: start it with the same`,
    );
  }
  return standing;
}

function parse(bytes: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8').decode(bytes === undefined ? NOTHING : bytes));
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw new ControlStoreError('an answer of NATS is not what it should be');
}

const said = (error: unknown): string => `the control store does not answer: ${(error as Error).message}`;
