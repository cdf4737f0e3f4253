import type { Prng } from '../../base/prng.ts';
import type { HostRef } from '../../cluster/control-record.ts';
import type { Packet } from '../../cluster/reliable-session.ts';
import type { Stamped } from '../../cluster/unreliable-lane.ts';
import type { HistoryEvent } from '../history/history-event.ts';
import type { SimEntityStore } from './sim-entity-store.ts';
import type { SimFrame, SimPulse } from './sim-frame.ts';
import type { SimNetwork } from './sim-network.ts';
import type { SimParts } from './sim-parts.ts';
import type { SimStore } from './sim-store.ts';
import type { VirtualTime } from './virtual-time.ts';

type Unstamped<E> = E extends unknown ? Omit<E, 'at'> : never;

/** A run of a host, as the network reaches it. */
export interface SimReceiver {
  onPacket(from: HostRef, packet: Packet<SimFrame>): void;
  onPulse(from: HostRef, to: HostRef, pulse: Stamped<SimPulse>): void;
}

/** What everything in one simulated world shares. */
export interface SimWorld {
  readonly time: VirtualTime;
  readonly parts: SimParts;
  readonly store: SimStore;
  readonly entityStore: SimEntityStore;
  readonly network: SimNetwork;
  readonly hosts: readonly string[];
  readonly slots: number;
  readonly entities: number;
  readonly nodes: number;
  record(event: Unstamped<HistoryEvent>): void;
  /** Something worth testing has happened. */
  reach(label: string): void;
  fork(label: string): Prng;
  slotOf(entity: number): number;
  /** Entities live there for good, so that it cannot be given away. */
  isOccupied(slot: number): boolean;
  /** Entities stop pushing, so that all that is on its way can arrive. */
  readonly quiet: boolean;
  /** How long the next slice takes. */
  sliceMs(): number;
  /** Counts the messages of a pair. */
  nextIndex(source: string, entity: number): number;
  /** The run of a host that is there now. */
  runOf(host: string): SimReceiver | undefined;
  /** A run has ended by itself. */
  onExit(host: string, reason: string): void;
}
