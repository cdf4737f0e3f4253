import { DrainRate } from '../../transport/drain-rate.ts';
import { LANES, type Lane, type LinkWriter } from '../../transport/link.ts';

/** How often the links are looked at, in milliseconds. */
const LOOK_MS = 5;
/** So few waiting frames are never too many, however slow their reader is. */
const FRAMES_FEW = 64;

/**
 * How long what is sent now will wait in its link. A queue that is bounded by frames alone is a trap for slow operations: 65 536 of them are more
 * work than a deadline, and a node that works off such a queue answers everything just too late. So the caller asks here first.
 */
export class Congestion {
  private readonly links: (LinkWriter | undefined)[];
  /** Node indexes that have a link: in a cluster most have none. */
  linked: readonly number[];
  /** By node index and lane. */
  private readonly rates: DrainRate[][];
  private nextLook = 0;
  /** Somewhere frames have to wait, as of the last look. While it is false nobody needs to ask. */
  isAny = false;

  constructor(links: readonly (LinkWriter | undefined)[]) {
    this.links = links.slice();
    this.linked = linkedOf(this.links);
    this.rates = links.map((link) => (link === undefined ? NO_RATES : newRates()));
  }

  /** The next life of a node has a link of its own, and takes frames at a speed of its own. Undefined: there is no way to it any more. */
  replace(target: number, link: LinkWriter | undefined): void {
    this.links[target] = link;
    this.linked = linkedOf(this.links);
    this.rates[target] = link === undefined ? NO_RATES : newRates();
  }

  /** Once a round, right after a flush: what the reader cannot see yet must not count against it. `now` in milliseconds. */
  look(now: number): void {
    if (now < this.nextLook) return;
    this.nextLook = now + LOOK_MS;
    let isAny = false;
    for (let i = 0; i < this.linked.length; i++) {
      const target = this.linked[i]!;
      const link = this.links[target]!;
      for (let lane = 0; lane < LANES; lane++) if (this.lookAt(link, target, lane as Lane, now) > 0) isAny = true;
    }
    this.isAny = isAny;
  }

  /** How long a frame that is sent now will wait, in milliseconds; 0 when that is not known, or not worth asking. */
  waitMs(target: number, lane: Lane, now: number): number {
    const link = this.links[target];
    if (link === undefined) return 0;
    const rate = this.rates[target]![lane]!;
    // A node that slept since, or is in a long slice, does not know how things are.
    if (now > this.nextLook) rate.glance(now, link.taken(lane));
    const waiting = link.waiting(lane);
    return waiting > FRAMES_FEW ? rate.msFor(waiting) : 0;
  }

  private lookAt(link: LinkWriter, target: number, lane: Lane, now: number): number {
    const rate = this.rates[target]![lane]!;
    const waiting = link.waiting(lane);
    rate.look(now, link.taken(lane), waiting);
    return waiting > FRAMES_FEW ? rate.msFor(waiting) : 0;
  }
}

const NO_RATES: DrainRate[] = [];

const linkedOf = (links: readonly (LinkWriter | undefined)[]): number[] =>
  links.flatMap((link, target) => (link === undefined ? [] : [target]));

const newRates = (): DrainRate[] => Array.from({ length: LANES }, () => new DrainRate());
