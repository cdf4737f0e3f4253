import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { NatsConnection } from '../../transport/nats/connection.ts';
import { NatsRequestError } from '../../transport/nats/connection.ts';
import { StoreError } from '../base/errors.ts';
import type { Appended, LogStream, StreamMessage } from './log-stream.ts';

const EXPECTED = 'Nats-Expected-Last-Subject-Sequence';
const WRONG_LAST_SEQUENCE = 10071;
const NO_MESSAGE = 10037;
const NAME_IN_USE = 10058;
/** There is no more room: of the stream, of the account, of the disk. */
const FULL = new Set([10023, 10028, 10047, 10077]);
const REPLICAS = 3;
/** One try of a request; a lost connection is not always noticed. */
const TRY_MS_MAX = 2_000;
const PAUSE_MS = 50;
/** What a message takes beside what it holds: subject and headers. */
const FRAME_BYTES = 1024;

interface ApiAnswer {
  readonly error?: { readonly code: number; readonly err_code?: number; readonly description?: string };
}

/** What a stream has to be for its messages to be kept, each as it was, until they are removed. */
interface StreamConfig {
  readonly subjects?: readonly string[];
  readonly retention?: string;
  readonly discard?: string;
  readonly storage?: string;
  readonly num_replicas?: number;
  readonly max_msgs_per_subject?: number;
  readonly max_age?: number;
  readonly max_msgs?: number;
}

/** The stream of a store: one subject per slot. Everything is asked of the leader. */
export class NatsStream implements LogStream {
  readonly bytesMax: number;
  private readonly connection: NatsConnection;
  private readonly name: string;
  private readonly prefix: string;

  private constructor(connection: NatsConnection, cluster: string) {
    this.connection = connection;
    this.name = `STORE_${cluster}`;
    this.prefix = `eng.${cluster}.store.`;
    this.bytesMax = connection.payloadBytesMax - FRAME_BYTES;
  }

  /** Makes the stream if there is none; never again later, so that one that was deleted is noticed. Throws StoreError with one line. */
  static async open(connection: NatsConnection, cluster: string, warn: (line: string) => void): Promise<NatsStream> {
    const stream = new NatsStream(connection, cluster);
    await stream.make(warn);
    return stream;
  }

  async append(slot: number, expected: number, bytes: Uint8Array, deadline: number): Promise<Appended> {
    const headers = { [EXPECTED]: String(expected) };
    let isSure = true;
    for (;;) {
      try {
        const answer = await this.ask<{ seq?: number }>(this.prefix + slot, bytes, deadline, headers);
        const { error, seq } = answer;
        if (error?.err_code === WRONG_LAST_SEQUENCE) return { sequence: undefined, isSure };
        if (error === undefined && Number.isSafeInteger(seq)) return { sequence: seq! };
        throw refused(error, isSure ? 'notExecuted' : 'unknown');
      } catch (error) {
        if (!(error instanceof NatsRequestError)) throw error;
        if (error.reason !== 'nobody') isSure = false;
        await pause(error, deadline, isSure ? 'notExecuted' : 'unknown');
      }
    }
  }

  async last(slot: number, deadline: number): Promise<StreamMessage | undefined> {
    return this.message({ last_by_subj: this.prefix + slot }, deadline);
  }

  async get(sequence: number, deadline: number): Promise<Uint8Array | undefined> {
    return (await this.message({ seq: sequence }, deadline))?.bytes;
  }

  async remove(sequence: number, deadline: number): Promise<void> {
    await this.api('MSG.DELETE', { seq: sequence, no_erase: true }, deadline);
  }

  /** Slots that have a log. */
  async slots(deadline: number): Promise<number[]> {
    const slots: number[] = [];
    for (;;) {
      const body = { subjects_filter: '>', offset: slots.length };
      const answer = await this.api<{ state?: { subjects?: Record<string, number> }; total?: number }>(
        'INFO',
        body,
        deadline,
      );
      const { error, state, total } = answer;
      if (state === undefined) throw refused(error, 'notExecuted');
      const found = Object.keys(state.subjects ?? {}).map((subject) => Number(subject.slice(this.prefix.length)));
      slots.push(...found);
      if (found.length === 0 || total === undefined || slots.length >= total) return slots.sort((a, b) => a - b);
    }
  }

  private async make(warn: (line: string) => void): Promise<void> {
    const deadline = performance.now() + 10_000;
    const { isClustered } = this.connection;
    const config = {
      name: this.name,
      subjects: [`${this.prefix}*`],
      retention: 'limits',
      discard: 'new',
      storage: 'file',
      num_replicas: isClustered ? REPLICAS : 1,
      max_msgs_per_subject: -1,
      max_age: 0,
      deny_purge: true,
    };
    const { error } = await this.api('CREATE', config, deadline);
    if (error !== undefined && error.err_code !== NAME_IN_USE) {
      throw new StoreError('read-only', `The stream ${this.name} cannot be made: ${error.description}`);
    }
    const found = await this.api<{ config?: StreamConfig }>('INFO', {}, deadline);
    if (found.config === undefined) throw refused(found.error, 'notExecuted');
    this.inspect(found.config, warn);
  }

  /** Somebody else may have made it, by hand perhaps. */
  private inspect(config: StreamConfig, warn: (line: string) => void): void {
    const { max_msgs_per_subject: perSubject = -1, max_age: age = 0, num_replicas: replicas = 1 } = config;
    const isKept = perSubject <= 0 && age === 0 && config.retention === 'limits' && config.discard === 'new';
    if (!isKept || config.storage !== 'file' || config.subjects?.[0] !== `${this.prefix}*`) {
      throw new StoreError(
        'read-only',
        `The stream ${this.name} is not as a store needs it: storage file, retention limits, discard new, no limit of age or of messages per subject, subject ${this.prefix}*`,
      );
    }
    if (replicas >= REPLICAS) return;
    const why = this.connection.isClustered
      ? `the stream ${this.name} has ${replicas} replica of ${REPLICAS}`
      : 'the store is on one server';
    warn(
      `nats: ${why}: what was saved is lost with its disk, and the last of it with its power unless the server has sync_interval: always`,
    );
  }

  private async message(which: object, deadline: number): Promise<StreamMessage | undefined> {
    const answer = await this.api<{ message?: { seq: number; data?: string } }>('MSG.GET', which, deadline);
    const { error, message } = answer;
    if (error?.err_code === NO_MESSAGE) return undefined;
    if (message === undefined) throw refused(error, 'notExecuted');
    return { sequence: message.seq, bytes: Buffer.from(message.data ?? '', 'base64') };
  }

  /** Asks until there is an answer: none of these does harm twice. */
  private async api<Answer>(call: string, body: object, deadline: number): Promise<Answer & ApiAnswer> {
    const bytes = new TextEncoder().encode(JSON.stringify(body));
    for (;;) {
      try {
        return await this.ask(`$JS.API.STREAM.${call}.${this.name}`, bytes, deadline);
      } catch (error) {
        await pause(error, deadline, 'notExecuted');
      }
    }
  }

  private async ask<Answer>(
    subject: string,
    bytes: Uint8Array,
    deadline: number,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer & ApiAnswer> {
    const left = Math.max(1, Math.min(TRY_MS_MAX, deadline - performance.now()));
    const answer = await this.connection.request(subject, bytes, left, headers);
    return JSON.parse(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength).toString()) as Answer &
      ApiAnswer;
  }
}

/** Before the next try; throws when there is no time left for one. */
async function pause(error: unknown, deadline: number, outcome: 'notExecuted' | 'unknown'): Promise<void> {
  if (!(error instanceof NatsRequestError)) throw error;
  if (performance.now() + PAUSE_MS >= deadline) {
    throw new StoreError('timeout', `The store does not answer: ${error.message}`, { outcome, cause: error });
  }
  await delay(PAUSE_MS);
}

function refused(error: ApiAnswer['error'], outcome: 'notExecuted' | 'unknown'): StoreError {
  const isFull = error?.err_code !== undefined && FULL.has(error.err_code);
  const isForbidden = error?.code === 403;
  const code = isFull ? 'full' : isForbidden ? 'read-only' : 'timeout';
  return new StoreError(code, `The store refuses: ${error?.description ?? 'an answer that is none'}`, { outcome });
}
