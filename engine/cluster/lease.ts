import type { Instant } from './instant.ts';

/** The right of a host to run its slots, as its threads see it: two times, either of which ends it. */
export interface Lease {
  /** When its renewal was sent. A clock that shows less has run backward. */
  readonly fromMono: number;
  readonly untilMono: number;
  readonly untilWall: number;
}

/** No lease: never open. */
export const NO_LEASE: Lease = Object.freeze({ fromMono: 0, untilMono: 0, untilWall: 0 });

export function leaseFrom(sentAt: Instant, execMs: number): Lease {
  return { fromMono: sentAt.mono, untilMono: sentAt.mono + execMs, untilWall: sentAt.wall + execMs };
}

/** Asked before every turn, and again before what a slice has sent and stored may leave: the output gate. */
export function isOpen(lease: Lease, now: Instant): boolean {
  return now.mono < lease.untilMono && now.wall < lease.untilWall && now.mono >= lease.fromMono;
}
