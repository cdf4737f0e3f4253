import type { NodeRef } from './control-record.ts';
import type { LinkEnd } from './host-link.ts';

/** Incarnations of hosts are below this, so that one of a link's end has room for the life of its node beside it. */
export const INCARNATIONS = 2 ** 40;
const LIVES = 2 ** 12;

/** The end of a node's links to other hosts, as every host computes it from the records in the control store. `life`: how often the node's thread was replaced. */
export function linkEndOf({ host, inc, node }: NodeRef, life: number): LinkEnd {
  return { name: `${host}-${node}`, inc: inc * LIVES + (life % LIVES) };
}
