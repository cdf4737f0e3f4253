import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { NatsConnection, NatsUnusableError } from '../../transport/nats/connection.ts';
import { StoreError } from '../base/errors.ts';
import type { EntityStore, RecordSave, SaveLevel, StoredRecord } from '../runtime/entity-store.ts';
import { type OnDamage, rethrow } from './damage.ts';
import { NatsStream } from './nats-stream.ts';
import { busy, checkBatch, checkClaim, SAVES_MAX } from './refusals.ts';
import { SlotLog } from './slot-log.ts';
import { WriteCache } from './write-cache.ts';

/** As long as a step of a store may take; what takes longer is a `timeout`. */
const STEP_MS_MAX = 10_000;
const RECORD_BYTES_MAX = 16 * 1024 * 1024;

export interface NatsStoreOptions {
  /** `nats://` or `tls://` URLs, with commas in between; with user and password as usual. */
  readonly url: string;
  /** Letters, digits, `-` and `_`: one server can hold the stores of several clusters. */
  readonly cluster: string;
  /** One line about something that the operator should know or change. */
  readonly warn?: (line: string) => void;
}

/** Records in a stream of NATS that all hosts share: one log per slot (`slot-log.ts`). */
export class NatsStore implements EntityStore {
  readonly caps: EntityStore['caps'] = {
    scope: 'shared',
    fencing: 'cas',
    // Both mean: the servers have it, a majority of them when they are several.
    levels: ['committed', 'flushed'],
    maxRecord: RECORD_BYTES_MAX,
  };
  private readonly connection: NatsConnection;
  private readonly stream: NatsStream;
  private readonly cache: WriteCache;
  private readonly writer = randomBytes(6).readUIntBE(0, 6);
  private readonly logs = new Map<number, SlotLog>();
  private writes = 0;
  private savesUnderWay = 0;

  private constructor(connection: NatsConnection, stream: NatsStream) {
    this.connection = connection;
    this.stream = stream;
    this.cache = new WriteCache(stream);
  }

  /** Connects, and makes the stream if there is none. Throws StoreError with one line. */
  static async open({ url, cluster, warn = () => {} }: NatsStoreOptions): Promise<NatsStore> {
    let connection: NatsConnection | undefined;
    try {
      connection = await NatsConnection.open({ url, name: `skerry-store-${cluster}`, warn });
      connection.requireJetStream();
      return new NatsStore(connection, await NatsStream.open(connection, cluster, warn));
    } catch (error) {
      await connection?.close();
      if (!(error instanceof NatsUnusableError)) throw error;
      throw new StoreError('timeout', `The store could not be opened: ${error.message}`, { cause: error });
    }
  }

  async claim(slot: number, epoch: number): Promise<void> {
    checkClaim(slot, epoch);
    await this.log(slot).claim(epoch, soon());
  }

  async load(key: string, slot?: number): Promise<StoredRecord | undefined> {
    if (slot !== undefined) return this.log(slot).load(key, soon());
    for (const one of await this.stream.slots(soon())) {
      const found = await this.reader(one).load(key, soon());
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async etagOf(key: string): Promise<string | null> {
    return (await this.load(key))?.etag ?? null;
  }

  async save(batch: readonly RecordSave[], level: SaveLevel): Promise<string[]> {
    checkBatch(this.caps, batch, level);
    if (batch.length === 0) return [];
    if (this.savesUnderWay >= SAVES_MAX) throw busy();
    this.savesUnderWay++;
    try {
      const bySlot = new Map<number, number[]>();
      for (const [index, { slot }] of batch.entries()) {
        const some = bySlot.get(slot);
        if (some === undefined) bySlot.set(slot, [index]);
        else some.push(index);
      }
      const etags = new Array<string>(batch.length);
      const deadline = soon();
      const saves = Array.from(bySlot, async ([slot, indexes]) => {
        const own = await this.log(slot).save(
          indexes.map((index) => batch[index]!),
          deadline,
        );
        for (const [i, index] of indexes.entries()) etags[index] = own[i]!;
      });
      // All are over before anybody is told: what failed may be looked at then.
      const failed = (await Promise.allSettled(saves)).find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return etags;
    } finally {
      this.savesUnderWay--;
    }
  }

  async *scan(prefix: string, onDamage: OnDamage = rethrow): AsyncGenerator<{ key: string; record: StoredRecord }> {
    for (const slot of await this.stream.slots(soon())) {
      try {
        yield* this.reader(slot).scan(prefix, STEP_MS_MAX, onDamage);
      } catch (error) {
        if ((error as StoreError).code !== 'corrupt') throw error;
        onDamage(`(slot ${slot})`, error as StoreError);
      }
    }
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  private log(slot: number): SlotLog {
    let log = this.logs.get(slot);
    if (log === undefined) {
      log = this.newLog(slot);
      this.logs.set(slot, log);
    }
    return log;
  }

  /** For those who only pass by: a slot that nobody here works on is not remembered for it. */
  private reader(slot: number): SlotLog {
    return this.logs.get(slot) ?? this.newLog(slot);
  }

  private newLog(slot: number): SlotLog {
    const { stream, cache, writer } = this;
    return new SlotLog({ slot, stream, cache, writer, nextNumber: () => ++this.writes });
  }
}

const soon = (): number => performance.now() + STEP_MS_MAX;
