import { type Point, pushOutOfBox, pushOutOfCircle, sweepBox, sweepCircle } from './geometry.ts';
import type { ArenaMap } from './maps.ts';
import { PLAYER_RADIUS, PLAYER_SPEED } from './numbers.ts';

/**
 * One tick of walking, in place. `x` and `y` are the steering's direction, 127 is full speed. The arena runs it, and a
 * client runs the same to show its own player without waiting for the arena.
 */
export function walk(map: ArenaMap, at: Point, x: number, y: number): void {
  const length = Math.hypot(x, y);
  if (length > 0) {
    const scale = PLAYER_SPEED / Math.max(length, 127);
    at.x += x * scale;
    at.y += y * scale;
  }
  settle(map, at);
}

/** Moves `at` out of rocks and walls and back inside of the arena. */
export function settle(map: ArenaMap, at: Point): void {
  for (const rock of map.rocks) pushOutOfCircle(at, PLAYER_RADIUS, rock);
  for (const wall of map.walls) pushOutOfBox(at, PLAYER_RADIUS, wall);
  at.x = Math.min(Math.max(at.x, PLAYER_RADIUS), map.width - PLAYER_RADIUS);
  at.y = Math.min(Math.max(at.y, PLAYER_RADIUS), map.height - PLAYER_RADIUS);
}

/** Is there room for a circle of `radius`? */
export function isFree(map: ArenaMap, at: Point, radius: number): boolean {
  if (at.x < radius || at.y < radius || at.x > map.width - radius || at.y > map.height - radius) return false;
  const moved = { ...at };
  for (const rock of map.rocks) pushOutOfCircle(moved, radius, rock);
  for (const wall of map.walls) pushOutOfBox(moved, radius, wall);
  return moved.x === at.x && moved.y === at.y;
}

/** How much of the straight way a circle of `radius` can go before rock or wall: 0 to 1. */
export function freeShare(map: ArenaMap, from: Point, to: Point, radius: number): number {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  let first = 1;
  for (const rock of map.rocks) first = Math.min(first, sweepCircle(from.x, from.y, dx, dy, rock, rock.r + radius));
  for (const wall of map.walls) first = Math.min(first, sweepBox(from.x, from.y, dx, dy, wall, radius));
  return first;
}
