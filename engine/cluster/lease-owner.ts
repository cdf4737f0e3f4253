import { type Entry, type HostRecord, type HostRef, type HostState, hostKey, isGone } from './control-record.ts';
import type { ControlView } from './control-view.ts';
import { type Instant, longestElapsedMs } from './instant.ts';
import type { KeyWriter, WriteVerdict } from './key-writer.ts';
import { type Lease, leaseFrom, NO_LEASE } from './lease.ts';
import type { LeaseProfile } from './lease-profile.ts';
import type { Env, Out, StoreEffect, StoreEvent } from './machine.ts';

export type LeaseEffect =
  /** Threads run until this ends. */
  | { readonly kind: 'lease'; readonly lease: Lease }
  /** No new turn, no effect, no timer. */
  | { readonly kind: 'fence' }
  /** The lease goes on with everything in memory as it was: nobody else can have got the slots. */
  | { readonly kind: 'resume' }
  /** A slice still runs that should have ended: end its thread. */
  | { readonly kind: 'end-threads' }
  /** The process ends at once. */
  | { readonly kind: 'exit'; readonly reason: ExitReason };

export type ExitReason = 'declared-dead' | 'stop-overdue' | 'left';

/**
 *   joining ──► up ◄──► fenced          up, fenced ──► ended
 *      joining   the key does not exist, or says that an earlier run of this host is dead: then it is ours
 *      up        renewed every renewMs; counted from when a renewal was sent, once it is known to be applied
 *      fenced    the lease has run out. Renewals go on: one that is applied proves that nobody declared our death
 *      ended     the record says that we are dead, or that we left
 */
export type LeasePhase = 'joining' | 'up' | 'fenced' | 'ended';

/** What a host says of itself with every renewal. */
export type HostReport = Pick<HostRecord, 'viewEpoch' | 'lives' | 'frozen' | 'occupied' | 'holds'> & {
  state: HostState;
};

/** Less than this is how clocks differ; the next renewal takes it into account. */
const SET_BACK_MS = 5;

/** Renews the record of its host and says until when the host may run. */
export class LeaseOwner {
  phase: LeasePhase = 'joining';
  /** Nothing runs: neither a turn nor a slice. Told by the threads; else they are ended. */
  quiet = true;
  protected readonly profile: LeaseProfile;
  protected from: Instant | undefined;
  private readonly ref: HostRef;
  private readonly nodes: number;
  private readonly view: ControlView;
  private readonly writer: KeyWriter;
  private readonly nextNonce: () => string;
  private report: HostReport;
  private reportChanged = false;
  private renewAt = 0;
  private fencedAt: Instant | undefined;
  private threadsEnded = false;
  private lastTick: Instant | undefined;
  /** The clocks when they were looked at last, and by how much the wall has fallen behind the monotonic one since the start. */
  private seen: Instant | undefined;
  private setBackMs = 0;

  constructor(
    ref: HostRef,
    nodes: number,
    profile: LeaseProfile,
    view: ControlView,
    writer: KeyWriter,
    nextNonce: () => string,
  ) {
    this.ref = ref;
    this.nodes = nodes;
    this.profile = profile;
    this.view = view;
    this.writer = writer;
    this.nextNonce = nextNonce;
    const lives = new Array<number>(nodes).fill(0);
    this.report = { state: 'up', viewEpoch: 0, lives, frozen: [], occupied: [], holds: [] };
  }

  /** When `tick` has something to do, on the monotonic clock. */
  get wakeAt(): number {
    if (this.phase === 'ended') return Number.POSITIVE_INFINITY;
    let at = this.writer.busy ? Number.POSITIVE_INFINITY : this.renewAt;
    if (this.phase === 'up') at = Math.min(at, this.from!.mono + this.profile.execMs);
    if (this.fencedAt !== undefined && !this.quiet) at = Math.min(at, this.fencedAt.mono + this.overdueMs());
    return at;
  }

  /** What the next renewals say. It leaves at once, not with the next regular renewal. */
  tell(change: Partial<HostReport>): void {
    this.report = { ...this.report, ...change };
    this.reportChanged = true;
    this.renewAt = 0;
  }

  /** Gives the lease up for good, when nothing runs here any more: the slots go to others as soon as this is known. */
  leave(given: Env, out: Out<StoreEffect | LeaseEffect>): void {
    if (this.phase === 'ended') return;
    const env = this.steady(given, out);
    if (this.phase === 'joining') {
      this.end('left', out);
      return;
    }
    this.fence(env, out);
    this.tell({ state: 'left' });
  }

  tick(given: Env, out: Out<StoreEffect | LeaseEffect>): void {
    if (this.phase === 'ended') return;
    const env = this.steady(given, out);
    const backward = this.lastTick !== undefined && env.now.mono < this.lastTick.mono;
    this.lastTick = env.now;
    if (this.phase === 'up' && (backward || this.elapsedMs(env.now) >= this.profile.execMs)) this.fence(env, out);
    if (this.fencedAt !== undefined && !this.quiet) this.stopOverdue(env, out);
    if (!this.writer.busy && env.now.mono >= this.renewAt) this.renew(env, out);
  }

  onStore(event: StoreEvent, given: Env, out: Out<StoreEffect | LeaseEffect>): void {
    const env = this.steady(given, out);
    const verdict = this.writer.step(event, out);
    if (verdict !== undefined && this.phase !== 'ended') this.onVerdict(verdict, env, out);
  }

  /** A newer record of our own key, accepted by the view: from a watch, a poll, or a write that lost. */
  onRecord(record: HostRecord, out: Out<StoreEffect | LeaseEffect>): void {
    if (this.phase === 'ended') return;
    // What an earlier run of this host left behind is no death of this one; our own may come before we knew that we lived.
    if (this.phase === 'joining' && record.inc !== this.ref.inc) return;
    if (this.isDeath(record)) this.end(record.state === 'left' ? 'left' : 'declared-dead', out);
  }

  protected isDeath(record: HostRecord): boolean {
    return record.inc !== this.ref.inc || isGone(record);
  }

  protected elapsedMs(now: Instant): number {
    return longestElapsedMs(this.from!, now);
  }

  /** Where the lease is counted from. Not from the answer: nobody knows how long that took. */
  protected startOf(sentAt: Instant, _now: Instant): Instant {
    return sentAt;
  }

  private onVerdict(verdict: WriteVerdict, env: Env, out: Out<StoreEffect | LeaseEffect>): void {
    if (verdict.kind === 'open') {
      this.renewAt = env.now.mono + this.profile.renewMs / 4;
      return;
    }
    if (verdict.kind === 'lost') {
      this.renewAt = env.now.mono + this.profile.renewMs / 4;
      if (this.view.accept(verdict.entry, env.now) === 'fresh') this.onRecord(verdict.entry.value as HostRecord, out);
      return;
    }
    const { attempt, revision } = verdict;
    const record = attempt.value as HostRecord;
    this.view.noteApplied(revision, attempt.above);
    this.view.accept({ key: hostKey(this.ref.host), revision, value: record }, env.now);
    if (record.state === 'left') {
      this.end('left', out);
      return;
    }
    const start = this.startOf(attempt.sentAt, env.now);
    // Another report waits for the one that is known now.
    this.renewAt = this.reportChanged ? 0 : start.mono + this.profile.renewMs;
    if (this.from !== undefined && start.mono < this.from.mono) return;
    this.from = start;
    if (this.report.state === 'left' || this.elapsedMs(env.now) >= this.profile.execMs) return;
    this.grant(out);
    if (this.phase === 'fenced') out.push({ kind: 'resume' });
    this.phase = 'up';
    this.fencedAt = undefined;
    this.threadsEnded = false;
  }

  /** Threads compare with the wall as it is. */
  private grant(out: Out<LeaseEffect>): void {
    const { mono, wall } = this.from!;
    out.push({ kind: 'lease', lease: leaseFrom({ mono, wall: wall - this.setBackMs }, this.profile.execMs) });
  }

  /**
   * The wall is there to notice a suspension, and one that was set back meanwhile would hide it. So leases are counted on a wall that falls behind the
   * monotonic clock by nothing that anybody has seen; a suspension between two looks at it still shows.
   */
  private steady(env: Env, out: Out<LeaseEffect>): Env {
    const { mono, wall } = env.now;
    const { seen } = this;
    this.seen = env.now;
    const behindMs = seen === undefined ? 0 : seen.wall + (mono - seen.mono) - wall;
    if (behindMs > 0) {
      this.setBackMs += behindMs;
      if (this.phase === 'up' && behindMs > SET_BACK_MS) this.grant(out);
    }
    return { now: { mono, wall: wall + this.setBackMs }, random: env.random };
  }

  private renew(env: Env, out: Out<StoreEffect | LeaseEffect>): void {
    const known = this.view.host(this.ref.host);
    if (this.phase === 'joining' && !this.mayJoin(known)) {
      this.renewAt = env.now.mono + this.profile.renewMs;
      return;
    }
    const { host, inc } = this.ref;
    const value: HostRecord = {
      ...this.report,
      host,
      inc,
      nodes: this.nodes,
      seq: (known?.value.seq ?? 0) + 1,
      nonce: this.nextNonce(),
    };
    this.reportChanged = false;
    // Before the request leaves: the lease must not outlast what an observer waits from the commit on.
    const sentAt = env.now;
    const above = this.view.highestRevision;
    this.writer.write({ value, expected: known?.revision ?? 0, sentAt, above }, out);
  }

  /** Over an earlier run of the same host only once its death stands in the store. */
  private mayJoin(known: Entry<HostRecord> | undefined): boolean {
    if (known === undefined) return this.view.complete;
    return isGone(known.value) || known.value.inc === this.ref.inc;
  }

  private fence(env: Env, out: Out<StoreEffect | LeaseEffect>): void {
    if (this.phase !== 'up') return;
    this.phase = 'fenced';
    this.fencedAt = env.now;
    out.push({ kind: 'lease', lease: NO_LEASE }, { kind: 'fence' });
  }

  /** What still runs gets `turnMs`; ending its thread gets `killMs`. Counted on the monotonic clock: a jump of the wall is nobody's fault. */
  private stopOverdue(env: Env, out: Out<StoreEffect | LeaseEffect>): void {
    if (env.now.mono - this.fencedAt!.mono < this.overdueMs()) return;
    if (this.threadsEnded) {
      this.end('stop-overdue', out);
      return;
    }
    this.threadsEnded = true;
    out.push({ kind: 'end-threads' });
  }

  private overdueMs(): number {
    return this.profile.turnMs + (this.threadsEnded ? this.profile.killMs : 0);
  }

  private end(reason: ExitReason, out: Out<StoreEffect | LeaseEffect>): void {
    this.phase = 'ended';
    out.push({ kind: 'lease', lease: NO_LEASE }, { kind: 'exit', reason });
  }
}
