import { type HostRef, isGone, type MasterRecord, sameHost } from './control-record.ts';
import type { ControlView } from './control-view.ts';
import { type Instant, longestElapsedMs } from './instant.ts';
import type { KeyWriter, WriteVerdict } from './key-writer.ts';
import type { LeaseProfile } from './lease-profile.ts';
import type { Env, Out, StoreEffect, StoreEvent } from './machine.ts';

/**
 * Which host is master. A seat like a lease, but nothing is unsafe when two believe to have it: all that a master does is a
 * conditional write, and the first act of a new term makes every later write of the old one fail.
 */
export class MasterSeat {
  /** Seats taken by this host. */
  elections = 0;
  private readonly ref: HostRef;
  private readonly profile: LeaseProfile;
  private readonly view: ControlView;
  private readonly writer: KeyWriter;
  private readonly nextNonce: () => string;
  /** Sending time of the last applied renewal, while the seat is ours. */
  private from: Instant | undefined;
  private renewAt = 0;
  private resigning = false;
  /** When the current revision of the seat was first seen. */
  private seen: { revision: number; since: Instant } | undefined;
  private jitterMs = 0;

  constructor(ref: HostRef, profile: LeaseProfile, view: ControlView, writer: KeyWriter, nextNonce: () => string) {
    this.ref = ref;
    this.profile = profile;
    this.view = view;
    this.writer = writer;
    this.nextNonce = nextNonce;
  }

  get held(): boolean {
    return this.from !== undefined && !this.resigning;
  }

  /** Of the seat that is held. */
  get term(): number {
    return this.view.master?.value.term ?? 0;
  }

  wakeAt(rank: number): number {
    if (this.writer.busy) return Number.POSITIVE_INFINITY;
    if (this.from !== undefined) return Math.min(this.renewAt, this.from.mono + this.profile.giveUpMs);
    if (this.seen === undefined) return this.renewAt;
    return Math.max(this.renewAt, this.takeOverAt(rank));
  }

  /** A seat that the view accepted. */
  observe(revision: number, value: MasterRecord, env: Env): void {
    if (this.seen !== undefined && this.seen.revision >= revision) return;
    this.seen = { revision, since: env.now };
    this.jitterMs = (env.random.next() * this.profile.rankMs) / 2;
    if (!sameHost(value, this.ref) || value.released) this.from = undefined;
  }

  /** Hands the seat back: a standby takes it without waiting. */
  resign(): void {
    this.resigning = true;
    this.renewAt = 0;
  }

  /** `mayStand`: this host is up and not on hold. `rank`: how many hosts may stand before it. */
  tick(mayStand: boolean, rank: number, env: Env, out: Out<StoreEffect>): void {
    if (this.from !== undefined && longestElapsedMs(this.from, env.now) >= this.profile.giveUpMs) this.from = undefined;
    if (this.writer.busy || env.now.mono < this.renewAt) return;
    const known = this.view.master;
    if (this.from !== undefined) {
      // On hold a seat is neither renewed nor given back: nothing of the control store is trusted.
      if (this.view.hold === undefined) this.claim(known!.value.term, this.resigning, env, out);
      return;
    }
    if (!mayStand || this.resigning) return;
    if (known === undefined) {
      if (this.view.complete) this.claim(1, false, env, out);
      return;
    }
    if (env.now.mono >= this.takeOverAt(rank)) this.claim(known.value.term + 1, false, env, out);
  }

  onStore(event: StoreEvent, env: Env, out: Out<StoreEffect>): void {
    const verdict = this.writer.step(event, out);
    if (verdict !== undefined) this.onVerdict(verdict, env);
  }

  private onVerdict(verdict: WriteVerdict, env: Env): void {
    this.renewAt = env.now.mono + this.profile.renewMs / 4;
    if (verdict.kind === 'open') return;
    if (verdict.kind === 'lost') {
      const { entry } = verdict;
      if (this.view.accept(entry, env.now) === 'fresh') this.observe(entry.revision, entry.value as MasterRecord, env);
      return;
    }
    const { attempt, revision } = verdict;
    const value = attempt.value as MasterRecord;
    this.view.noteApplied(revision, attempt.above);
    if (this.view.accept({ key: 'master', revision, value }, env.now) === 'stale') return;
    this.observe(revision, value, env);
    if (value.released) {
      this.from = undefined;
      return;
    }
    if (this.from === undefined) this.elections++;
    this.from = attempt.sentAt;
    this.renewAt = this.resigning ? 0 : attempt.sentAt.mono + this.profile.renewMs;
  }

  private claim(term: number, released: boolean, env: Env, out: Out<StoreEffect>): void {
    const known = this.view.master;
    const { host, inc } = this.ref;
    const value: MasterRecord = {
      host,
      inc,
      term,
      seq: (known?.value.seq ?? 0) + 1,
      nonce: this.nextNonce(),
      released,
    };
    const above = this.view.highestRevision;
    this.writer.write({ value, expected: known?.revision ?? 0, sentAt: env.now, above }, out);
  }

  /** Given back, or its holder's own record says that it is no more: nobody needs to wait. */
  private isVacant(): boolean {
    const seat = this.view.master?.value;
    if (seat === undefined) return false;
    const holder = this.view.host(seat.host)?.value;
    return seat.released || (sameHost(holder, seat) && isGone(holder!));
  }

  private takeOverAt(rank: number): number {
    if (this.isVacant()) return 0;
    return this.seen!.since.mono + this.profile.takeOverMs + rank * this.profile.rankMs + this.jitterMs;
  }
}
