import type { Assignment, ControlKey, ControlValue, Entry, HostRecord, MasterRecord } from './control-record.ts';
import { type HostKey, hostKey } from './control-record.ts';
import { type Instant, shortestElapsedMs } from './instant.ts';

/** `stale` is an answer older than what is known, `known` the same again. */
export type Admission = 'fresh' | 'known' | 'stale' | 'regressed';

/** So many stale answers in a row, with nothing newer for long, are a store that has lost writes. */
const STALE_READS_MIN = 5;

/**
 * What one host knows of the control store, through a filter that never goes back: no lower revision, epoch, term or sequence number is
 * accepted. One stale answer is normal; proof that the store has lost writes is not, and puts the host on hold: it reconfigures nothing
 * any more, until an operator has seen to it.
 */
export class ControlView {
  private readonly entries = new Map<ControlKey, Entry>();
  private readonly staleSince = new Map<ControlKey, { at: Instant; reads: number }>();
  private readonly patienceMs: number;
  /** Why this host is on hold. */
  hold: string | undefined;
  /** Every key was read at least once: a key that is not here did not exist then. */
  complete = false;
  highestRevision = 0;
  staleReads = 0;

  /** How long answers may all be stale before that is proof. */
  constructor(patienceMs: number) {
    this.patienceMs = patienceMs;
  }

  get assignment(): Entry<Assignment> | undefined {
    return this.entries.get('assign') as Entry<Assignment> | undefined;
  }

  get master(): Entry<MasterRecord> | undefined {
    return this.entries.get('master') as Entry<MasterRecord> | undefined;
  }

  host(id: string): Entry<HostRecord> | undefined {
    return this.entries.get(hostKey(id)) as Entry<HostRecord> | undefined;
  }

  /** Records of all hosts that were ever seen, in the order of their names. */
  hosts(): Entry<HostRecord>[] {
    const found: Entry<HostRecord>[] = [];
    for (const [key, entry] of this.entries) if (isHostKey(key)) found.push(entry as Entry<HostRecord>);
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  accept(entry: Entry, now: Instant): Admission {
    const admission = this.judge(entry, now);
    if (admission === 'fresh') this.entries.set(entry.key, entry);
    if (admission === 'fresh' || admission === 'known') this.staleSince.delete(entry.key);
    if (entry.revision > this.highestRevision) this.highestRevision = entry.revision;
    return admission;
  }

  /** A write of ours was applied as `revision`, sent when `above` was the highest revision we knew. */
  noteApplied(revision: number, above: number): void {
    if (revision <= above) this.holdFor(`a write got revision ${revision} after ${above} had been given`);
    if (revision > this.highestRevision) this.highestRevision = revision;
  }

  holdFor(reason: string): void {
    this.hold ??= reason;
  }

  protected judge(entry: Entry, now: Instant): Admission {
    const known = this.entries.get(entry.key);
    if (known === undefined) return 'fresh';
    if (entry.revision < known.revision) return this.noteStale(entry.key, now);
    if (entry.revision === known.revision) {
      if (entry.value.nonce === known.value.nonce) return 'known';
      this.holdFor(`${entry.key} has two contents at revision ${entry.revision}`);
      return 'regressed';
    }
    const lower = lowerCount(known.value, entry.value);
    if (lower === undefined) return 'fresh';
    this.holdFor(`${entry.key} at revision ${entry.revision} has a lower ${lower} than at ${known.revision}`);
    return 'regressed';
  }

  private noteStale(key: ControlKey, now: Instant): Admission {
    this.staleReads++;
    const since = this.staleSince.get(key);
    if (since === undefined) {
      this.staleSince.set(key, { at: now, reads: 1 });
      return 'stale';
    }
    since.reads++;
    if (since.reads < STALE_READS_MIN || shortestElapsedMs(since.at, now) < this.patienceMs) return 'stale';
    this.holdFor(`${key} is older than what was known, ${since.reads} times in a row`);
    return 'regressed';
  }
}

function isHostKey(key: ControlKey): key is HostKey {
  return key.startsWith('host.');
}

/** The name of a count that went down, which it never does. */
function lowerCount(known: ControlValue, next: ControlValue): string | undefined {
  if ('members' in known && 'members' in next) {
    return next.epoch < known.epoch ? 'epoch' : next.term < known.term ? 'term' : undefined;
  }
  if ('term' in known && 'term' in next) return next.term < known.term ? 'term' : undefined;
  if ('seq' in known && 'seq' in next) return next.seq <= known.seq ? 'sequence number' : undefined;
  return undefined;
}
