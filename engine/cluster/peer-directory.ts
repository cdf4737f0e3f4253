import { type HostRecord, type HostRef, type Member, type NodeRef, sameHost } from './control-record.ts';
import { linkEndOf } from './link-end.ts';
import { PEERS_MAX } from './peer-table.ts';
import { NOBODY } from './slot-table.ts';

/** One life of one node of another host, as the nodes of this one know it. */
export interface MetPeer {
  /** Peer index: of this host's own, and of this one life of the node. */
  readonly index: number;
  /** What it is called in subjects: `<host>-<node>`. */
  readonly name: string;
  /** Of its ends of links; another one for every run of its host and every life of its thread. */
  readonly inc: number;
  readonly host: string;
  /** Among the nodes of its host. */
  readonly node: number;
  /** Its host's gateway is there; it owns no slots. */
  readonly isGateway: boolean;
}

export interface PeerChange {
  readonly met: readonly MetPeer[];
  readonly parted: readonly number[];
}

interface KnownHost {
  readonly inc: number;
  readonly lives: readonly number[];
  /** By node, its gateway's last. */
  readonly peers: readonly MetPeer[];
}

/**
 * Gives an index to each life of each node of every other member. Indexes are not used again until all of them have been; then the one that is gone longest
 * comes first. Pure.
 */
export class PeerDirectory {
  private readonly self: HostRef;
  private readonly max: number;
  private readonly hosts = new Map<string, KnownHost>();
  /** Given back, the oldest first. */
  private readonly free: number[] = [];
  private next: number;

  /** `locals`: nodes of this host, which have the first indexes. */
  constructor(self: HostRef, locals: number, max = PEERS_MAX) {
    this.self = self;
    this.next = locals;
    this.max = max;
  }

  /** All that are known now. */
  get peers(): readonly MetPeer[] {
    return [...this.hosts.values()].flatMap(({ peers }) => peers);
  }

  /** Who takes part now, and what the records say of the lives of their nodes; a record that is not known, or of another run, says nothing. */
  update(members: readonly Member[], recordOf: (host: string) => HostRecord | undefined): PeerChange {
    const met: MetPeer[] = [];
    const parted: number[] = [];
    for (const [host, { inc, peers }] of this.hosts) {
      if (members.some((member) => sameHost(member, { host, inc }))) continue;
      this.hosts.delete(host);
      for (const { index } of peers) if (index !== NOBODY) parted.push(index);
    }
    for (const member of members)
      if (!sameHost(member, this.self)) this.know(member, recordOf(member.host), met, parted);
    // Not before: what is met now is told in one message with who is gone.
    this.free.push(...parted);
    return { met, parted };
  }

  /** The peer index of a node; NOBODY when it is no member's, or when all indexes are in use. */
  indexOf(ref: NodeRef | undefined): number {
    if (ref === undefined) return NOBODY;
    if (sameHost(ref, this.self)) return ref.node;
    const known = this.hosts.get(ref.host);
    return known?.inc === ref.inc ? (known.peers[ref.node]?.index ?? NOBODY) : NOBODY;
  }

  private know(member: Member, record: HostRecord | undefined, met: MetPeer[], parted: number[]): void {
    const { host, inc, nodes } = member;
    const known = this.hosts.get(host);
    const told = record?.inc === inc ? record.lives : [];
    const peers: MetPeer[] = [];
    const lives: number[] = [];
    for (let node = 0; node <= nodes; node++) {
      const before = known?.lives[node] ?? -1;
      const life = Math.max(told[node] ?? 0, before);
      const standing = known?.peers[node];
      const hasIndex = standing !== undefined && standing.index !== NOBODY;
      if (hasIndex && life === before) peers[node] = standing;
      else {
        if (hasIndex) parted.push(standing.index);
        const index = this.newIndex();
        const peer = { index, ...linkEndOf({ host, inc, node }, life), host, node, isGateway: node === nodes };
        peers[node] = peer;
        if (index !== NOBODY) met.push(peer);
      }
      lives[node] = life;
    }
    this.hosts.set(host, { inc, lives, peers });
  }

  private newIndex(): number {
    return this.next < this.max ? this.next++ : (this.free.shift() ?? NOBODY);
  }
}
