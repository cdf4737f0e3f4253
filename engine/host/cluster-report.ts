import { type HostState, isMember, sameHost } from '../cluster/control-record.ts';
import type { LeasePhase } from '../cluster/lease-owner.ts';
import type { Member } from '../cluster/member.ts';

/** What one host knows of its cluster: `GET /api/cluster`. Times in milliseconds. */
export interface ClusterReport {
  readonly cluster: string;
  readonly profile: string;
  readonly self: { readonly host: string; readonly inc: number; readonly phase: LeasePhase; readonly leaseMs: number };
  /** Undefined: nobody has been it yet. */
  readonly master: { readonly host: string; readonly inc: number; readonly term: number } | undefined;
  readonly founder: string | undefined;
  /** Of the assignment that this host goes by. */
  readonly epoch: number;
  readonly slots: {
    readonly total: number;
    readonly withoutOwner: number;
    /** This host's, not open until all others know of it. */
    readonly waiting: number;
    /** Stopped by their owners, to be given away. */
    readonly frozen: number;
    /** To be given away as soon as they have no live entities. */
    readonly wished: number;
  };
  readonly hosts: readonly ClusterReportHost[];
  /** `rttMs` undefined: no answer. */
  readonly nats: { readonly url: string; readonly rttMs: number | undefined; readonly reconnects: number };
  /** Why nothing is reconfigured any more: an operator has to see to it. */
  readonly hold: string | undefined;
}

export interface ClusterReportHost {
  readonly host: string;
  readonly inc: number;
  readonly state: HostState;
  readonly isMember: boolean;
  readonly nodes: number;
  /** Of each node: how often its thread was replaced. */
  readonly lives: readonly number[];
  readonly slots: number;
  /** Slots with live entities. */
  readonly occupied: number;
  readonly viewEpoch: number;
  /** Since its record was last new here. */
  readonly lastSeenMs: number;
}

export function clusterReport(
  member: Member,
  about: Pick<ClusterReport, 'cluster' | 'profile' | 'nats'> & { readonly leaseMs: number; readonly now: number },
): ClusterReport {
  const { view, owner, duty, self } = member;
  const { leaseMs, now, ...rest } = about;
  const assignment = view.assignment?.value;
  const master = view.master?.value;
  const rows = assignment?.slots ?? [];
  const records = view.hosts();
  return {
    ...rest,
    self: { ...self, phase: owner.phase, leaseMs },
    master:
      master === undefined || master.released ? undefined : { host: master.host, inc: master.inc, term: master.term },
    founder: assignment?.founder?.host,
    epoch: assignment?.epoch ?? 0,
    slots: {
      total: rows.length,
      withoutOwner: rows.filter((row) => row.owner === undefined).length,
      waiting: duty.waiting,
      frozen: records.reduce((sum, { value }) => sum + value.frozen.length, 0),
      wished: rows.filter(({ wish }) => wish !== undefined).length,
    },
    hosts: records.map(({ value }) => ({
      host: value.host,
      inc: value.inc,
      state: value.state,
      isMember: assignment !== undefined && isMember(assignment, value),
      nodes: value.nodes,
      lives: value.lives,
      slots: rows.filter((row) => sameHost(row.owner, value)).length,
      occupied: value.occupied.length,
      viewEpoch: value.viewEpoch,
      lastSeenMs: Math.round(member.observer.unchangedMs(value.host, now)),
    })),
    hold: view.hold,
  };
}
