import { performance } from 'node:perf_hooks';
import { StoreError } from '../base/errors.ts';
import type { RecordSave, StoredRecord } from '../runtime/entity-store.ts';
import type { OnDamage } from './damage.ts';
import type { LogStream } from './log-stream.ts';
import { conflict, fenced } from './refusals.ts';
import { type Held, SlotContents } from './slot-contents.ts';
import {
  corrupt,
  decodeMessage,
  encodeMessage,
  encodeRecords,
  type Group,
  headBytes,
  type LogRecord,
  readRecords,
} from './slot-message.ts';
import type { WriteCache } from './write-cache.ts';

/** Saves that wait together become one write of about so many bytes. */
const WRITE_BYTES = 64 * 1024;
/** Messages out of use are removed when there are so many, all at once. */
const DEAD_MAX = 16;
/** More of them are not remembered: what is forgotten then stays in the stream. */
const DEAD_REMEMBERED_MAX = 256;
const FETCHES_MAX = 32;
/** So often contents may change while they are being read. */
const READS_MAX = 20;

/** The end of a slot's log. */
interface Head {
  /** 0: there is no message. */
  readonly sequence: number;
  /** -1: nobody ever claimed the slot. */
  readonly epoch: number;
  readonly live: readonly Group[];
  readonly dead: readonly number[];
}

const NOTHING: Head = { sequence: 0, epoch: -1, live: [], dead: [] };

interface Job {
  readonly kind: 'claim' | 'save' | 'look';
  readonly epoch: number;
  readonly rows: readonly RecordSave[];
  readonly deadline: number;
  resolve(etags: string[]): void;
  reject(error: unknown): void;
}

export interface SlotLogOptions {
  readonly slot: number;
  readonly stream: LogStream;
  readonly cache: WriteCache;
  /** Who writes: a number that no other has. */
  readonly writer: number;
  readonly nextNumber: () => number;
}

/**
 * The records of one slot as a log: every write is one message (large ones several) that is taken only if it comes directly behind the last one its writer knows.
 * A claim is such a message as well, so from then on whoever had the slot before cannot write, whatever it has under way. Every message names all others that still
 * hold something: the last one is enough to find everything. One step of a slot is under way at a time; saves that wait meanwhile become one write.
 */
export class SlotLog {
  private readonly slot: number;
  private readonly stream: LogStream;
  private readonly cache: WriteCache;
  private readonly writer: number;
  private readonly nextNumber: () => number;
  /** Undefined: it has to be asked for. It may be old otherwise, which the next write would show. */
  private head: Head | undefined = undefined;
  /** At the head; undefined: not read. */
  private contents: SlotContents | undefined = undefined;
  private readonly jobs: Job[] = [];
  private isRunning = false;
  private isRemoving = false;
  /** Of those out of use. */
  private readonly removed = new Set<number>();

  constructor({ slot, stream, cache, writer, nextNumber }: SlotLogOptions) {
    this.slot = slot;
    this.stream = stream;
    this.cache = cache;
    this.writer = writer;
    this.nextNumber = nextNumber;
  }

  async claim(epoch: number, deadline: number): Promise<void> {
    await this.queued('claim', epoch, [], deadline);
  }

  /** All of the rows or none; the new etags. */
  save(rows: readonly RecordSave[], deadline: number): Promise<string[]> {
    return this.queued('save', 0, rows, deadline);
  }

  async load(key: string, deadline: number): Promise<StoredRecord | undefined> {
    for (let reads = 0; reads < READS_MAX; reads++) {
      const held = (await this.look(deadline)).find(key);
      if (held === undefined) return undefined;
      const record = await this.record(held, deadline);
      if (record !== undefined) return record;
    }
    throw this.damaged('what it refers to is gone');
  }

  /** Those that begin so. A step may take `stepMs`. */
  async *scan(
    prefix: string,
    stepMs: number,
    onDamage: OnDamage,
  ): AsyncGenerator<{ key: string; record: StoredRecord }> {
    const contents = await this.look(performance.now() + stepMs);
    for (const held of contents.beginningWith(prefix)) {
      const { key } = held;
      try {
        const deadline = performance.now() + stepMs;
        const record = (await this.record(held, deadline)) ?? (await this.load(key, deadline));
        if (record !== undefined) yield { key, record };
      } catch (error) {
        if ((error as StoreError).code !== 'corrupt') throw error;
        onDamage(key, error as StoreError);
      }
    }
  }

  private async look(deadline: number): Promise<SlotContents> {
    for (;;) {
      await this.queued('look', 0, [], deadline);
      // Another step may have begun by now.
      if (this.contents !== undefined) return this.contents;
    }
  }

  /** Undefined when it is gone, because its owner has written it again. */
  private async record({ write, at, length, etag, epoch }: Held, deadline: number): Promise<StoredRecord | undefined> {
    const written = await this.cache.get(write.messages, deadline);
    if (written === undefined) return undefined;
    return { bytes: new Uint8Array(written.records.subarray(at, at + length)), etag: String(etag), epoch };
  }

  private queued(kind: Job['kind'], epoch: number, rows: readonly RecordSave[], deadline: number): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this.jobs.push({ kind, epoch, rows, deadline, resolve, reject });
      if (!this.isRunning) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    for (let [first] = this.jobs; first !== undefined; [first] = this.jobs) {
      const jobs = this.jobs.splice(0, this.together(first));
      try {
        const { deadline } = first;
        if (performance.now() >= deadline) throw late('notExecuted');
        if (first.kind === 'claim') await this.runClaim(first.epoch, deadline);
        else if (first.kind === 'look') await this.read(deadline);
        else await this.runSaves(jobs, deadline);
        for (const { resolve } of jobs) resolve([]);
      } catch (error) {
        for (const { reject } of jobs) reject(error);
      }
    }
    this.isRunning = false;
  }

  /** How many of those that wait are done in one step. */
  private together(first: Job): number {
    if (first.kind === 'claim') return 1;
    let count = 0;
    let bytes = 0;
    for (const { kind, rows } of this.jobs) {
      if (kind !== first.kind) break;
      for (const row of rows) bytes += row.bytes?.length ?? 0;
      if (count > 0 && bytes > WRITE_BYTES) break;
      count++;
    }
    return count;
  }

  private async runClaim(epoch: number, deadline: number): Promise<void> {
    for (;;) {
      const head = await this.refresh(deadline);
      if (head.epoch > epoch) throw fenced(this.slot, epoch);
      if (head.epoch === epoch || (await this.write(epoch, [], deadline))) return;
    }
  }

  /** Settles those that are refused; what is left is saved when it resolves, and told its etags. */
  private async runSaves(jobs: readonly Job[], deadline: number): Promise<void> {
    const open = new Set(jobs);
    for (let isFresh = this.head === undefined; ; isFresh = true) {
      const head = this.head ?? (await this.refresh(deadline));
      const contents = await this.read(deadline, head);
      const records = new Map<string, LogRecord>();
      const etags = new Map<Job, string[]>();
      const refused = new Map<Job, Error>();
      for (const job of open) {
        const refusal = this.refusal(job.rows, contents, records);
        if (refusal !== undefined) refused.set(job, refusal);
        else etags.set(job, this.collect(job.rows, contents, records));
      }
      // Nobody is refused for what may be over.
      if (!isFresh && (refused.size > 0 || records.size === 0)) {
        await this.refresh(deadline);
        continue;
      }
      for (const [job, error] of refused) {
        job.reject(error);
        open.delete(job);
      }
      if (records.size === 0) {
        for (const [job, own] of etags) job.resolve(own);
        return;
      }
      await this.rewrite(contents, records, deadline);
      if (!(await this.write(this.head!.epoch, [...records.values()], deadline))) continue;
      for (const [job, own] of etags) job.resolve(own);
      return;
    }
  }

  private refusal(
    rows: readonly RecordSave[],
    contents: SlotContents,
    before: ReadonlyMap<string, LogRecord>,
  ): Error | undefined {
    for (const { key, expectedEtag, epoch } of rows) {
      if (epoch !== this.head!.epoch) return fenced(this.slot, epoch);
      const etag = contents.find(key)?.etag;
      if (before.has(key) || (etag === undefined ? null : String(etag)) !== expectedEtag) return conflict(key);
    }
    return undefined;
  }

  private collect(rows: readonly RecordSave[], contents: SlotContents, records: Map<string, LogRecord>): string[] {
    const etag = this.head!.sequence;
    return rows.map(({ key, bytes, epoch }) => {
      const isThere = contents.find(key) !== undefined;
      if (bytes !== null || isThere) records.set(key, { key, etag, epoch, bytes: bytes ?? undefined });
      return bytes === null ? '' : String(etag);
    });
  }

  /** Adds what keeps the log short. */
  private async rewrite(contents: SlotContents, records: Map<string, LogRecord>, deadline: number): Promise<void> {
    for (const write of contents.toRewrite()) {
      const written = await this.cache.get(write.messages, deadline);
      // Whoever reads will say so.
      if (written === undefined) continue;
      for (const { key, etag, epoch, at, length } of contents.inUseOf(write)) {
        if (records.has(key)) continue;
        const bytes = at < 0 ? undefined : written.records.subarray(at, at + length);
        records.set(key, { key, etag, epoch, bytes });
      }
    }
  }

  /** False when somebody else has written since; the head is new then. Throws StoreError: it may have been taken. */
  private async write(epoch: number, added: readonly LogRecord[], deadline: number): Promise<boolean> {
    const head = this.head!;
    const live = this.contents?.live ?? head.live;
    const number = this.nextNumber();
    const records = encodeRecords(added);
    const { bytesMax } = this.stream;
    const piecesMax = Math.ceil((2 * records.length) / bytesMax);
    const room = bytesMax - headBytes(live, head.dead, piecesMax);
    if (room < bytesMax / 4) {
      const why = `${live.length} writes of slot ${this.slot} are in use, more than one message can name`;
      throw new StoreError('full', `The store refuses: ${why}.`, { outcome: 'notExecuted' });
    }
    const messages: number[] = [];
    // Until it is known how it ends, nobody knows what the head is.
    this.head = undefined;
    for (let at = 0; at === 0 || at < records.length; at += room) {
      const message = encodeMessage({
        isLast: at + room >= records.length,
        epoch,
        writer: this.writer,
        number,
        base: head.sequence,
        live,
        pieces: messages,
        dead: head.dead,
        records: records.subarray(at, at + room),
      });
      const sequence = await this.append({ base: head.sequence, number, pieces: messages }, message, deadline);
      if (sequence === undefined) return false;
      messages.push(sequence);
      if (at + room >= records.length) break;
    }
    const { contents } = this;
    if (records.length > 0) {
      contents!.add(messages, records.length, readRecords('What was written', records));
      this.cache.add(messages, { writer: this.writer, number, records });
    }
    const now = records.length > 0 ? contents!.takeDead() : messages;
    const dead = [...head.dead, ...now].filter((sequence) => !this.removed.has(sequence));
    this.removed.clear();
    this.head = { sequence: messages.at(-1)!, epoch, live, dead: dead.slice(-DEAD_REMEMBERED_MAX) };
    // Not what came out of use with this write: its message still names it.
    if (head.dead.length > DEAD_MAX && !this.isRemoving) void this.remove(head.dead, deadline);
    return true;
  }

  /** Its number; undefined when somebody else has written, and then the head is new. */
  private async append(
    { base, number, pieces }: { base: number; number: number; pieces: Group },
    message: Uint8Array,
    deadline: number,
  ): Promise<number | undefined> {
    const appended = await this.stream.append(this.slot, pieces.at(-1) ?? base, message, deadline);
    if (appended.sequence !== undefined) return appended.sequence;
    if (!appended.isSure) {
      const last = await this.stream.last(this.slot, deadline);
      const found = last && decodeMessage(this.what, last.bytes);
      const isOurs = found?.writer === this.writer && found.number === number && found.pieces.length === pieces.length;
      if (isOurs) return last!.sequence;
      // What stands directly behind our base stands there instead of ours; otherwise ours may have been there before.
      if (pieces.length > 0 || found?.base !== base) throw late('unknown');
    }
    await this.refresh(deadline);
    return undefined;
  }

  /** Reads the last message again. */
  private async refresh(deadline: number): Promise<Head> {
    const last = await this.stream.last(this.slot, deadline);
    if (last === undefined) {
      this.contents = new SlotContents();
      this.head = NOTHING;
      return NOTHING;
    }
    if (this.head?.sequence === last.sequence) return this.head;
    const { isLast, epoch, live, pieces, dead, records } = decodeMessage(this.what, last.bytes);
    const own = [...pieces, last.sequence];
    const holds = isLast && (pieces.length > 0 || records.length > 0);
    this.contents = undefined;
    this.head = {
      sequence: last.sequence,
      epoch,
      live: holds ? [...live, own] : live,
      dead: holds ? dead : [...dead, ...own],
    };
    return this.head;
  }

  /** The contents, as they are now, or those at `known`. */
  private async read(deadline: number, known?: Head): Promise<SlotContents> {
    for (let reads = 0; reads < READS_MAX; reads++) {
      const head = known !== undefined && reads === 0 ? known : await this.refresh(deadline);
      if (this.contents !== undefined) return this.contents;
      const contents = new SlotContents();
      let isWhole = true;
      for (let at = 0; at < head.live.length && isWhole; at += FETCHES_MAX) {
        const some = head.live.slice(at, at + FETCHES_MAX);
        const written = await Promise.all(some.map((messages) => this.cache.get(messages, deadline)));
        for (const [i, one] of written.entries()) {
          if (one === undefined) isWhole = false;
          else contents.add(some[i]!, one.records.length, readRecords(this.what, one.records));
        }
      }
      if (isWhole) {
        // What came out of use with the last message.
        this.head = { ...head, dead: [...head.dead, ...contents.takeDead()] };
        this.contents = contents;
        return contents;
      }
      // Its owner writes on, and removes what we are about to read; or it is gone.
      if ((await this.refresh(deadline)) === head) throw this.damaged('a message that it refers to is gone');
    }
    throw this.damaged('it changes faster than it can be read');
  }

  /** The last message is never among them, whatever it holds: it is what the next one is behind. */
  private async remove(some: readonly number[], deadline: number): Promise<void> {
    this.isRemoving = true;
    try {
      await Promise.all(some.map((sequence) => this.stream.remove(sequence, deadline)));
      for (const sequence of some) this.removed.add(sequence);
    } catch {
      // Again with a later write.
    }
    this.isRemoving = false;
  }

  private get what(): string {
    return `The log of slot ${this.slot}`;
  }

  private damaged(why: string): StoreError {
    return corrupt(this.what, why);
  }
}

function late(outcome: 'notExecuted' | 'unknown'): StoreError {
  return new StoreError('timeout', 'The store has not answered in time.', { outcome });
}
