import type { Clock } from '../base/clock.ts';
import type { Prng } from '../base/prng.ts';
import { ClusterRouter } from '../cluster/cluster-router.ts';
import type { Keyspace } from '../cluster/keyspace.ts';
import { LeaseCell } from '../cluster/lease-cell.ts';
import { linkEndOf } from '../cluster/link-end.ts';
import type { PeerChange } from '../cluster/peer-directory.ts';
import { PeerTable } from '../cluster/peer-table.ts';
import { SlotTable } from '../cluster/slot-table.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import type { Log } from '../runtime/log.ts';
import type { ClusterPorts } from '../runtime/moves/cluster-ports.ts';
import type { Node } from '../runtime/node.ts';
import { PeerConnections } from './peer-connections.ts';
import type { ClusterStart, Figures, FromControl, ToControl } from './thread-messages.ts';

export interface ClusterNodeOptions {
  readonly start: ClusterStart;
  readonly keyspace: Keyspace;
  readonly slotTable: SharedArrayBuffer;
  readonly host: string;
  readonly workers: number;
  readonly clock: Clock;
  /** Of this node, among those of its host, and how many threads it had before this one. */
  readonly index: number;
  readonly life: number;
  readonly catalogue: Catalogue;
  readonly random: Prng;
  readonly log: Log;
}

/** Hears of the gateways of other hosts, by the peer indexes of their nodes. */
export interface GatewayPeers {
  gatewayMet(node: number): void;
  gatewayParted(node: number): void;
}

/** What one node of a host in a cluster has beside the others: its sight of the shared tables, its line to the control thread, its links to other hosts. */
export class ClusterNode {
  readonly router: ClusterRouter;
  readonly ports: ClusterPorts;
  private readonly options: ClusterNodeOptions;
  private readonly slots: SlotTable;
  private peers: PeerConnections | undefined;

  constructor(options: ClusterNodeOptions) {
    const { start, keyspace, slotTable, host, workers, clock } = options;
    const slots = new SlotTable(slotTable);
    const lease = new LeaseCell(start.lease);
    this.options = options;
    this.slots = slots;
    this.router = new ClusterRouter(keyspace, slots, host, workers);
    this.ports = {
      lease: { isOpen: () => lease.isOpen(clock.now(), clock.wallNow()) },
      peers: new PeerTable(start.peers),
      slots,
      told: {
        frozen: (asked) => this.tell({ kind: 'frozen', slots: asked }),
        occupied: (occupied) => this.tell({ kind: 'occupied', slots: occupied }),
      },
    };
  }

  /** From now on `node` hears of what the control thread wants, and of its peers; what came before is kept. `gateway` is the one of this node. */
  listen(node: Node, gateway?: GatewayPeers): void {
    const { start, host, index, life, catalogue, clock, random, log } = this.options;
    const self = linkEndOf({ host, inc: start.inc, node: index }, life);
    const { isOpen } = this.ports.lease;
    const about = { url: start.nats, cluster: start.name, self, host, catalogue, clock, random, log, isOpen };
    const peers = new PeerConnections(about, node);
    this.peers = peers;
    start.control.on('message', (message: FromControl) => {
      switch (message.kind) {
        case 'peers':
          this.router.change(message);
          peers.change(message.met, message.parted);
          if (gateway !== undefined) tellGateway(gateway, message);
          return;
        case 'freeze':
          node.freeze(message.slots);
          return;
        case 'unfreeze':
          node.unfreeze(message.slots);
          return;
        case 'installed':
          node.installed();
      }
    });
  }

  /** The records of this slot are in the own store of another host. */
  isElsewhere(slot: number): boolean {
    return this.slots.isElsewhere(slot);
  }

  /** Beside the figures of the node. */
  beside(figures: Figures): Figures {
    return this.peers?.beside(figures) ?? figures;
  }

  /** At the end of the node, when it has stopped: what it sent last arrives. */
  async close(): Promise<void> {
    this.options.start.control.close();
    await this.peers?.close();
  }

  private tell(message: ToControl): void {
    this.options.start.control.postMessage(message);
  }
}

/** After the links: what the gateways say to each other goes over them. */
function tellGateway(gateway: GatewayPeers, { met, parted }: PeerChange): void {
  for (const index of parted) gateway.gatewayParted(index);
  for (const { index, isGateway } of met) if (isGateway) gateway.gatewayMet(index);
}
