import type { ArenaId } from '../contracts.ts';
import { coverOf } from '../rules/cover.ts';
import { MAPS } from '../rules/maps.ts';

/** For `node.compute('cover', arena)`. */
export default function cover(arena: ArenaId): Uint8Array {
  return coverOf(MAPS[arena]);
}
