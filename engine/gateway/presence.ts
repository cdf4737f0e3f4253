import { checkEntityId, type EntityId } from '../base/entity-id.ts';
import { InvalidMessageError, UnavailableError } from '../base/errors.ts';
import { Groups, type Membership } from './groups.ts';
import { type GatewayLinks, OtherGateways } from './other-gateways.ts';
import type { PreparedPush } from './prepared-push.ts';
import { type Attached, Principals } from './principals.ts';
import { type Stamp, StampClock } from './stamp.ts';

/** A principal of which gateways tell each other whether it is there, or whether it is in a group. */
type Subject = EntityId | Membership;

/** Kinds of rows: [IS_HERE, principal, counter or 0 when it is not, writer] and [IS_MEMBER, contract, group, principal, counter, writer, 0 or 1]. */
const IS_HERE = 0;
const IS_MEMBER = 1;

export interface GroupReach {
  /** Members without a session anywhere. */
  absent: number;
  /** Other gateways with members. */
  gateways: readonly number[];
}

const NO_GATEWAYS: readonly number[] = Object.freeze([]);

/** Who is where and in which groups, at all gateways of the cluster. */
export class Presence<S extends Attached> {
  private readonly now: () => number;
  private readonly clock: StampClock;
  private readonly principals = new Principals<S>();
  private readonly groups: Groups<S>;
  private readonly others: OtherGateways<Subject>;

  /** `writer` is another one at every gateway and every run; `now` are milliseconds on the gateway's clock. */
  constructor(links: GatewayLinks, writer: number, now: () => number) {
    this.now = now;
    this.clock = new StampClock(writer);
    this.groups = new Groups(this.principals, this.clock);
    this.others = new OtherGateways(links, (subject) => this.rowOf(subject));
  }

  /** Undefined or resolved: wherever pushes for the principal come from, they come here from now on. */
  attach(principal: EntityId, session: S): Promise<void> | undefined {
    this.principals.attach(principal, session, this.clock.next());
    return this.others.changed(principal);
  }

  detach(principal: EntityId, session: S): void {
    if (this.principals.detach(principal, session)) void this.others.changed(principal);
  }

  /** The session that pushes reach. With `isPassedOn` the newest of those here: another gateway has decided that it is. */
  session(principal: EntityId, isPassedOn: boolean): S | undefined {
    if (isPassedOn) return this.principals.newestHere(principal);
    const found = this.principals.whereIs(principal);
    return typeof found === 'number' ? undefined : found;
  }

  /** The other gateway that has that session. */
  elsewhere(principal: EntityId): number | undefined {
    const found = this.principals.whereIs(principal);
    return typeof found === 'number' ? found : undefined;
  }

  /** Undefined or resolved: all gateways have it. */
  groupAdd(contract: string, group: string, principal: EntityId): Promise<void> | undefined {
    return this.others.changed(this.groups.add(contract, group, principal));
  }

  groupRemove(contract: string, group: string, principal: EntityId): Promise<void> | undefined {
    const now = this.others.count === 0 ? undefined : this.now();
    const removed = this.groups.remove(contract, group, principal, now);
    return removed && this.others.changed(removed);
  }

  /** Hands the push, made when there is anybody, to the newest session of every member who is here. */
  groupPush(contract: string, group: string, make: () => PreparedPush): GroupReach {
    let push: PreparedPush | undefined;
    let gateways: Set<number> | undefined;
    let absent = 0;
    for (const { place } of this.groups.membersOf(contract, group)) {
      const found = this.principals.newestOf(place);
      if (found === undefined) absent++;
      else if (typeof found === 'number') {
        gateways ??= new Set();
        gateways.add(found);
      } else {
        push ??= make();
        found.push(push);
      }
    }
    return { absent, gateways: gateways === undefined ? NO_GATEWAYS : [...gateways] };
  }

  get principalsAway(): number {
    return this.principals.awayCount;
  }

  // ---- other gateways

  met(gateway: number): void {
    this.others.met(gateway, this.everything());
  }

  parted(gateway: number): void {
    this.others.parted(gateway);
    this.principals.forgetGateway(gateway);
  }

  /** Nobody is told anything any more. */
  close(): void {
    this.others.close();
  }

  /**
   * Returns of how many principals it says more than can be remembered. Throws InvalidMessageError for rows that no gateway has made,
   * UnavailableError for one that is not known (yet).
   */
  hear(gateway: number, rows: unknown): number {
    if (!this.others.has(gateway)) throw new UnavailableError('no-session', 'That gateway is not known here.');
    if (!Array.isArray(rows)) throw malformed();
    let forgotten = 0;
    for (const row of rows) if (!this.isHeard(gateway, row)) forgotten++;
    return forgotten;
  }

  /** False for a principal too many. */
  private isHeard(gateway: number, row: unknown): boolean {
    if (!Array.isArray(row)) throw malformed();
    if (row[0] === IS_HERE) {
      const [, principal, counter, writer] = row;
      checkEntityId(principal);
      const since = stampOf(counter, writer);
      this.clock.heard(since);
      return this.principals.setAway(gateway, principal, since.counter === 0 ? undefined : since);
    }
    if (row[0] === IS_MEMBER) {
      const [, contract, group, principal, counter, writer, isMember] = row;
      if (typeof contract !== 'string' || typeof group !== 'string') throw malformed();
      checkEntityId(principal);
      const stamp = stampOf(counter, writer);
      this.groups.hear({ contract, group, principal, stamp, isMember: isMember === 1 }, this.now());
      return true;
    }
    throw malformed();
  }

  private rowOf(subject: Subject): unknown[] {
    if (typeof subject !== 'object') {
      return [IS_HERE, subject, this.principals.since(subject)?.counter ?? 0, this.clock.writer];
    }
    const { contract, group, principal, stamp, isMember } = subject;
    return [IS_MEMBER, contract, group, principal, stamp.counter, stamp.writer, isMember ? 1 : 0];
  }

  private *everything(): Generator<Subject> {
    yield* this.principals.present();
    yield* this.groups.all();
  }
}

function stampOf(counter: unknown, writer: unknown): Stamp {
  if (!Number.isSafeInteger(counter) || (counter as number) < 0 || !Number.isSafeInteger(writer)) throw malformed();
  return { counter: counter as number, writer: writer as number };
}

const malformed = (): InvalidMessageError => new InvalidMessageError('invalid', 'News of a gateway are malformed.');
