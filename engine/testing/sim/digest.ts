import type { Assignment } from '../../cluster/control-record.ts';
import { nameOf } from '../history/commit-events.ts';

/** The content of an assignment, without the term and the nonce under which it was written. */
export function digestOf({ members, slots }: Assignment): string {
  const hosts = members.map(({ host, inc, since }) => `${host}/${inc}@${since}`);
  const rows = slots.map(({ owner, epoch, wish }) => `${nameOf(owner)}@${epoch}${wish ? `>${nameOf(wish.to)}` : ''}`);
  return `${hosts} | ${rows}`;
}
