import { type FrameHandler, LANE_WEIGHTS } from './link.ts';

const [HIGH_WEIGHT, MEDIUM_WEIGHT, LOW_WEIGHT] = LANE_WEIGHTS;
const SHARE = MEDIUM_WEIGHT + LOW_WEIGHT;

/** The frames of one lane that the current drain may hand over. */
export interface DrainedLane {
  left(): boolean;
  /** Hands over at most `framesMax`; returns how many. */
  take(handler: FrameHandler, framesMax: number): number;
}

/** What each lane may still take before the lower ones have had their share; kept from drain to drain, however short those are. */
export class LaneCredits {
  high: number = HIGH_WEIGHT;
  medium: number = MEDIUM_WEIGHT;
  low: number = LOW_WEIGHT;

  refill(): void {
    this.high = HIGH_WEIGHT;
    this.medium = MEDIUM_WEIGHT;
    this.low = LOW_WEIGHT;
  }
}

/**
 * Drains 8 high, 4 medium and 1 low in turn, so that the high one goes first and the low one always goes. A drain that meets high frames is
 * short: when they are done the others get one share and no more, because what was asked with priority is answered after the round.
 */
export function drainByWeight(
  high: DrainedLane,
  medium: DrainedLane,
  low: DrainedLane,
  credits: LaneCredits,
  handler: FrameHandler,
  framesMax: number,
): number {
  let frames = 0;
  let end = framesMax;
  let metHigh = false;
  while (frames < end) {
    const highLeft = high.left();
    const mediumLeft = medium.left();
    const lowLeft = low.left();
    if (highLeft) metHigh = true;
    else if (metHigh) {
      metHigh = false;
      end = Math.min(end, frames + SHARE);
    }
    // The last lane with anything left gets all the rest at once.
    if (!mediumLeft && !lowLeft) {
      if (!highLeft) break;
      frames += high.take(handler, end - frames);
    } else if (!highLeft && !lowLeft) frames += medium.take(handler, end - frames);
    else if (!highLeft && !mediumLeft) frames += low.take(handler, end - frames);
    else if (highLeft && credits.high > 0) {
      const taken = high.take(handler, Math.min(end - frames, credits.high));
      credits.high -= taken;
      frames += taken;
    } else if (mediumLeft && credits.medium > 0) {
      const taken = medium.take(handler, Math.min(end - frames, credits.medium));
      credits.medium -= taken;
      frames += taken;
    } else if (lowLeft && credits.low > 0) {
      const taken = low.take(handler, Math.min(end - frames, credits.low));
      credits.low -= taken;
      frames += taken;
    } else credits.refill();
  }
  return frames;
}
