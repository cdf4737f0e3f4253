import { type FrameHandler, LANE_WEIGHTS } from './link.ts';

const [HIGH_WEIGHT, MEDIUM_WEIGHT, LOW_WEIGHT] = LANE_WEIGHTS;

/** The frames of one lane that the current drain may hand over. */
export interface DrainedLane {
  left(): boolean;
  /** Hands over at most `framesMax`; returns how many. */
  take(handler: FrameHandler, framesMax: number): number;
}

/** Drains in rounds of 8 high, 4 medium and 1 low, so that the high one goes first and the low one always goes. */
export function drainByWeight(
  high: DrainedLane,
  medium: DrainedLane,
  low: DrainedLane,
  handler: FrameHandler,
  framesMax: number,
): number {
  let left = framesMax;
  while (left > 0) {
    // The last lane with anything left gets all the rest at once.
    if (!medium.left() && !low.left()) return framesMax - left + high.take(handler, left);
    if (!high.left() && !low.left()) return framesMax - left + medium.take(handler, left);
    if (!high.left() && !medium.left()) return framesMax - left + low.take(handler, left);
    left -= high.take(handler, Math.min(left, HIGH_WEIGHT));
    left -= medium.take(handler, Math.min(left, MEDIUM_WEIGHT));
    left -= low.take(handler, Math.min(left, LOW_WEIGHT));
  }
  return framesMax;
}
