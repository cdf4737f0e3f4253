import { type Assignment, type HostRef, isMember, type NodeRef, sameHost, sameNode } from './control-record.ts';
import type { Out } from './machine.ts';

/** Requests of one node that may wait for their slot to have an owner that takes them; more are refused. */
export const PARKED_MAX = 16_384;
/** A slot whose owner does not run it yet is tried again after this, twice that, and so on. */
const RETRY_MS = 4;
const RETRY_MS_MAX = 128;

export interface Request {
  /** Unique for this run of the node. */
  readonly id: number;
  readonly slot: number;
  /** Milliseconds on the monotonic clock. */
  readonly deadline: number;
}

/** How a request ends without a reply. The error classes that callers see are made of these. */
export type Failure =
  /** It never left, or was bounced before anybody accepted it. */
  | { readonly outcome: 'notExecuted'; readonly cause: 'link-full' | 'no-owner' }
  | { readonly outcome: 'unknown'; readonly cause: 'timeout' | 'node-lost' };

export type RouterEffect<R extends Request> =
  | { readonly kind: 'send'; readonly to: NodeRef; readonly epoch: number; readonly request: R }
  /** In order behind what was sent to that node; it answers in order behind its bounces. */
  | { readonly kind: 'sync'; readonly to: NodeRef; readonly slot: number }
  | { readonly kind: 'failed'; readonly request: R; readonly failure: Failure };

interface Pending<R> {
  readonly request: R;
  readonly order: number;
  /** Where it was sent; undefined while it waits here, or again. */
  sentTo: NodeRef | undefined;
}

interface Lane<R> {
  /** To whom this slot's requests went since the last sync, if any did. */
  target: NodeRef | undefined;
  syncing: boolean;
  /** In the order of sending. */
  waiting: Pending<R>[];
  /** The epoch of the last requests sent. */
  sentIn: number;
  /** The owner in this epoch did not take a request: not before `retryAt` again. */
  bouncedIn: number;
  retryAt: number;
  retryMs: number;
  bouncedAt: number;
}

/**
 * The requests of one node on one lane, to entities anywhere: finds the owner of a slot, keeps the order, and knows how each request ended.
 *
 * A request is sent again only with proof that it was not executed: it never left, or it was bounced. Order, when a slot changes hands or is
 * not open yet: once a request of a slot came back, or its owner has changed, nothing more of the slot is sent until the node that had the
 * last ones has answered a `sync`. That node bounces everything of ours from the first bounce to the sync, so what came back is all that was behind the
 * last accepted request; it goes out again, in its old order, before what has waited since.
 */
export class RequestRouter<R extends Request> {
  /** Replies and bounces of requests that had ended. */
  late = 0;
  resent = 0;
  private readonly pending = new Map<number, Pending<R>>();
  private readonly lanes = new Map<number, Lane<R>>();
  protected assignment: Assignment | undefined;
  private order = 0;
  private parked = 0;

  /** Requests that have not ended. */
  get size(): number {
    return this.pending.size;
  }

  get wakeAt(): number {
    let at = Number.POSITIVE_INFINITY;
    for (const { request } of this.pending.values()) at = Math.min(at, request.deadline);
    for (const lane of this.lanes.values()) if (lane.waiting.length > 0) at = Math.min(at, lane.retryAt);
    return at;
  }

  /** Whether a request that has not ended is one of those. While a slot has any, it cannot be given away: they would leave too late. */
  some(test: (request: R) => boolean): boolean {
    for (const { request } of this.pending.values()) if (test(request)) return true;
    return false;
  }

  call(request: R, now: number, out: Out<RouterEffect<R>>): void {
    const pending: Pending<R> = { request, order: this.order++, sentTo: undefined };
    if (this.parked >= PARKED_MAX) {
      out.push({ kind: 'failed', request, failure: { outcome: 'notExecuted', cause: 'link-full' } });
      return;
    }
    this.pending.set(request.id, pending);
    this.park(pending);
    this.advance(request.slot, now, out);
  }

  install(assignment: Assignment, now: number, out: Out<RouterEffect<R>>): void {
    const before = this.assignment;
    this.assignment = assignment;
    for (const member of before?.members ?? []) if (!isMember(assignment, member)) this.lose(member, out);
    for (const slot of this.lanes.keys()) this.advance(slot, now, out);
  }

  /** A reply has come. The request, if it still waited for one. */
  reply(id: number): R | undefined {
    const pending = this.pending.get(id);
    if (pending === undefined) {
      this.late++;
      return undefined;
    }
    this.end(pending);
    return pending.request;
  }

  /** The node did not take the request; it had not begun it. */
  bounced(id: number, slot: number, from: NodeRef, now: number, out: Out<RouterEffect<R>>): void {
    const pending = this.pending.get(id);
    if (pending !== undefined && sameNode(pending.sentTo, from)) this.park(pending);
    else this.late++;
    const lane = this.laneOf(slot);
    if (!sameNode(lane.target, from)) return;
    if (lane.syncing) return;
    lane.bouncedIn = lane.sentIn;
    this.backOff(lane, now);
    this.sync(slot, lane, out);
  }

  /** The node has answered: everything sent to it for this slot was accepted or has come back. */
  synced(slot: number, from: NodeRef, now: number, out: Out<RouterEffect<R>>): void {
    const lane = this.laneOf(slot);
    if (!lane.syncing || !sameNode(lane.target, from)) return;
    lane.syncing = false;
    lane.target = undefined;
    this.advance(slot, now, out);
  }

  /** The session ended before the request left it: it waits for an owner again. Before the view that ends the session is installed. */
  unsent(id: number): void {
    const pending = this.pending.get(id);
    if (pending !== undefined && pending.sentTo !== undefined) this.park(pending);
  }

  /** A frame of ours found no room in its session: it has not left. */
  refused(id: number, out: Out<RouterEffect<R>>): void {
    const pending = this.pending.get(id);
    if (pending !== undefined) this.fail(pending, { outcome: 'notExecuted', cause: 'link-full' }, out);
  }

  tick(now: number, out: Out<RouterEffect<R>>): void {
    for (const pending of this.pending.values()) {
      if (pending.request.deadline > now) continue;
      const sent = pending.sentTo !== undefined;
      this.fail(
        pending,
        sent ? { outcome: 'unknown', cause: 'timeout' } : { outcome: 'notExecuted', cause: 'no-owner' },
        out,
      );
    }
    for (const [slot, lane] of this.lanes) if (lane.waiting.length > 0) this.advance(slot, now, out);
  }

  /** Whom a lost request of ours is sent to again: nobody. It may have been executed. */
  protected onLost(pending: Pending<R>, out: Out<RouterEffect<R>>): void {
    this.fail(pending, { outcome: 'unknown', cause: 'node-lost' }, out);
  }

  protected park(pending: Pending<R>): void {
    const { waiting } = this.laneOf(pending.request.slot);
    pending.sentTo = undefined;
    this.parked++;
    let at = waiting.length;
    while (at > 0 && waiting[at - 1]!.order > pending.order) at--;
    waiting.splice(at, 0, pending);
  }

  private advance(slot: number, now: number, out: Out<RouterEffect<R>>): void {
    const lane = this.laneOf(slot);
    const row = this.assignment?.slots[slot];
    if (row?.owner === undefined || lane.syncing) return;
    if (lane.target !== undefined && !sameNode(lane.target, row.owner)) {
      this.sync(slot, lane, out);
      return;
    }
    if (lane.bouncedIn === row.epoch && now < lane.retryAt) return;
    lane.bouncedIn = 0;
    lane.retryAt = Number.POSITIVE_INFINITY;
    for (const pending of lane.waiting.splice(0)) {
      this.parked--;
      pending.sentTo = row.owner;
      lane.target = row.owner;
      lane.sentIn = row.epoch;
      out.push({ kind: 'send', to: row.owner, epoch: row.epoch, request: pending.request });
    }
  }

  private sync(slot: number, lane: Lane<R>, out: Out<RouterEffect<R>>): void {
    lane.syncing = true;
    out.push({ kind: 'sync', to: lane.target!, slot });
  }

  /** A run of a host is over: whoever was asked there cannot be asked again. */
  private lose(host: HostRef, out: Out<RouterEffect<R>>): void {
    for (const pending of this.pending.values()) if (sameHost(pending.sentTo, host)) this.onLost(pending, out);
    for (const lane of this.lanes.values()) {
      if (!sameHost(lane.target, host)) continue;
      lane.target = undefined;
      lane.syncing = false;
    }
  }

  private backOff(lane: Lane<R>, now: number): void {
    lane.retryMs = now - lane.bouncedAt > 1000 ? RETRY_MS : Math.min(lane.retryMs * 2, RETRY_MS_MAX);
    lane.bouncedAt = now;
    lane.retryAt = now + lane.retryMs;
  }

  private fail(pending: Pending<R>, failure: Failure, out: Out<RouterEffect<R>>): void {
    this.end(pending);
    out.push({ kind: 'failed', request: pending.request, failure });
  }

  private end(pending: Pending<R>): void {
    this.pending.delete(pending.request.id);
    const { waiting } = this.laneOf(pending.request.slot);
    const at = pending.sentTo === undefined ? waiting.indexOf(pending) : -1;
    if (at === -1) return;
    waiting.splice(at, 1);
    this.parked--;
  }

  private laneOf(slot: number): Lane<R> {
    let lane = this.lanes.get(slot);
    if (lane === undefined) {
      lane = {
        target: undefined,
        syncing: false,
        waiting: [],
        sentIn: 0,
        bouncedIn: 0,
        retryAt: Number.POSITIVE_INFINITY,
        retryMs: RETRY_MS,
        bouncedAt: Number.NEGATIVE_INFINITY,
      };
      this.lanes.set(slot, lane);
    }
    return lane;
  }
}
