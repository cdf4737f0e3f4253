import type { Group, LogEntry } from './slot-message.ts';

/** With fewer bytes in use a write counts as small; of such there are soon many. */
const SMALL_BYTES = 32 * 1024;
const SMALL_MAX = 32;
const SMALL_LEFT = 8;
/** Rewritten with one write. */
const REWRITE_BYTES_MAX = 64 * 1024;
const REWRITE_LARGE_BYTES_MAX = 256 * 1024;
/** Bytes out of use that are worth no rewriting, whatever is in use. */
const WASTE_BYTES_MIN = 256 * 1024;

/** A write that still holds something. */
export interface LiveWrite {
  readonly messages: Group;
  readonly bytes: number;
  /** Records that are as this write left them. */
  inUse: number;
  bytesInUse: number;
  /** Of all records that it has bytes of, in use or not. */
  readonly keys: readonly string[];
  /** Of records that it says are deleted. */
  readonly deletions: readonly string[];
}

export interface Held extends LogEntry {
  readonly write: LiveWrite;
  /** Writes that have bytes of this record, old ones included: as long as there are any, a deletion must not be forgotten. */
  copies: number;
}

/** What the log of a slot amounts to: where each record is, and which messages still count. */
export class SlotContents {
  private readonly held = new Map<string, Held>();
  /** By their last message, in the order of writing. */
  private readonly writes = new Map<number, LiveWrite>();
  private dead: number[] = [];

  get live(): Group[] {
    return Array.from(this.writes.values(), ({ messages }) => messages);
  }

  /** In the order of writing, so that what was written together comes together. */
  beginningWith(prefix: string): Held[] {
    const found = [...this.held.values()].filter(({ key, at }) => at >= 0 && key.startsWith(prefix));
    return found.sort((a, b) => a.write.messages[0]! - b.write.messages[0]!);
  }

  find(key: string): Held | undefined {
    const held = this.held.get(key);
    return held === undefined || held.at < 0 ? undefined : held;
  }

  /** The next write, with its records in whatever order. */
  add(messages: Group, bytes: number, entries: readonly LogEntry[]): void {
    const keys = entries.flatMap(({ key, at }) => (at < 0 ? [] : [key]));
    const deletions = entries.flatMap(({ key, at }) => (at < 0 ? [key] : []));
    // In use once, so that it is not taken for dead before all is in.
    const write: LiveWrite = { messages, bytes, inUse: 1, bytesInUse: 0, keys, deletions };
    const replaced: Held[] = [];
    this.writes.set(messages.at(-1)!, write);
    for (const entry of entries) {
      const before = this.held.get(entry.key);
      const copies = (before?.copies ?? 0) + (entry.at < 0 ? 0 : 1);
      if (before !== undefined) replaced.push(before);
      if (copies === 0) continue;
      this.held.set(entry.key, { ...entry, write, copies });
      write.inUse++;
      write.bytesInUse += sizeOf(entry);
    }
    for (const one of replaced) this.release(one.write, sizeOf(one));
    this.release(write, 0);
  }

  /** Messages that have come out of use since it was last asked. */
  takeDead(): number[] {
    const { dead } = this;
    this.dead = [];
    return dead;
  }

  /** Writes whose records should be written again with what is written next, so that the log stays short. */
  toRewrite(): LiveWrite[] {
    const all = [...this.writes.values()];
    const small = all.filter(({ bytesInUse }) => bytesInUse < SMALL_BYTES);
    if (small.length > SMALL_MAX) {
      small.sort((a, b) => a.bytesInUse - b.bytesInUse);
      const some: LiveWrite[] = [];
      let bytes = 0;
      for (const write of small.slice(0, small.length - SMALL_LEFT)) {
        bytes += write.bytesInUse;
        if (bytes > REWRITE_BYTES_MAX) break;
        some.push(write);
      }
      return some;
    }
    const kept = all.reduce((sum, { bytes }) => sum + bytes, 0);
    const inUse = all.reduce((sum, { bytesInUse }) => sum + bytesInUse, 0);
    if (kept <= 2 * inUse + WASTE_BYTES_MIN) return [];
    const wasteful = all.filter(({ bytesInUse }) => bytesInUse <= REWRITE_LARGE_BYTES_MAX);
    wasteful.sort((a, b) => b.bytes - b.bytesInUse - (a.bytes - a.bytesInUse));
    return wasteful.slice(0, 1);
  }

  /** What a write says of records that is still so, deletions included. */
  inUseOf(write: LiveWrite): Held[] {
    return [...write.keys, ...write.deletions].flatMap((key) => {
      const held = this.held.get(key);
      return held?.write === write ? [held] : [];
    });
  }

  private release(write: LiveWrite, bytes: number): void {
    write.inUse--;
    write.bytesInUse -= bytes;
    if (write.inUse > 0) return;
    this.writes.delete(write.messages.at(-1)!);
    this.dead.push(...write.messages);
    for (const key of write.keys) {
      const held = this.held.get(key);
      if (held === undefined) continue;
      held.copies--;
      if (held.copies > 0) continue;
      // Nothing is left that its deletion has to outlive.
      this.held.delete(key);
      this.release(held.write, sizeOf(held));
    }
  }
}

const sizeOf = ({ key, length }: LogEntry): number => key.length + length;
