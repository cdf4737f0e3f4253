import type { NodeRef } from '../../cluster/control-record.ts';
import type { LeaseProfile } from '../../cluster/lease-profile.ts';
import { LEASE_PROFILES } from '../../cluster/lease-profile.ts';
import type { MemberParts } from '../../cluster/member.ts';
import { MEMBER_PARTS } from '../../cluster/member.ts';
import { RequestRouter } from '../../cluster/request-router.ts';
import { SessionReceiver } from '../../cluster/session-receiver.ts';
import { SlotGate } from '../../cluster/slot-gate.ts';
import type { SimCall, SimFrame } from './sim-frame.ts';

/**
 * Of what a simulated host is made. A mutant puts a machine with a planted bug in the place of one of these, or switches off
 * something that the shell around the machines has to do.
 */
export interface SimParts {
  readonly profile: LeaseProfile;
  readonly member: MemberParts;
  readonly gate: (self: NodeRef) => SlotGate;
  readonly router: () => RequestRouter<SimCall>;
  readonly receiver: () => SessionReceiver<SimFrame>;
  /** What a slice has made leaves only if the lease is still open at its end. */
  readonly outputGate: boolean;
  /** A slot is claimed in the store before it runs in a new epoch. */
  readonly claims: boolean;
  /** What is for a slot that is not here goes back to its sender, not on to its owner. */
  readonly bounces: boolean;
  /** Only the assignment unfreezes a slot. */
  readonly unfreezesByTimer: boolean;
  /** A new run of a host has a new incarnation. */
  readonly freshIncarnations: boolean;
}

export const SOUND_PARTS: SimParts = {
  profile: LEASE_PROFILES.ci,
  member: MEMBER_PARTS,
  gate: (self) => new SlotGate(self),
  router: () => new RequestRouter<SimCall>(),
  receiver: () => new SessionReceiver<SimFrame>(32, 3200),
  outputGate: true,
  claims: true,
  bounces: true,
  unfreezesByTimer: false,
  freshIncarnations: true,
};
