import {
  type Assignment,
  type Entry,
  type HostRecord,
  type NodeRef,
  type SlotRow,
  sameHost,
} from '../../cluster/control-record.ts';
import type { HostEvent } from './history-event.ts';

/** As histories name a node; '' for none. */
export function nameOf(node: NodeRef | undefined): string {
  return node === undefined ? '' : `${node.host}/${node.inc}/${node.node}`;
}

/** What the writes of a control store, in their order, are in a history. */
export class CommitEvents {
  private assigned: Assignment | undefined;
  private readonly records = new Map<string, HostRecord>();

  /** Undefined for the seat of the master, on which nothing rests. */
  of({ key, value }: Entry): HostEvent | undefined {
    if (key === 'master') return undefined;
    if (key !== 'assign') {
      const record = value as HostRecord;
      this.records.set(record.host, record);
      const { host, inc, nonce, state } = record;
      return { kind: 'record', host, inc, nonce, state };
    }
    const { epoch, term, slots } = value as Assignment;
    const before = this.assigned?.slots;
    const given = slots.flatMap(({ planned, epoch: since }, slot) =>
      planned && since === epoch && this.wasFrozen(slot, before?.[slot]) ? [slot] : [],
    );
    this.assigned = value as Assignment;
    return { kind: 'assigned', epoch, term, owners: slots.map(({ owner }) => nameOf(owner)), given };
  }

  /** Its owner's own record says that it has stopped the slot for the move that was wished for. */
  private wasFrozen(slot: number, row: SlotRow | undefined): boolean {
    if (row?.owner === undefined) return false;
    const record = this.records.get(row.owner.host);
    return (
      record !== undefined &&
      sameHost(record, row.owner) &&
      record.frozen.some((frozen) => frozen.slot === slot && frozen.move === row.wish?.move)
    );
  }
}
