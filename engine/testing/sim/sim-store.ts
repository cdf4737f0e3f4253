import type { Prng } from '../../base/prng.ts';
import type { ControlKey, ControlValue, Entry } from '../../cluster/control-record.ts';
import type { VirtualTime } from './virtual-time.ts';

interface Commit {
  readonly at: number;
  readonly entry: Entry;
}

/** What may go wrong with the control store; all of it at once if need be. Chances are of single requests. */
export interface StoreTrouble {
  /** Applied up to a second later, and never answered: what a time-out looks like. */
  late: number;
  /** Applied, not answered. */
  unanswered: number;
  /** Reads answer what was true this long ago. */
  staleMs: number;
  /** Answers nobody and applies nothing. */
  down: boolean;
}

/**
 * The control store as measured on the real one: conditional writes are linearizable, revisions number all writes, an unanswered request may
 * have been applied or may be applied later, reads may be stale, and a store that loses power may lose what it acknowledged last.
 */
export class SimStore {
  readonly trouble: StoreTrouble = { late: 0, unanswered: 0, staleMs: 0, down: false };
  /** Acknowledged writes were lost. */
  lostSuffix = false;
  lateApplied = 0;
  private readonly time: VirtualTime;
  private readonly random: Prng;
  private readonly onCommit: (entry: Entry) => void;
  private log: Commit[] = [];
  private revision = 0;

  constructor(time: VirtualTime, random: Prng, onCommit: (entry: Entry) => void) {
    this.time = time;
    this.random = random;
    this.onCommit = onCommit;
  }

  /** The truth, for the simulation itself. */
  get(key: ControlKey): Entry | undefined {
    return this.log.findLast(({ entry }) => entry.key === key)?.entry;
  }

  /** `answer` is called at most once: with the revision, or undefined for a conflict. */
  cas(key: ControlKey, expected: number, value: ControlValue, answer: (revision: number | undefined) => void): void {
    if (this.trouble.down) return;
    if (this.random.next() < this.trouble.late) {
      this.time.after(this.random.next() * 1000, () => {
        if (!this.trouble.down && this.apply(key, expected, value) !== undefined) this.lateApplied++;
      });
      return;
    }
    const revision = this.apply(key, expected, value);
    if (this.random.next() >= this.trouble.unanswered) answer(revision);
  }

  read(key: ControlKey, answer: (entry: Entry | undefined) => void): void {
    if (this.trouble.down || this.random.next() < this.trouble.unanswered) return;
    const lag = this.lag();
    answer(this.log.findLast((commit) => commit.entry.key === key && commit.at <= this.time.now - lag)?.entry);
  }

  readAll(answer: (entries: Entry[]) => void): void {
    if (this.trouble.down || this.random.next() < this.trouble.unanswered) return;
    const lag = this.lag();
    const found = new Map<ControlKey, Entry>();
    for (const { at, entry } of this.log) if (at <= this.time.now - lag) found.set(entry.key, entry);
    answer([...found.values()]);
  }

  loseSuffix(writes: number): void {
    if (this.log.length === 0) return;
    this.lostSuffix = true;
    this.log = this.log.slice(0, Math.max(0, this.log.length - writes));
    this.revision = this.log.at(-1)?.entry.revision ?? 0;
  }

  private lag(): number {
    return this.trouble.staleMs === 0 ? 0 : this.random.next() * this.trouble.staleMs;
  }

  private apply(key: ControlKey, expected: number, value: ControlValue): number | undefined {
    if ((this.get(key)?.revision ?? 0) !== expected) return undefined;
    const entry = { key, revision: ++this.revision, value };
    this.log.push({ at: this.time.now, entry });
    this.onCommit(entry);
    return this.revision;
  }
}
