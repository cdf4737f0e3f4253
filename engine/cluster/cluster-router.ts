import { HostRouter } from './host-router.ts';
import type { Keyspace } from './keyspace.ts';
import type { MetPeer, PeerChange } from './peer-directory.ts';
import type { SlotTable } from './slot-table.ts';

/** The router of one thread of a host in a cluster: beside its own nodes it knows those of others, by the peer indexes that slots are given to. */
export class ClusterRouter extends HostRouter {
  private readonly peers = new Map<number, MetPeer>();
  private all: readonly number[];

  constructor(keyspace: Keyspace, table: SlotTable, host: string, workers: number) {
    super(keyspace, table, host, workers);
    this.all = super.nodes();
  }

  /** What the control thread tells every node. */
  change({ met, parted }: PeerChange): void {
    for (const index of parted) this.peers.delete(index);
    for (const peer of met) this.peers.set(peer.index, peer);
    const others = [...this.peers.values()].filter(({ isGateway }) => !isGateway);
    this.all = [...super.nodes(), ...others.map(({ index }) => index)];
  }

  override nodes(): readonly number[] {
    return this.all;
  }

  override describe(node: number): { host: string; node: number } {
    const peer = this.peers.get(node);
    return peer === undefined ? super.describe(node) : { host: peer.host, node: peer.node };
  }
}
