import type { EntityId } from '../base/entity-id.ts';
import type { Attached, Place, Principals } from './principals.ts';
import { isLater, type Stamp, type StampClock } from './stamp.ts';

/** So long a removal is remembered: gateways that have not met each other for longer may undo it. */
const REMOVED_MS_MAX = 600_000;
/** More removals are not remembered: the oldest is forgotten. */
export const REMOVED_MAX = 262_144;

/** Whether a principal is in a group: what gateways tell each other. */
export interface Membership {
  readonly contract: string;
  readonly group: string;
  readonly principal: EntityId;
  stamp: Stamp;
  isMember: boolean;
}

interface Member<S> extends Membership {
  place: Place<S>;
  /** Milliseconds on the gateway's clock. */
  removedAt: number;
}

/**
 * Who is in which groups: all memberships of the cluster, at every gateway. Membership belongs to the principal: it outlives sessions,
 * so that a client that comes back is still in its groups. The latest stamp wins wherever two gateways disagree, so all come to the same,
 * in whatever order they hear of it and however often. For that a removal has to be remembered for a while.
 */
export class Groups<S extends Attached> {
  private readonly principals: Principals<S>;
  private readonly clock: StampClock;
  private readonly groups = new Map<string, Map<EntityId, Member<S>>>();
  /** In the order of removal. */
  private readonly removed = new Map<string, Member<S>>();

  constructor(principals: Principals<S>, clock: StampClock) {
    this.principals = principals;
    this.clock = clock;
  }

  add(contract: string, group: string, principal: EntityId): Membership {
    const present = this.groups.get(groupKey(contract, group))?.get(principal);
    if (present === undefined) return this.enter(contract, group, principal, this.clock.next());
    present.stamp = this.clock.next();
    return present;
  }

  /** Undefined: it was no member. `now` is undefined when there is nobody who could say otherwise. */
  remove(contract: string, group: string, principal: EntityId, now: number | undefined): Membership | undefined {
    const member = this.groups.get(groupKey(contract, group))?.get(principal);
    if (member === undefined) return undefined;
    this.leave(member, this.clock.next(), now);
    return member;
  }

  /** What another gateway has written, or passes on. */
  hear({ contract, group, principal, stamp, isMember }: Membership, now: number): void {
    this.clock.heard(stamp);
    const known = this.groups.get(groupKey(contract, group))?.get(principal);
    if (known === undefined) {
      const removed = this.removed.get(memberKey(contract, group, principal));
      if (removed !== undefined && !isLater(stamp, removed.stamp)) return;
      if (isMember) this.enter(contract, group, principal, stamp);
      else this.remember({ contract, group, principal, stamp, isMember, place: NOWHERE, removedAt: 0 }, now);
    } else if (isLater(stamp, known.stamp)) {
      if (isMember) known.stamp = stamp;
      else this.leave(known, stamp, now);
    }
  }

  /** Where the members are. */
  membersOf(contract: string, group: string): Iterable<{ readonly place: Place<S> }> {
    return this.groups.get(groupKey(contract, group))?.values() ?? [];
  }

  /** Memberships, removals included. */
  *all(): Generator<Membership> {
    for (const members of this.groups.values()) yield* members.values();
    yield* this.removed.values();
  }

  private enter(contract: string, group: string, principal: EntityId, stamp: Stamp): Membership {
    const key = groupKey(contract, group);
    let members = this.groups.get(key);
    if (members === undefined) {
      members = new Map();
      this.groups.set(key, members);
    }
    const place = this.principals.enter(principal);
    const member = { contract, group, principal, stamp, isMember: true, place, removedAt: 0 };
    members.set(principal, member);
    if (this.removed.size > 0) this.removed.delete(memberKey(contract, group, principal));
    return member;
  }

  private leave(member: Member<S>, stamp: Stamp, now: number | undefined): void {
    const { contract, group, principal, place } = member;
    const key = groupKey(contract, group);
    const members = this.groups.get(key)!;
    members.delete(principal);
    if (members.size === 0) this.groups.delete(key);
    this.principals.exit(principal, place);
    member.place = NOWHERE;
    member.stamp = stamp;
    member.isMember = false;
    if (now !== undefined) this.remember(member, now);
  }

  private remember(member: Member<S>, now: number): void {
    member.removedAt = now;
    const key = memberKey(member.contract, member.group, member.principal);
    this.removed.delete(key);
    this.removed.set(key, member);
    for (const [oldest, { removedAt }] of this.removed) {
      if (this.removed.size <= REMOVED_MAX && removedAt + REMOVED_MS_MAX > now) break;
      this.removed.delete(oldest);
    }
  }
}

/** Of one that was removed. */
const NOWHERE: Place<never> = Object.freeze({ sessions: [], groups: 0, away: undefined });

/** Lengths keep ('a', 'b c') and ('a b', 'c') apart. */
function groupKey(contract: string, group: string): string {
  return `${contract.length} ${contract} ${group}`;
}

/** 7, 7n and '7' are three principals. */
function memberKey(contract: string, group: string, principal: EntityId): string {
  return `${group.length} ${groupKey(contract, group)} ${typeof principal} ${principal}`;
}
