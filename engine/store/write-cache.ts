import type { LogStream } from './log-stream.ts';
import { decodeMessage, type Group } from './slot-message.ts';

const BYTES_MAX = 64 * 1024 * 1024;

/** The records of one write, and who wrote them. */
export interface WrittenRecords {
  readonly writer: number;
  readonly number: number;
  readonly records: Uint8Array;
}

/** The records of writes that were used last, of all slots. What was written never changes, so they are right for as long as anybody refers to them. */
export class WriteCache {
  private readonly stream: LogStream;
  /** By the last message of the write; the least recently used first. */
  private readonly kept = new Map<number, WrittenRecords>();
  private bytes = 0;
  private readonly underWay = new Map<number, Promise<WrittenRecords | undefined>>();

  constructor(stream: LogStream) {
    this.stream = stream;
  }

  add(messages: Group, written: WrittenRecords): void {
    const last = messages.at(-1)!;
    if (this.kept.has(last)) return;
    this.kept.set(last, written);
    this.bytes += written.records.length;
    for (const [old, { records }] of this.kept) {
      if (this.bytes <= BYTES_MAX) break;
      this.kept.delete(old);
      this.bytes -= records.length;
    }
  }

  /** Undefined when a message of it is gone. Throws StoreError. */
  get(messages: Group, deadline: number): Promise<WrittenRecords | undefined> {
    const last = messages.at(-1)!;
    const kept = this.kept.get(last);
    if (kept !== undefined) {
      this.kept.delete(last);
      this.kept.set(last, kept);
      return Promise.resolve(kept);
    }
    let fetch = this.underWay.get(last);
    if (fetch === undefined) {
      fetch = this.fetch(messages, deadline).finally(() => this.underWay.delete(last));
      this.underWay.set(last, fetch);
    }
    return fetch;
  }

  private async fetch(messages: Group, deadline: number): Promise<WrittenRecords | undefined> {
    const stored = await Promise.all(messages.map((sequence) => this.stream.get(sequence, deadline)));
    const decoded = stored.map((bytes, i) =>
      bytes === undefined ? undefined : decodeMessage(`Message ${messages[i]} of the store`, bytes),
    );
    if (decoded.includes(undefined)) return undefined;
    const { writer, number } = decoded[0]!;
    const pieces = decoded.map((message) => message!.records);
    const written = { writer, number, records: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces) };
    this.add(messages, written);
    return written;
  }
}
