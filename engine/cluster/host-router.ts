import type { EntityId } from '../base/entity-id.ts';
import type { Router } from '../runtime/router.ts';
import { type Keyspace, SLOTS } from './keyspace.ts';
import type { SlotTable } from './slot-table.ts';

/** The router of one host: worker nodes 0 … workers - 1 own the slots, the node behind them has the gateway, the one behind that the store; both own none. */
export class HostRouter implements Router {
  readonly slots = SLOTS;
  private readonly keyspace: Keyspace;
  private readonly table: SlotTable;
  private readonly host: string;
  private readonly workers: readonly number[];

  constructor(keyspace: Keyspace, table: SlotTable, host: string, workers: number) {
    this.keyspace = keyspace;
    this.table = table;
    this.host = host;
    this.workers = Array.from({ length: workers }, (_, index) => index);
  }

  slotOf(type: number, key: EntityId): number {
    return this.keyspace.slotOf(type, key);
  }

  ownerOf(slot: number): number {
    return this.table.ownerOf(slot);
  }

  epochOf(slot: number): number {
    return this.table.epochOf(slot);
  }

  get version(): number {
    return this.table.version;
  }

  gatewayOf(): number {
    return this.workers.length;
  }

  groupsAt(): number {
    return this.workers.length;
  }

  computeAt(): number {
    return this.workers.length;
  }

  storeAt(): number {
    return this.workers.length + 1;
  }

  nodes(): readonly number[] {
    return this.workers;
  }

  describe(node: number): { host: string; node: number } {
    return { host: this.host, node };
  }
}
