/**
 * Who takes part, by peer index, in memory that all threads of one host share. Nodes are known by small numbers, which are this host's own: first its own nodes,
 * then one for each life of each node of another host that it has met.
 *
 *   word 16 + n   PEER   UNKNOWN, MEMBER or GONE
 *
 * The control thread stores, all threads read. It changes together with the slot table and before it: so from the moment at which a slot has its next
 * owner, nothing is taken any more from a run of a host that is no member.
 */
const PEER = 16;

/** Peer indexes of one host, its own nodes included. */
export const PEERS_MAX = 4096;

const UNKNOWN = 0;
const MEMBER = 1;
const GONE = 2;

export class PeerTable {
  readonly max = PEERS_MAX;
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer((PEER + PEERS_MAX) * 4)) {
    this.memory = memory;
    this.words = new Int32Array(memory);
  }

  /** It takes part from now on. Also an index whose first owner is gone, when there are no others left. */
  meet(index: number): void {
    this.put(index, MEMBER);
  }

  /** It takes part no more, and nothing of it is accepted. */
  part(index: number): void {
    this.put(index, GONE);
  }

  /** Asked for every link at every drain, so a plain load: seen late is what happened before. */
  isMember(index: number): boolean {
    return this.words[PEER + index] === MEMBER;
  }

  isGone(index: number): boolean {
    return this.words[PEER + index] === GONE;
  }

  isUnknown(index: number): boolean {
    return this.words[PEER + index] === UNKNOWN;
  }

  private put(index: number, state: number): void {
    if (index < 0 || index >= PEERS_MAX) throw new RangeError(`there is no peer index ${index}`);
    // Partner: the load in `isMember`; VERSION of the slot table is stored behind it.
    Atomics.store(this.words, PEER + index, state);
  }
}
