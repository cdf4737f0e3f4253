import { type Body, isPresent } from './body.ts';
import { type Point, sweepCircle } from './geometry.ts';
import type { ArenaMap } from './maps.ts';
import { freeShare } from './movement.ts';
import {
  PLAYER_RADIUS,
  RELOAD_TICKS,
  RELOAD_TICKS_RAPID,
  SHOT_DAMAGE,
  SHOT_RADIUS,
  SHOT_SPEED,
  SHOT_TICKS,
} from './numbers.ts';

export interface Shot extends Point {
  /** Wraps at 65536. */
  readonly id: number;
  readonly owner: number;
  /** Per tick. */
  readonly dx: number;
  readonly dy: number;
  ticksLeft: number;
}

const FULL_TURN = 65_536;

/** Fires when the body wants to and can; the spread is what `dice` in [0, 1) makes of it. */
export function fire(body: Body, id: number, dice: number): Shot | undefined {
  if (body.reloadTicks > 0) body.reloadTicks--;
  if (!body.held.fire || body.reloadTicks > 0) return undefined;
  const rapid = body.rapidTicks > 0;
  body.reloadTicks = rapid ? RELOAD_TICKS_RAPID : RELOAD_TICKS;
  body.safeTicks = 0;
  const angle = (body.aim / FULL_TURN) * Math.PI * 2 + (dice - 0.5) * (rapid ? 0.12 : 0.04);
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  // Born inside of the shooter, so that a wall before the muzzle stops it and nobody shoots through one.
  const reach = PLAYER_RADIUS * 0.6;
  return {
    id,
    owner: body.number,
    x: body.x + cos * reach,
    y: body.y + sin * reach,
    dx: cos * SHOT_SPEED,
    dy: sin * SHOT_SPEED,
    ticksLeft: SHOT_TICKS,
  };
}

/** Moves a shot by one tick, to the first thing in its way. Returns who was hit; the shot is over when `ticksLeft` is 0. */
export function fly(shot: Shot, map: ArenaMap, bodies: Iterable<Body>): Body | undefined {
  const free = freeShare(map, shot, { x: shot.x + shot.dx, y: shot.y + shot.dy }, SHOT_RADIUS);
  let first = free < 1 ? free : 2;
  let victim: Body | undefined;
  for (const body of bodies) {
    if (body.number === shot.owner || !isPresent(body)) continue;
    const at = sweepCircle(shot.x, shot.y, shot.dx, shot.dy, body, PLAYER_RADIUS + SHOT_RADIUS);
    if (at < first) {
      first = at;
      victim = body;
    }
  }
  const way = Math.min(first, 1);
  shot.x += shot.dx * way;
  shot.y += shot.dy * way;
  shot.ticksLeft = first <= 1 ? 0 : shot.ticksLeft - 1;
  if (shot.x < 0 || shot.y < 0 || shot.x > map.width || shot.y > map.height) {
    shot.x = Math.min(Math.max(shot.x, 0), map.width);
    shot.y = Math.min(Math.max(shot.y, 0), map.height);
    shot.ticksLeft = 0;
  }
  return victim;
}

/** Takes the damage of one shot; true when that was the end. */
export function hurt(victim: Body): boolean {
  if (victim.safeTicks > 0) return false;
  const absorbed = Math.min(victim.shield, SHOT_DAMAGE);
  victim.shield -= absorbed;
  victim.hp = Math.max(0, victim.hp - (SHOT_DAMAGE - absorbed));
  return victim.hp === 0;
}
