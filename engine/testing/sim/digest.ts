import type { Assignment, NodeRef } from '../../cluster/control-record.ts';

export function nameOf(node: NodeRef | undefined): string {
  return node === undefined ? '' : `${node.host}/${node.inc}/${node.node}`;
}

/** The content of an assignment, without the term and the nonce under which it was written. */
export function digestOf({ members, slots }: Assignment): string {
  const hosts = members.map(({ host, inc, since }) => `${host}/${inc}@${since}`);
  const rows = slots.map(({ owner, epoch, wish }) => `${nameOf(owner)}@${epoch}${wish ? `>${nameOf(wish.to)}` : ''}`);
  return `${hosts} | ${rows}`;
}
