import type { EntityId } from '../base/entity-id.ts';
import type { PreparedPush } from './prepared-push.ts';
import { isLater, type Stamp } from './stamp.ts';

/** A session as the directory sees it. */
export interface Attached {
  readonly id: number;
  /** Before that nothing can be pushed to it. */
  readonly isOpen: boolean;
  push(push: PreparedPush): void;
}

/** Principals with a session at one other gateway; of more nothing is known here. */
export const PRINCIPALS_AWAY_MAX = 65_536;

interface Present<S> {
  readonly session: S;
  readonly stamp: Stamp;
}

/** Where a principal is that has sessions, here or elsewhere, or is in groups. */
export interface Place<S> {
  /** In the order of arrival: pushes go to the last. */
  readonly sessions: Present<S>[];
  groups: number;
  /** By gateway, as node index: since when its newest session is there. Undefined for most. */
  away: Map<number, Stamp> | undefined;
}

/**
 * Who is where: here, in sessions of this gateway; elsewhere, as the other gateways say. A principal's newest session is the one that
 * pushes reach, wherever that is; when it ends, the one before it is again.
 */
export class Principals<S extends Attached> {
  private readonly places = new Map<EntityId, Place<S>>();
  /** By gateway. */
  private readonly away = new Map<number, Set<EntityId>>();

  attach(principal: EntityId, session: S, stamp: Stamp): void {
    this.place(principal).sessions.push({ session, stamp });
  }

  /** False: it was not attached. */
  detach(principal: EntityId, session: S): boolean {
    const place = this.places.get(principal);
    const index = place?.sessions.findIndex((one) => one.session === session) ?? -1;
    if (place === undefined || index < 0) return false;
    place.sessions.splice(index, 1);
    this.forget(principal, place);
    return true;
  }

  /** The newest session if it is here, or the gateway that has it; undefined: there is none. */
  whereIs(principal: EntityId): S | number | undefined {
    const place = this.places.get(principal);
    return place && this.newestOf(place);
  }

  newestOf({ sessions, away }: Place<S>): S | number | undefined {
    const newest = openOf(sessions);
    if (away === undefined) return newest?.session;
    let found: S | number | undefined = newest?.session;
    let stamp = newest?.stamp;
    for (const [gateway, other] of away) {
      if (stamp !== undefined && !isLater(other, stamp)) continue;
      found = gateway;
      stamp = other;
    }
    return found;
  }

  /** The newest session here, whether or not there is a newer one elsewhere: another gateway thinks that there is none. */
  newestHere(principal: EntityId): S | undefined {
    const place = this.places.get(principal);
    return place && openOf(place.sessions)?.session;
  }

  /** Since when the newest session is here, open or about to be. */
  since(principal: EntityId): Stamp | undefined {
    return this.places.get(principal)?.sessions.at(-1)?.stamp;
  }

  /** All that have sessions here. */
  *present(): Generator<EntityId> {
    for (const [principal, { sessions }] of this.places) if (sessions.length > 0) yield principal;
  }

  /** Another gateway has said since when its newest session is there, or that it has none. False when it says so of too many. */
  setAway(gateway: number, principal: EntityId, since: Stamp | undefined): boolean {
    let all = this.away.get(gateway);
    if (since === undefined) {
      const place = this.places.get(principal);
      if (all?.delete(principal)) this.leave(gateway, principal, place!);
      return true;
    }
    if (all === undefined) {
      all = new Set();
      this.away.set(gateway, all);
    }
    if (all.size >= PRINCIPALS_AWAY_MAX && !all.has(principal)) return false;
    all.add(principal);
    const place = this.place(principal);
    place.away ??= new Map();
    place.away.set(gateway, since);
    return true;
  }

  /** Another gateway is gone, and its sessions with it. */
  forgetGateway(gateway: number): void {
    for (const principal of this.away.get(gateway) ?? []) this.leave(gateway, principal, this.places.get(principal)!);
    this.away.delete(gateway);
  }

  /** A principal is in one group more: its place is kept for that. */
  enter(principal: EntityId): Place<S> {
    const place = this.place(principal);
    place.groups++;
    return place;
  }

  exit(principal: EntityId, place: Place<S>): void {
    place.groups--;
    this.forget(principal, place);
  }

  /** Principals with a session at another gateway, those of two counted twice. */
  get awayCount(): number {
    let count = 0;
    for (const all of this.away.values()) count += all.size;
    return count;
  }

  private leave(gateway: number, principal: EntityId, place: Place<S>): void {
    place.away?.delete(gateway);
    if (place.away?.size === 0) place.away = undefined;
    this.forget(principal, place);
  }

  private place(principal: EntityId): Place<S> {
    let place = this.places.get(principal);
    if (place === undefined) {
      place = { sessions: [], groups: 0, away: undefined };
      this.places.set(principal, place);
    }
    return place;
  }

  private forget(principal: EntityId, place: Place<S>): void {
    if (place.sessions.length === 0 && place.groups === 0 && place.away === undefined) this.places.delete(principal);
  }
}

function openOf<S extends Attached>(sessions: readonly Present<S>[]): Present<S> | undefined {
  for (let i = sessions.length - 1; i >= 0; i--) if (sessions[i]!.session.isOpen) return sessions[i];
  return undefined;
}
