import { emptyAssignment, planAssignment } from './assignment.ts';
import { type Assignment, type Entry, type HostRecord, isMember } from './control-record.ts';
import type { ControlView } from './control-view.ts';
import { shortestElapsedMs } from './instant.ts';
import type { KeyWriter } from './key-writer.ts';
import type { LeaseObserver } from './lease-observer.ts';
import type { LeaseProfile } from './lease-profile.ts';
import type { Env, Out, StoreEffect, StoreEvent } from './machine.ts';
import type { MasterSeat } from './master-seat.ts';
import { RestartPolicy } from './restart-policy.ts';

/**
 * What the holder of the seat does: it takes the assignment over under its term, declares deaths, and writes the assignment that
 * should be. Never on the way of a message, and harmless when it is late: each write is conditional on the revision it was planned on.
 */
export class Master {
  protected readonly view: ControlView;
  protected readonly observer: LeaseObserver;
  private readonly seat: MasterSeat;
  private readonly profile: LeaseProfile;
  private readonly writer: KeyWriter;
  private readonly nextNonce: () => string;
  private readonly slots: number;
  private readonly epochFloor: number;
  private readonly restarts = new Map<string, { policy: RestartPolicy; inc: number }>();
  private retryAt = 0;
  private behindSince: { mono: number; wall: number } | undefined;
  /** The revisions that were planned on and left as they are. */
  private planned = '';

  constructor(
    seat: MasterSeat,
    observer: LeaseObserver,
    profile: LeaseProfile,
    view: ControlView,
    writer: KeyWriter,
    nextNonce: () => string,
    slots: number,
    epochFloor = 0,
  ) {
    this.seat = seat;
    this.observer = observer;
    this.profile = profile;
    this.view = view;
    this.writer = writer;
    this.nextNonce = nextNonce;
    this.slots = slots;
    this.epochFloor = epochFloor;
  }

  /** The seat is ours and the assignment carries our term: nobody with an earlier one can change it any more. */
  get rules(): boolean {
    return this.seat.held && this.view.assignment?.value.term === this.seat.term;
  }

  wakeAt(now: number): number {
    if (!this.seat.held || this.view.hold !== undefined) return Number.POSITIVE_INFINITY;
    let at = this.writer.busy || this.retryAt <= now ? Number.POSITIVE_INFINITY : this.retryAt;
    for (const { value } of this.view.hosts()) {
      const overdueAt = this.observer.overdueAt(value.host);
      // One that is overdue already is being declared dead, or will be at the next regular tick.
      if (overdueAt > now) at = Math.min(at, overdueAt);
    }
    for (const { policy } of this.restarts.values()) if (policy.until > now) at = Math.min(at, policy.until);
    return at;
  }

  /** A record that the view accepted: how often its host has crashed of late. */
  observe({ host, inc, state }: HostRecord, env: Env): void {
    let known = this.restarts.get(host);
    if (known === undefined) {
      known = { policy: new RestartPolicy(), inc: -1 };
      this.restarts.set(host, known);
    }
    if (state !== 'dead' || known.inc === inc) return;
    known.inc = inc;
    known.policy.note(env.now.mono);
  }

  tick(env: Env, out: Out<StoreEffect>): void {
    if (!this.seat.held || this.view.hold !== undefined) return;
    const entry = this.view.assignment;
    if (this.rules) {
      for (const { value } of this.view.hosts()) this.observer.challenge(value.host, env, out);
    }
    if (this.writer.busy || env.now.mono < this.retryAt) return;
    if (entry === undefined) {
      if (!this.view.complete) return;
      this.write(emptyAssignment(this.slots, this.seat.term, this.nextNonce()), 0, env, out);
      return;
    }
    const { revision, value } = entry;
    if (value.term > this.seat.term) return;
    // The first act of a term. Same epoch, same content: only the right to change it moves.
    if (value.term < this.seat.term) {
      this.write({ ...value, term: this.seat.term, nonce: this.nextNonce() }, revision, env, out);
      return;
    }
    if (this.isBehind(value, env, out)) return;
    const records = this.records(env);
    const blocked = [...this.restarts].filter(([, { policy }]) => policy.isBlocked(env.now.mono)).map(([host]) => host);
    const planned = `${revision} ${records.map(({ nonce, state }) => `${nonce}/${state}`)} ${blocked}`;
    if (planned === this.planned) return;
    const next = planAssignment(value, {
      records,
      mayHold: (host) => !blocked.includes(host),
      epochFloor: this.epochFloor,
    });
    if (next === undefined) this.planned = planned;
    else this.write({ ...next, nonce: this.nextNonce() }, revision, env, out);
  }

  onStore(event: StoreEvent, env: Env, out: Out<StoreEffect>): Entry | undefined {
    const verdict = this.writer.step(event, out);
    if (verdict === undefined) return undefined;
    if (verdict.kind === 'open') {
      this.retryAt = env.now.mono + this.profile.renewMs / 4;
      return undefined;
    }
    this.retryAt = 0;
    if (verdict.kind === 'lost') return verdict.entry;
    this.view.noteApplied(verdict.revision, verdict.attempt.above);
    return { key: 'assign', revision: verdict.revision, value: verdict.attempt.value };
  }

  /** Only records decide: a host is gone when its own record says so, whatever this master believes. */
  protected records(_env: Env): HostRecord[] {
    return this.view.hosts().map(({ value }) => value);
  }

  /**
   * A member goes by an epoch that is higher than the assignment we know. Usually ours is late. When it stays so, the store has lost the
   * assignment that the member has seen, and its epoch must not be given twice.
   */
  private isBehind(assignment: Assignment, env: Env, out: Out<StoreEffect>): boolean {
    const ahead = this.view
      .hosts()
      .find(({ value }) => isMember(assignment, value) && value.viewEpoch > assignment.epoch);
    if (ahead === undefined) {
      this.behindSince = undefined;
      return false;
    }
    this.behindSince ??= env.now;
    this.retryAt = env.now.mono + this.profile.renewMs;
    out.push({ kind: 'poll' });
    if (shortestElapsedMs(this.behindSince, env.now) >= this.profile.deadMs) {
      const { host, viewEpoch } = ahead.value;
      this.view.holdFor(`${host} goes by epoch ${viewEpoch}, the assignment has ${assignment.epoch}`);
    }
    return true;
  }

  private write(value: Assignment, expected: number, env: Env, out: Out<StoreEffect>): void {
    this.writer.write({ value, expected, sentAt: env.now, above: this.view.highestRevision }, out);
  }
}
