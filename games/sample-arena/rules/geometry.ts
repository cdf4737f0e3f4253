export interface Point {
  x: number;
  y: number;
}
export interface Circle extends Point {
  r: number;
}
/** An upright rectangle; x and y are its upper left corner. */
export interface Box extends Point {
  w: number;
  h: number;
}

/** Moves `at` the shortest way out of `rock`, so that a circle of `radius` around it touches it at most. */
export function pushOutOfCircle(at: Point, radius: number, rock: Circle): void {
  const dx = at.x - rock.x;
  const dy = at.y - rock.y;
  const reach = radius + rock.r;
  const squared = dx * dx + dy * dy;
  if (squared >= reach * reach) return;
  if (squared < 1e-9) {
    at.x = rock.x + reach;
    return;
  }
  const scale = reach / Math.sqrt(squared);
  at.x = rock.x + dx * scale;
  at.y = rock.y + dy * scale;
}

export function pushOutOfBox(at: Point, radius: number, box: Box): void {
  const nearX = Math.min(Math.max(at.x, box.x), box.x + box.w);
  const nearY = Math.min(Math.max(at.y, box.y), box.y + box.h);
  const dx = at.x - nearX;
  const dy = at.y - nearY;
  const squared = dx * dx + dy * dy;
  if (squared >= radius * radius) return;
  if (squared > 1e-9) {
    const scale = radius / Math.sqrt(squared);
    at.x = nearX + dx * scale;
    at.y = nearY + dy * scale;
    return;
  }
  // The middle is inside: out through the nearest side.
  const left = at.x - box.x;
  const right = box.x + box.w - at.x;
  const up = at.y - box.y;
  const down = box.y + box.h - at.y;
  const least = Math.min(left, right, up, down);
  if (least === left) at.x = box.x - radius;
  else if (least === right) at.x = box.x + box.w + radius;
  else if (least === up) at.y = box.y - radius;
  else at.y = box.y + box.h + radius;
}

/** How far along the way (dx, dy) from (x, y) a point first is within `r` of the centre: 0 to 1, or 2 when never. */
export function sweepCircle(x: number, y: number, dx: number, dy: number, centre: Point, r: number): number {
  const fx = x - centre.x;
  const fy = y - centre.y;
  const c = fx * fx + fy * fy - r * r;
  if (c <= 0) return 0;
  const b = fx * dx + fy * dy;
  if (b >= 0) return 2;
  const a = dx * dx + dy * dy;
  const root = b * b - a * c;
  if (root < 0) return 2;
  const t = (-b - Math.sqrt(root)) / a;
  return t <= 1 ? t : 2;
}

/** The same for a box grown by `r` on every side (corners stay square, which nobody sees at the size of a shot). */
export function sweepBox(x: number, y: number, dx: number, dy: number, box: Box, r: number): number {
  let from = 0;
  let to = 1;
  for (const [at, way, low, high] of [
    [x, dx, box.x - r, box.x + box.w + r],
    [y, dy, box.y - r, box.y + box.h + r],
  ] as const) {
    if (Math.abs(way) < 1e-9) {
      if (at < low || at > high) return 2;
      continue;
    }
    const a = (low - at) / way;
    const b = (high - at) / way;
    from = Math.max(from, Math.min(a, b));
    to = Math.min(to, Math.max(a, b));
    if (from > to) return 2;
  }
  return from;
}
