import type { BodyView, Frame, ShotView } from '../rules/frame.ts';
import { type Point, sweepCircle } from '../rules/geometry.ts';
import type { ArenaMap } from '../rules/maps.ts';
import { freeShare } from '../rules/movement.ts';
import { PLAYER_RADIUS, SHOT_RADIUS, SHOT_SPEED } from '../rules/numbers.ts';

/** What must have happened between two frames: nobody sends sparks over the network. */
export type Clue =
  | { kind: 'shot'; shot: ShotView }
  | { kind: 'impact'; at: Point; angle: number }
  | { kind: 'hit'; body: BodyView; damage: number }
  | { kind: 'death'; body: BodyView }
  | { kind: 'spawn'; body: BodyView };

export function cluesBetween(map: ArenaMap, before: Frame, after: Frame): Clue[] {
  const clues: Clue[] = [];
  const bodies = new Map(before.bodies.map((body) => [body.number, body]));
  for (const body of after.bodies) {
    const was = bodies.get(body.number);
    if (!was) {
      if (body.present) clues.push({ kind: 'spawn', body });
      continue;
    }
    if (was.present && body.hp === 0) clues.push({ kind: 'death', body: was });
    else if (was.hp === 0 && body.present) clues.push({ kind: 'spawn', body });
    else if (body.hp < was.hp || body.shield < was.shield) clues.push({ kind: 'hit', body, damage: was.hp - body.hp });
  }
  const flying = new Set(after.shots.map(({ id }) => id));
  for (const shot of before.shots) {
    if (flying.has(shot.id)) continue;
    const at = endOf(map, shot, before.bodies);
    if (at) clues.push({ kind: 'impact', at, angle: shot.angle });
  }
  const known = new Set(before.shots.map(({ id }) => id));
  for (const shot of after.shots) if (!known.has(shot.id)) clues.push({ kind: 'shot', shot });
  return clues;
}

/** Where the shot ran into something within its next tick; undefined when it just ended. */
function endOf(map: ArenaMap, shot: ShotView, bodies: readonly BodyView[]): Point | undefined {
  const dx = Math.cos(shot.angle) * SHOT_SPEED * 1.3;
  const dy = Math.sin(shot.angle) * SHOT_SPEED * 1.3;
  const free = freeShare(map, shot, { x: shot.x + dx, y: shot.y + dy }, SHOT_RADIUS);
  let first = free < 1 ? free : 2;
  for (const body of bodies) {
    if (!body.present || body.number === shot.owner) continue;
    first = Math.min(first, sweepCircle(shot.x, shot.y, dx, dy, body, PLAYER_RADIUS + SHOT_RADIUS));
  }
  return first <= 1 ? { x: shot.x + dx * first, y: shot.y + dy * first } : undefined;
}
