import type { EntityId } from '../base/entity-id.ts';
import type { PreparedPush } from './prepared-push.ts';

/** A session as the directory sees it. */
export interface Attached {
  readonly id: number;
  push(push: PreparedPush): void;
}

/** A principal that has sessions or is in groups. */
interface Entry<S> {
  /** In the order of arrival: pushes go to the last. */
  readonly sessions: S[];
  groups: number;
}

/**
 * Who is here, and in which groups. A principal's newest session is the one that pushes reach; when it ends, the one before it is again.
 * Membership belongs to the principal: it outlives sessions, so that a client that comes back is still in its groups.
 */
export class Principals<S extends Attached> {
  private readonly entries = new Map<EntityId, Entry<S>>();
  private readonly groups = new Map<string, Map<EntityId, Entry<S>>>();

  attach(principal: EntityId, session: S): void {
    this.entry(principal).sessions.push(session);
  }

  detach(principal: EntityId, session: S): void {
    const entry = this.entries.get(principal);
    const index = entry?.sessions.indexOf(session) ?? -1;
    if (entry === undefined || index < 0) return;
    entry.sessions.splice(index, 1);
    this.forget(principal, entry);
  }

  newest(principal: EntityId): S | undefined {
    return this.entries.get(principal)?.sessions.at(-1);
  }

  groupAdd(contract: string, group: string, principal: EntityId): void {
    const key = groupKey(contract, group);
    let members = this.groups.get(key);
    if (members === undefined) {
      members = new Map();
      this.groups.set(key, members);
    }
    if (members.has(principal)) return;
    const entry = this.entry(principal);
    entry.groups++;
    members.set(principal, entry);
  }

  groupRemove(contract: string, group: string, principal: EntityId): void {
    const key = groupKey(contract, group);
    const members = this.groups.get(key);
    const entry = members?.get(principal);
    if (members === undefined || entry === undefined) return;
    members.delete(principal);
    if (members.size === 0) this.groups.delete(key);
    entry.groups--;
    this.forget(principal, entry);
  }

  /** Has the group a member, here or not at the moment? */
  hasGroup(contract: string, group: string): boolean {
    return this.groups.has(groupKey(contract, group));
  }

  /** Hands the push to every member's newest session; returns how many members have none. */
  groupPush(contract: string, group: string, push: PreparedPush): number {
    let absent = 0;
    for (const entry of this.groups.get(groupKey(contract, group))?.values() ?? []) {
      const session = entry.sessions.at(-1);
      if (session === undefined) absent++;
      else session.push(push);
    }
    return absent;
  }

  private entry(principal: EntityId): Entry<S> {
    let entry = this.entries.get(principal);
    if (entry === undefined) {
      entry = { sessions: [], groups: 0 };
      this.entries.set(principal, entry);
    }
    return entry;
  }

  private forget(principal: EntityId, entry: Entry<S>): void {
    if (entry.sessions.length === 0 && entry.groups === 0) this.entries.delete(principal);
  }
}

/** Lengths keep ('a', 'b c') and ('a b', 'c') apart. */
function groupKey(contract: string, group: string): string {
  return `${contract.length} ${contract} ${group}`;
}
