import type { LinkCorruptError, LinkReader, LinkWriter } from '../../transport/link.ts';
import type { Clock } from '../base/clock.ts';
import type { Prng } from '../base/prng.ts';
import type { BlackBox } from './black-box.ts';
import type { Catalogue } from './catalogue.ts';
import type { ClientSink } from './client-sink.ts';
import type { Compute } from './compute.ts';
import type { Bell, WaitPolicy } from './duty-cycle.ts';
import type { EntityStore } from './entity-store.ts';
import type { RootLog } from './log.ts';
import type { ClusterPorts } from './moves/cluster-ports.ts';
import type { StoreAccess } from './persistence/store-calls.ts';
import type { Heap } from './relief.ts';
import type { Router } from './router.ts';

export interface NodeOptions {
  /** Index of this node among the nodes of the host. */
  index: number;
  incarnation: number;
  catalogue: Catalogue;
  router: Router;
  clock: Clock;
  prng: Prng;
  log: RootLog;
  /** By node index; the entry of the node itself is its loopback. */
  writers: readonly (LinkWriter | undefined)[];
  readers: readonly (LinkReader | undefined)[];
  bell: Bell;
  waits: WaitPolicy;
  /** On a node with a gateway. */
  clients?: ClientSink;
  /** On the node with threads for compute functions. */
  compute?: Compute;
  /** On the node that holds the store. */
  store?: EntityStore;
  /** On nodes that may have persistent entities. */
  access?: StoreAccess;
  pendingMax?: number;
  /** Of the thread that the node has for itself: entities are sent away before it is full. */
  heap?: Heap;
  /** Where the node notes what it runs; memory of its own when left out. */
  box?: BlackBox;
  /** In a cluster. A host alone has no lease, and its slots do not move. */
  cluster?: ClusterPorts;
  /** Hears of a peer that writes what cannot be right; its link is not read any more. */
  onCorrupt?: (node: number, error: LinkCorruptError) => void;
}
