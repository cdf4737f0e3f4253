import type { BodyView, Frame, PickupView, ShotView } from '../rules/frame.ts';
import { SHOT_SPEED, TICK_MS } from '../rules/numbers.ts';

/** A moment between two frames, ready to be drawn. */
export interface Moment {
  /** With a fraction. */
  tick: number;
  bodies: BodyView[];
  shots: ShotView[];
  pickups: readonly PickupView[];
}

/** How far behind the arena a page shows it: two ticks, so that one late or lost frame is not seen. */
const DELAY_MS = 2.2 * TICK_MS;
const FRAMES_KEPT = 12;
/** Without newer frames things glide on for so long. */
const BEYOND_TICKS = 2.5;
/** Farther than anybody walks in a tick: a respawn or a portal, not a movement. */
const JUMP = 90;

/**
 * Frames in, smooth movement out. Frames are unreliable: they come late, in bursts, or not at all; each says its tick, and
 * the playback's clock follows the quickest of them.
 */
export class Playback {
  readonly #frames: Frame[] = [];
  /** Local time at which tick 0 would have arrived. */
  #origin = Number.NaN;

  /** `now` is a local time in milliseconds, as all times here. Frames older than one already shown are ignored. */
  push(frame: Frame, now: number): void {
    const newest = this.#frames.at(-1);
    if (newest && frame.tick <= newest.tick) {
      // Far back is an arena that started anew.
      if (newest.tick - frame.tick < 100) return;
      this.clear();
    }
    const origin = now - frame.tick * TICK_MS;
    const late = origin - this.#origin;
    if (!(Math.abs(late) < 1000)) this.#origin = origin;
    else this.#origin += late * (late < 0 ? 0.25 : 0.02);
    this.#frames.push(frame);
    if (this.#frames.length > FRAMES_KEPT) this.#frames.shift();
  }

  clear(): void {
    this.#frames.length = 0;
    this.#origin = Number.NaN;
  }

  get newest(): Frame | undefined {
    return this.#frames.at(-1);
  }

  /** The tick that the arena is probably at. */
  present(now: number): number {
    return (now - this.#origin) / TICK_MS;
  }

  /** What to draw at `now`; undefined before the first frame. */
  at(now: number): Moment | undefined {
    const newest = this.#frames.at(-1);
    if (!newest) return undefined;
    const tick = Math.min((now - DELAY_MS - this.#origin) / TICK_MS, newest.tick + BEYOND_TICKS);
    let after = this.#frames.findIndex((frame) => frame.tick > tick);
    if (after === 0) after = 1;
    if (after < 0 || this.#frames.length < 2) return beyond(newest, tick);
    const a = this.#frames[after - 1]!;
    const b = this.#frames[after];
    if (!b) return beyond(a, tick);
    const share = Math.max(0, (tick - a.tick) / (b.tick - a.tick));
    return { tick, bodies: bodiesBetween(a, b, share), shots: shotsBetween(a, b, tick), pickups: a.pickups };
  }
}

function beyond(frame: Frame, tick: number): Moment {
  const ticks = Math.max(0, tick - frame.tick);
  return {
    tick,
    bodies: frame.bodies,
    shots: frame.shots.map((shot) => glide(shot, ticks)),
    pickups: frame.pickups,
  };
}

function bodiesBetween(a: Frame, b: Frame, share: number): BodyView[] {
  const before = new Map(a.bodies.map((body) => [body.number, body]));
  return b.bodies.map((to) => {
    const from = before.get(to.number);
    if (!from || Math.hypot(to.x - from.x, to.y - from.y) > JUMP) return to;
    return {
      ...to,
      x: from.x + (to.x - from.x) * share,
      y: from.y + (to.y - from.y) * share,
      aim: from.aim + turn(from.aim, to.aim) * share,
    };
  });
}

/** Shots fly straight, so each frame alone says where they are at any time around it. */
function shotsBetween(a: Frame, b: Frame, tick: number): ShotView[] {
  const shots = a.shots.map((shot) => glide(shot, tick - a.tick));
  const known = new Set(a.shots.map(({ id }) => id));
  for (const shot of b.shots) {
    const ticks = tick - b.tick;
    // Born between the two, at the muzzle, one tick before the frame that shows it first.
    if (!known.has(shot.id) && ticks > -1) shots.push(glide(shot, ticks));
  }
  return shots;
}

export function glide(shot: ShotView, ticks: number): ShotView {
  return {
    ...shot,
    x: shot.x + Math.cos(shot.angle) * SHOT_SPEED * ticks,
    y: shot.y + Math.sin(shot.angle) * SHOT_SPEED * ticks,
  };
}

/** The short way from one angle to the other. */
export function turn(from: number, to: number): number {
  const difference = (to - from) % (Math.PI * 2);
  if (difference > Math.PI) return difference - Math.PI * 2;
  return difference < -Math.PI ? difference + Math.PI * 2 : difference;
}
