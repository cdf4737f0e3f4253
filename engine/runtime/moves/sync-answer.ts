import type { Reader } from '../../../transport/codec/reader.ts';
import type { Lane } from '../../../transport/link.ts';
import { KIND_SYNC, KIND_SYNCED, kindOf, syncNumberOf, syncSlotOf } from '../frame.ts';
import type { NodeState } from '../node-state.ts';

/**
 * For a node of a cluster that owns no slots and has no links to other hosts (the one that holds the store): it takes all that comes, so it can say so at
 * once. Whether the frame at which `input` stands is a sync.
 */
export function answersSync({ outbox }: NodeState, input: Reader, source: number, lane: Lane): boolean {
  const { view, at } = input;
  if (kindOf(view, at) !== KIND_SYNC) return false;
  // Without room: whoever asks asks again.
  outbox.sync(source, lane, KIND_SYNCED, syncSlotOf(view, at), syncNumberOf(view, at));
  return true;
}
