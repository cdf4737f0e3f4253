import {
  type Assignment,
  type HostRecord,
  type HostRef,
  isGone,
  isMember,
  type Member,
  type NodeRef,
  type SlotRow,
  sameHost,
  sameNode,
} from './control-record.ts';

/** Wishes open at a time: every one of them is a slot that its owner gives away as soon as it has no live entities. */
export const WISHES_MAX = 512;

export interface PlanInput {
  /** Every host's record, in the order of their names. */
  readonly records: readonly HostRecord[];
  /** Hosts that crash in a loop get no slots for a while. */
  readonly mayHold: (host: string) => boolean;
  /** What follows is above it: the store of entities may have seen it. Default 0. */
  readonly epochFloor?: number;
}

/** What the first master of a cluster begins with: no members, no owners. */
export function emptyAssignment(slots: number, term: number, nonce: string): Assignment {
  const row: SlotRow = { owner: undefined, epoch: 0, planned: false, wish: undefined, home: '' };
  return { epoch: 0, term, nonce, members: [], founder: undefined, slots: new Array<SlotRow>(slots).fill(row) };
}

/**
 * The assignment that should follow, or undefined when nothing is to change. In this order: hosts come and go, moves whose owner has
 * stopped are carried out, slots without an owner get one, and what is out of balance is wished for. Moves as little as possible:
 * a slot changes hands only if its owner is gone, leaves, or has more than its share.
 */
export function planAssignment(current: Assignment, input: PlanInput): Assignment | undefined {
  const epoch = Math.max(current.epoch, input.epochFloor ?? 0) + 1;
  const members = planMembers(current, input.records, epoch);
  const plan = new SlotPlan(current, members, input, epoch);
  plan.settle();
  plan.bury();
  plan.carryOut();
  plan.fill();
  plan.wish();
  const changed = members !== current.members || plan.slots.some((row, slot) => row !== current.slots[slot]);
  if (!changed) return undefined;
  return { ...current, epoch, members, founder: founderOf(current, members, epoch), slots: plan.slots };
}

/** The same array when nobody came or went. */
function planMembers(current: Assignment, records: readonly HostRecord[], epoch: number): readonly Member[] {
  // A record that this master has not seen yet is no death.
  const gone = (member: Member): boolean => {
    const record = records.find(({ host }) => host === member.host);
    return record !== undefined && (isGone(record) || record.inc !== member.inc);
  };
  const stay = current.members.filter((member) => !gone(member));
  const come = records.filter((record) => record.state === 'up' && !isMember(current, record));
  if (come.length === 0 && stay.length === current.members.length) return current.members;
  const admitted = come.map(({ host, inc, nodes }) => ({ host, inc, nodes, since: epoch }));
  return [...stay, ...admitted].sort((a, b) => (a.host < b.host ? -1 : 1));
}

/** The first by name of those who came when nobody else was there any more. */
function founderOf(current: Assignment, members: readonly Member[], epoch: number): HostRef | undefined {
  if (members.length === 0 || members.some(({ since }) => since < epoch)) return current.founder;
  const { host, inc } = members[0]!;
  return { host, inc };
}

class SlotPlan {
  readonly slots: SlotRow[];
  private readonly members: readonly Member[];
  private readonly records: ReadonlyMap<string, HostRecord>;
  private readonly epoch: number;
  /** Slots of each host that have live entities, or records: not the ones to ask for first. */
  private readonly busy: ReadonlyMap<string, ReadonlySet<number>>;
  /** Nodes that may get slots, and how many they will have once all wishes have come true. */
  private readonly takers: { readonly node: NodeRef; load: number }[] = [];

  constructor(current: Assignment, members: readonly Member[], { records, mayHold }: PlanInput, epoch: number) {
    this.slots = [...current.slots];
    this.members = members;
    this.records = new Map(records.map((record) => [record.host, record]));
    this.epoch = epoch;
    this.busy = new Map(records.map(({ host, occupied, holds }) => [host, new Set([...occupied, ...holds])]));
    for (const { host, inc, nodes } of members) {
      if (this.records.get(host)?.state !== 'up' || !mayHold(host)) continue;
      for (let node = 0; node < nodes; node++) this.takers.push({ node: { host, inc, node }, load: 0 });
    }
  }

  /** A host has come with records of slots that others own: that is where they belong. If their owner has some as well, there they stay. */
  settle(): void {
    const homes = new Map<number, string>();
    for (const { host, holds } of this.here()) for (const slot of holds) if (!homes.has(slot)) homes.set(slot, host);
    for (const [slot, home] of homes) {
      const row = this.slots[slot]!;
      if (row.home !== '' || row.owner?.host === home) continue;
      const owner = row.owner && this.records.get(row.owner.host);
      if (owner !== undefined && sameHost(owner, row.owner) && owner.holds.includes(slot)) continue;
      this.slots[slot] = { ...row, home };
    }
  }

  /** Records of members, as long as their hosts live. */
  private here(): HostRecord[] {
    return this.members.flatMap((member) => {
      const record = this.records.get(member.host);
      return record !== undefined && sameHost(record, member) && !isGone(record) ? [record] : [];
    });
  }

  /** Slots of members that are gone have no owner; wishes for a node that takes none are withdrawn. */
  bury(): void {
    for (const [slot, row] of this.slots.entries()) {
      const { owner, wish } = row;
      if (owner !== undefined && !this.isHere(owner)) {
        const home = this.records.get(owner.host)?.holds.includes(slot) ? owner.host : row.home;
        this.slots[slot] = { ...row, owner: undefined, planned: false, wish: undefined, home };
      } else if (wish !== undefined && this.takerOf(wish.to) === undefined) {
        this.slots[slot] = { ...row, wish: undefined };
      }
    }
  }

  /** An owner has stopped a slot that it was asked for. */
  carryOut(): void {
    for (const [slot, row] of this.slots.entries()) {
      const { owner, wish } = row;
      if (owner === undefined || wish === undefined) continue;
      const record = this.records.get(owner.host);
      if (record === undefined || !sameHost(record, owner)) continue;
      if (!record.frozen.some((frozen) => frozen.slot === slot && frozen.move === wish.move)) continue;
      const home = record.holds.includes(slot) ? owner.host : row.home;
      this.slots[slot] = { owner: wish.to, epoch: this.epoch, planned: true, wish: undefined, home };
    }
  }

  /** Slots without an owner go to the node with the fewest, but first to the host that has their records. */
  fill(): void {
    for (const row of this.slots) {
      const taker = this.takerOf(row.wish?.to ?? row.owner);
      if (taker !== undefined) taker.load++;
    }
    for (const [slot, row] of this.slots.entries()) {
      if (row.owner !== undefined) continue;
      const taker = this.lightest(row.home) ?? this.lightest();
      if (taker === undefined) return;
      taker.load++;
      this.slots[slot] = { ...row, owner: taker.node, epoch: this.epoch, planned: false };
    }
  }

  wish(): void {
    let open = this.slots.filter(({ wish }) => wish !== undefined).length;
    for (const slot of this.inOrderOfEase()) {
      const row = this.slots[slot]!;
      const { owner } = row;
      if (owner === undefined) continue;
      const from = this.takerOf(owner);
      // A slot whose records are elsewhere goes home; one that is at home stays there, unless its host leaves.
      const atHome = row.home === '' ? this.records.get(owner.host)?.holds.includes(slot) : row.home === owner.host;
      const to = row.home !== '' && row.home !== owner.host ? this.lightest(row.home) : undefined;
      if (row.wish !== undefined) {
        if (this.isWorth(row, slot)) continue;
        // Its owner has live entities there: another slot of the same node may be free of them.
        const swap = this.freeSlotOf(owner);
        if (swap === undefined) continue;
        this.slots[swap] = { ...this.slots[swap]!, wish: { to: row.wish.to, move: this.epoch } };
        this.slots[slot] = { ...row, wish: undefined };
        continue;
      }
      const target = to ?? (atHome && from !== undefined ? undefined : this.lightest());
      if (target === undefined || open >= WISHES_MAX) continue;
      if (to === undefined && from !== undefined && from.load - target.load <= 1) continue;
      if (sameNode(target.node, owner)) continue;
      open++;
      if (from !== undefined) from.load--;
      target.load++;
      this.slots[slot] = { ...row, wish: { to: target.node, move: this.epoch } };
    }
  }

  /** A wish that is no worse than any other would be: carried out at once, the only place for it to go, or nothing better in sight. */
  private isWorth(row: SlotRow, slot: number): boolean {
    const from = this.takerOf(row.owner);
    return from === undefined || row.home === row.wish!.to.host || !this.isOccupied(row.owner!, slot);
  }

  private freeSlotOf(owner: NodeRef): number | undefined {
    const slot = this.slots.findIndex(
      (row, index) =>
        sameNode(row.owner, owner) && row.wish === undefined && row.home === '' && !this.isOccupied(owner, index),
    );
    return slot === -1 ? undefined : slot;
  }

  /** Slots without live entities first, of the fullest nodes first. */
  private inOrderOfEase(): number[] {
    const slots = [...this.slots.keys()];
    const busy = slots.map((slot) => {
      const { owner } = this.slots[slot]!;
      return owner !== undefined && this.isOccupied(owner, slot) ? 1 : 0;
    });
    return slots.sort((a, b) => busy[a]! - busy[b]! || a - b);
  }

  private isOccupied(owner: NodeRef, slot: number): boolean {
    const record = this.records.get(owner.host);
    return record === undefined || !sameHost(record, owner) || this.busy.get(owner.host)!.has(slot);
  }

  private isHere(node: NodeRef): boolean {
    return this.members.some((member) => sameHost(member, node));
  }

  private takerOf(node: NodeRef | undefined): { readonly node: NodeRef; load: number } | undefined {
    return node === undefined ? undefined : this.takers.find((taker) => sameNode(taker.node, node));
  }

  private lightest(host?: string): { readonly node: NodeRef; load: number } | undefined {
    let found: { readonly node: NodeRef; load: number } | undefined;
    for (const taker of this.takers) {
      if (host !== undefined && taker.node.host !== host) continue;
      if (found === undefined || taker.load < found.load) found = taker;
    }
    return found;
  }
}
