import { type Entry, type HostKey, type HostRecord, hostKey, isGone } from './control-record.ts';
import type { ControlView } from './control-view.ts';
import { type Instant, shortestElapsedMs } from './instant.ts';
import type { KeyWriter } from './key-writer.ts';
import type { LeaseProfile } from './lease-profile.ts';
import type { Env, Out, StoreEffect, StoreEvent } from './machine.ts';

/**
 * Notes when it first saw each revision of each host's record, all the time, so that a new master need not begin to wait. A record that
 * did not change for `deadMs` may be written over with a death, on exactly that revision: if that succeeds no later renewal can,
 * and the owner has stopped by then (lease-profile.ts). Only then are its slots given to others.
 */
export class LeaseObserver {
  declared = 0;
  /** The owner renewed in the last moment: the death was refused. */
  refused = 0;
  protected readonly profile: LeaseProfile;
  private readonly view: ControlView;
  private readonly nextNonce: () => string;
  private readonly newWriter: (key: HostKey) => KeyWriter;
  private readonly seen = new Map<HostKey, { revision: number; since: Instant }>();
  private readonly writers = new Map<HostKey, KeyWriter>();

  constructor(
    profile: LeaseProfile,
    view: ControlView,
    newWriter: (key: HostKey) => KeyWriter,
    nextNonce: () => string,
  ) {
    this.profile = profile;
    this.view = view;
    this.newWriter = newWriter;
    this.nextNonce = nextNonce;
  }

  /** A record that the view accepted. */
  observe({ key, revision }: Entry, now: Instant): void {
    const seen = this.seen.get(key as HostKey);
    if (seen === undefined || seen.revision < revision) this.seen.set(key as HostKey, { revision, since: now });
  }

  /** How long the record of a host has been as it is. */
  unchangedMs(host: string, now: number): number {
    const seen = this.seen.get(hostKey(host));
    return seen === undefined ? 0 : now - seen.since.mono;
  }

  /** When the record of this host may be declared dead at the earliest, on the monotonic clock. */
  overdueAt(host: string): number {
    const known = this.view.host(host);
    if (known === undefined || isGone(known.value)) return Number.POSITIVE_INFINITY;
    return this.seen.get(hostKey(host))!.since.mono + this.profile.deadMs;
  }

  isOverdue(host: string, now: Instant): boolean {
    const known = this.view.host(host);
    if (known === undefined || isGone(known.value)) return false;
    return this.waitedMs(this.seen.get(hostKey(host))!.since, now) >= this.profile.deadMs;
  }

  /** Declares the death of a host whose record is overdue, unless that is under way. */
  challenge(host: string, env: Env, out: Out<StoreEffect>): void {
    if (!this.isOverdue(host, env.now)) return;
    const key = hostKey(host);
    const writer = this.writers.get(key) ?? this.newWriter(key);
    if (writer.busy) return;
    this.writers.set(key, writer);
    const { revision, value } = this.view.host(host)!;
    const dead = deathOf(value, this.nextNonce());
    writer.write({ value: dead, expected: revision, sentAt: env.now, above: this.view.highestRevision }, out);
  }

  /** The record that a write of ours has brought to light: the death, or the renewal that won. */
  onStore(event: StoreEvent, out: Out<StoreEffect>): Entry<HostRecord> | undefined {
    for (const [key, writer] of this.writers) {
      const verdict = writer.step(event, out);
      if (verdict === undefined) continue;
      if (!writer.busy && verdict.kind !== 'open') this.writers.delete(key);
      if (verdict.kind === 'done') {
        this.declared++;
        this.view.noteApplied(verdict.revision, verdict.attempt.above);
        return { key, revision: verdict.revision, value: verdict.attempt.value as HostRecord };
      }
      if (verdict.kind === 'lost') {
        this.refused++;
        return verdict.entry as Entry<HostRecord>;
      }
    }
    return undefined;
  }

  protected waitedMs(since: Instant, now: Instant): number {
    return shortestElapsedMs(since, now);
  }
}

/**
 * The record that says that this run of the host is dead; what it held stays in it. Also for whoever has proof, such as a launcher that has
 * reaped the process: it writes this on the revision it read, without waiting.
 */
export function deathOf(record: HostRecord, nonce: string): HostRecord {
  return { ...record, seq: record.seq + 1, nonce, state: 'dead', frozen: [], occupied: [] };
}
