import { createHash } from 'node:crypto';
import { createClient, RESP_TYPES } from 'redis';
import { type OverloadedError, StoreError } from '../base/errors.ts';
import type { EntityStore, RecordSave, SaveLevel, StoredRecord } from '../runtime/entity-store.ts';
import { type OnDamage, rethrow } from './damage.ts';
import { CLAIM, SAVE } from './redis-scripts.ts';
import { busy, checkBatch, checkClaim, conflict, fenced, SAVES_MAX } from './refusals.ts';

const COMMAND_MS_MAX = 10_000;
const CONNECT_MS_MAX = 5_000;
const RECONNECT_MS_MAX = 1_000;
const SCAN_COUNT = 500;

export interface RedisStoreOptions {
  /** `redis://` or `rediss://`, with user, password and database as usual. */
  readonly url: string;
  /** In front of every key; one server can serve several worlds. Default `skerry`. */
  readonly name?: string;
  /** One line about something that the operator should change. */
  readonly warn?: (line: string) => void;
}

type Durability =
  /** Nothing is written to disk before it is answered. */
  | 'none'
  /** `appendfsync always`: every answer is behind a flush. */
  | 'always'
  /** WAITAOF waits for the flush. */
  | 'wait';

/** Records in a Redis server that all hosts share. */
export class RedisStore implements EntityStore {
  readonly caps: EntityStore['caps'];
  private readonly client: Client;
  private readonly prefix: string;
  private readonly durability: Durability;
  private savesUnderWay = 0;

  private constructor(client: Client, name: string, durability: Durability) {
    this.client = client;
    this.prefix = `{${name}}`;
    this.durability = durability;
    this.caps = {
      scope: 'shared',
      fencing: 'cas',
      levels: durability === 'none' ? ['committed'] : ['committed', 'flushed'],
      maxRecord: 16 * 1024 * 1024,
    };
  }

  /** Connects. Throws StoreError (`timeout`) when there is no server, or one that refuses. */
  static async open({ url, name = 'skerry', warn = () => {} }: RedisStoreOptions): Promise<RedisStore> {
    const client = connection(url);
    // Told by whatever is asked next; without a listener it would end the process.
    client.on('error', () => {});
    try {
      await client.connect();
      return new RedisStore(client, name, await durabilityOf(client, warn));
    } catch (error) {
      client.destroy();
      throw storeError(error, `The store at ${withoutPassword(url)} could not be opened`);
    }
  }

  async claim(slot: number, epoch: number): Promise<void> {
    checkClaim(slot, epoch);
    const isMine = await this.script(CLAIM_SHA, CLAIM, [`${this.prefix}claims`], [String(slot), String(epoch)]);
    if (isMine !== 1) throw fenced(slot, epoch);
  }

  async load(key: string): Promise<StoredRecord | undefined> {
    const [etag, epoch, bytes] = (await this.run(['HMGET', this.recordKey(key), 'e', 'p', 'b'])) as (Buffer | null)[];
    if (etag === null && epoch === null && bytes === null) return undefined;
    if (!etag || !epoch || !bytes) throw damaged(key);
    return { bytes: new Uint8Array(bytes), etag: etag.toString(), epoch: Number(epoch.toString()) };
  }

  async save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
    checkBatch(this.caps, batch, level);
    if (batch.length === 0) return [];
    if (this.savesUnderWay >= SAVES_MAX) throw busy();
    this.savesUnderWay++;
    try {
      const keys = [`${this.prefix}claims`, `${this.prefix}saves`, ...batch.map(({ key }) => this.recordKey(key))];
      const args = batch.flatMap(({ bytes, expectedEtag, slot, epoch }) => [
        String(slot),
        String(epoch),
        expectedEtag ?? '',
        bytes === null ? 'delete' : 'put',
        bytes === null ? '' : Buffer.from(bytes),
      ]);
      const [word, ...rest] = ((await this.script(SAVE_SHA, SAVE, keys, args)) as Buffer[]).map(String);
      if (word === 'fenced') throw fenced(batch[Number(rest[0])]!.slot, batch[Number(rest[0])]!.epoch);
      if (word === 'conflict') throw conflict(batch[Number(rest[0])]!.key);
      if (level === 'flushed' && this.durability === 'wait') await this.waitForDisk();
      return rest;
    } finally {
      this.savesUnderWay--;
    }
  }

  async etagOf(key: string): Promise<string | null> {
    return ((await this.run(['HGET', this.recordKey(key), 'e'])) as Buffer | null)?.toString() ?? null;
  }

  /** Walks all keys of the server. */
  async *scan(prefix: string, onDamage: OnDamage = rethrow): AsyncGenerator<{ key: string; record: StoredRecord }> {
    const own = this.recordKey('');
    // The server may name a key twice.
    const seen = new Set<string>();
    let cursor = '0';
    do {
      const pattern = `${escaped(own + prefix)}*`;
      const [next, found] = (await this.run(['SCAN', cursor, 'MATCH', pattern, 'COUNT', String(SCAN_COUNT)])) as [
        Buffer,
        Buffer[],
      ];
      cursor = next.toString();
      for (const name of found) {
        const key = name.toString().slice(own.length);
        if (seen.has(key)) continue;
        seen.add(key);
        const record = await this.load(key).catch((error: Error) => {
          if ((error as StoreError).code !== 'corrupt') throw error;
          onDamage(key, error);
          return undefined;
        });
        if (record !== undefined) yield { key, record };
      }
    } while (cursor !== '0');
  }

  async close(): Promise<void> {
    if (this.client.isReady) await this.client.close();
    else this.client.destroy();
  }

  private recordKey(key: string): string {
    return `${this.prefix}r:${key}`;
  }

  private async waitForDisk(): Promise<void> {
    const [local] = (await this.run(['WAITAOF', '1', '0', String(COMMAND_MS_MAX / 2)])) as number[];
    if (local !== 1) throw new StoreError('timeout', 'The server has not flushed its log in time.');
  }

  private async script(sha: string, text: string, keys: readonly string[], args: readonly (string | Buffer)[]) {
    const rest = [String(keys.length), ...keys, ...args];
    try {
      return await this.run(['EVALSHA', sha, ...rest]);
    } catch (error) {
      // A server that was restarted has forgotten it. Nothing ran.
      if (!(error as { cause?: Error }).cause?.message.startsWith('NOSCRIPT')) throw error;
      return await this.run(['EVAL', text, ...rest]);
    }
  }

  private async run(command: readonly (string | Buffer)[]): Promise<unknown> {
    let late: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      late = setTimeout(() => reject(new Error('no answer in time')), COMMAND_MS_MAX);
    });
    try {
      return await Promise.race([this.client.sendCommand(command), timeout]);
    } catch (error) {
      throw storeError(error, 'The store did not do it');
    } finally {
      clearTimeout(late);
    }
  }
}

const CLAIM_SHA = shaOf(CLAIM);
const SAVE_SHA = shaOf(SAVE);

type Client = ReturnType<typeof connection>;

function connection(url: string) {
  const client = createClient({
    url,
    // A command that finds no server fails at once; what is to be saved waits with whoever wants it saved, where it is bounded.
    disableOfflineQueue: true,
    commandsQueueMaxLength: SAVES_MAX * 4,
    socket: {
      connectTimeout: CONNECT_MS_MAX,
      reconnectStrategy: (retries, cause) =>
        client.hasServed ? Math.min(RECONNECT_MS_MAX, 20 * 2 ** Math.min(retries, 6)) : cause,
    },
  }).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer }) as any;
  client.once('ready', () => {
    client.hasServed = true;
  });
  return client as {
    hasServed?: boolean;
    isReady: boolean;
    on(event: 'error', listener: () => void): void;
    connect(): Promise<unknown>;
    close(): Promise<void>;
    destroy(): void;
    sendCommand(command: readonly (string | Buffer)[]): Promise<unknown>;
  };
}

/** What a save of this server is worth. A server that keeps its settings to itself is believed to have the usual ones. */
async function durabilityOf(client: Client, warn: (line: string) => void): Promise<Durability> {
  const setting = async (name: string): Promise<string | undefined> => {
    try {
      const answer = await client.sendCommand(['CONFIG', 'GET', name]);
      const [, value] = Array.isArray(answer) ? answer : Object.entries(answer as object).flat();
      return value === undefined ? undefined : String(value);
    } catch {
      return undefined;
    }
  };
  const appendOnly = await setting('appendonly');
  if (appendOnly !== 'yes') {
    warn(
      appendOnly === undefined
        ? 'redis: CONFIG is not allowed, so it is not known whether saves reach the disk; this.save() is refused'
        : 'redis: appendonly is off: everything saved since the last snapshot is lost when the server ends; this.save() is refused',
    );
    return 'none';
  }
  if ((await setting('appendfsync')) === 'always') return 'always';
  try {
    await client.sendCommand(['WAITAOF', '0', '0', '1']);
    return 'wait';
  } catch {
    warn(
      'redis: this server cannot flush on demand (WAITAOF, from 7.2 on) and appendfsync is not "always"; this.save() is refused',
    );
    return 'none';
  }
}

function storeError(error: unknown, what: string): StoreError | OverloadedError {
  const { message } = error as Error;
  if (/queue is full/i.test(message)) return busy();
  const code = /^OOM/.test(message) ? 'full' : /^(READONLY|MISCONF|NOPERM)/.test(message) ? 'read-only' : 'timeout';
  return new StoreError(code, `${what}: ${message || (error as { code?: string }).code}`, { cause: error });
}

const damaged = (key: string): StoreError =>
  new StoreError('corrupt', `Record ${key} is damaged: a part of it is missing.`, { outcome: 'notExecuted' });

function withoutPassword(url: string): string {
  const parsed = URL.parse?.(url) ?? new URL(url);
  if (parsed.password) parsed.password = '…';
  return parsed.href;
}

/** As a pattern that matches nothing but itself. */
const escaped = (text: string): string => text.replace(/[\\*?[\]]/g, '\\$&');

function shaOf(script: string): string {
  return createHash('sha1').update(script).digest('hex');
}
