import { type Assignment, type HostRecord, type HostRef, sameHost } from './control-record.ts';
import type { PeerChange, PeerDirectory } from './peer-directory.ts';
import type { PeerTable } from './peer-table.ts';
import { SLOT_ELSEWHERE, SLOT_SHUT, type SlotTable } from './slot-table.ts';

/**
 * Writes an assignment into the memory that all threads of this host share, in one step: first who takes part, then who owns what. A slot comes shut;
 * `SlotTable.open` lets it run.
 */
export class SlotInstaller {
  private readonly self: HostRef;
  private readonly slots: SlotTable;
  private readonly peers: PeerTable;
  private readonly directory: PeerDirectory;

  /** `locals`: nodes of this host, which take part whatever any assignment says. */
  constructor(self: HostRef, locals: number, slots: SlotTable, peers: PeerTable, directory: PeerDirectory) {
    this.self = self;
    this.slots = slots;
    this.peers = peers;
    this.directory = directory;
    for (let index = 0; index < locals; index++) peers.meet(index);
    slots.clear();
  }

  /** Also for an assignment that stands already, when records of hosts have changed. Undefined: nothing did. */
  install(assignment: Assignment, recordOf: (host: string) => HostRecord | undefined): PeerChange | undefined {
    const change = this.directory.update(assignment.members, recordOf);
    for (const { index } of change.met) this.peers.meet(index);
    for (const index of change.parted) this.peers.part(index);
    let rows = 0;
    for (const [slot, { owner, epoch, home }] of assignment.slots.entries()) {
      const index = this.directory.indexOf(owner);
      if (this.slots.epochOf(slot) === epoch && this.slots.ownerOf(slot) === index) continue;
      const isElsewhere = sameHost(owner, this.self) && home !== '' && home !== this.self.host;
      this.slots.put(slot, index, epoch, isElsewhere ? SLOT_SHUT | SLOT_ELSEWHERE : SLOT_SHUT);
      rows++;
    }
    if (rows === 0 && change.met.length === 0 && change.parted.length === 0) return undefined;
    this.slots.publish();
    return change;
  }
}
