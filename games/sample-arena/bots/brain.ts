import type { ArenaId, PickupKind } from '../contracts.ts';
import type { BodyView, PickupView } from '../rules/frame.ts';
import type { Point } from '../rules/geometry.ts';
import type { ArenaMap } from '../rules/maps.ts';
import { freeShare } from '../rules/movement.ts';
import { HP_MAX, PLAYER_RADIUS, SHOT_RADIUS, SHOT_SPEED } from '../rules/numbers.ts';

/** What a bot sees: the same that a person's page shows. */
export interface Sight {
  tick: number;
  map: ArenaMap;
  me: BodyView;
  others: readonly BodyView[];
  pickups: readonly PickupView[];
}
/** Directions from -1 to 1, aim in radians. */
export interface Intent {
  x: number;
  y: number;
  aim: number;
  fire: boolean;
}

const SIGHT = 560;
const COMFORTABLE_DISTANCE = 240;
const FEELER = 120;
const FEELERS = 16;

/**
 * Decides like somebody who has played a little: chases who is near, dodges sideways, shoots in bursts, a bit off, goes for
 * health when hurt, for crystals when nobody is around, and through a portal now and then.
 */
export class Brain {
  readonly #random: () => number;
  /** How far off the aim is; changes slowly, as a hand does. */
  #sloppiness = 0;
  #skill: number;
  #aim = 0;
  #side = 1;
  #sideUntil = 0;
  #burst = false;
  #burstUntil = 0;
  #goal: Point | undefined;
  #goalUntil = 0;
  #portalAt: number;
  #towardsPortal = false;
  #lastPlace: Point & { tick: number } = { x: 0, y: 0, tick: 0 };
  #lastSeen: Point = { x: 0, y: 0 };
  readonly #seen = new Map<number, { x: number; y: number; tick: number }>();
  #arena: ArenaId | undefined;

  constructor(random: () => number) {
    this.#random = random;
    this.#skill = 0.35 + random() * 0.65;
    this.#portalAt = this.#soon(200, 1400);
  }

  think(sight: Sight): Intent {
    const { me, tick } = sight;
    if (sight.map.id !== this.#arena) this.#arrive(sight);
    this.#sloppiness = this.#sloppiness * 0.85 + (this.#random() - 0.5) * 0.22 * (1.3 - this.#skill);
    this.#unstick(sight);

    // Somewhere else all of a sudden: respawned, or a portal sent it back. The old plan is over.
    if (Math.hypot(this.#lastSeen.x - me.x, this.#lastSeen.y - me.y) > 90) this.#wander(sight);
    this.#lastSeen = { x: me.x, y: me.y };

    const enemy = this.#enemy(sight);
    const heading = this.#towardsPortal ? this.#goal : (this.#fetch(sight, enemy) ?? this.#place(sight, enemy));
    const way = this.#way(sight, heading ?? me);
    if (enemy) {
      this.#aim = this.#aimAt(sight, enemy) + this.#sloppiness;
      if (tick >= this.#burstUntil) {
        this.#burst = !this.#burst;
        this.#burstUntil =
          tick + (this.#burst ? 6 + this.#random() * 16 : 4 + this.#random() * (22 - 14 * this.#skill));
      }
    } else if (way.x !== 0 || way.y !== 0) this.#aim = Math.atan2(way.y, way.x) + this.#sloppiness;
    this.#remember(sight);
    return { ...way, aim: this.#aim, fire: enemy !== undefined && this.#burst };
  }

  #arrive({ map, tick, me }: Sight): void {
    this.#arena = map.id;
    this.#goal = undefined;
    this.#towardsPortal = false;
    this.#portalAt = tick + this.#soon(300, 1800);
    this.#seen.clear();
    this.#lastPlace = { x: me.x, y: me.y, tick };
  }

  /** The nearest one in sight that can be hurt. */
  #enemy({ me, others, map }: Sight): BodyView | undefined {
    let best: BodyView | undefined;
    let nearest = SIGHT;
    for (const other of others) {
      if (!other.present) continue;
      const distance = Math.hypot(other.x - me.x, other.y - me.y) + (other.safe ? 200 : 0);
      if (distance >= nearest || freeShare(map, me, other, SHOT_RADIUS - 1) < 1) continue;
      nearest = distance;
      best = other;
    }
    return best;
  }

  #fetch({ me, pickups, map }: Sight, enemy: BodyView | undefined): Point | undefined {
    const hurt = me.hp < HP_MAX * 0.5;
    const reach: Record<PickupKind, number> = {
      health: hurt ? 900 : 0,
      shield: me.shield < 0.5 ? 320 : 0,
      rapid: 300,
      crystal: enemy ? 130 : 420,
    };
    let best: PickupView | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const pickup of pickups) {
      const distance = Math.hypot(pickup.x - me.x, pickup.y - me.y);
      if (distance > reach[pickup.kind] || distance >= least) continue;
      if (distance > 200 && freeShare(map, me, pickup, PLAYER_RADIUS - 1) < 1) continue;
      least = distance;
      best = pickup;
    }
    return best;
  }

  /** Around the enemy, or somewhere. */
  #place(sight: Sight, enemy: BodyView | undefined): Point {
    const { me, tick } = sight;
    if (!enemy) {
      const there = this.#goal && Math.hypot(this.#goal.x - me.x, this.#goal.y - me.y) < 60;
      if (!this.#goal || there || tick >= this.#goalUntil) this.#wander(sight);
      return this.#goal!;
    }
    if (tick >= this.#sideUntil) {
      this.#side = this.#random() < 0.5 ? -1 : 1;
      this.#sideUntil = tick + this.#soon(12, 34);
    }
    const dx = enemy.x - me.x;
    const dy = enemy.y - me.y;
    const distance = Math.hypot(dx, dy) || 1;
    const shy = me.hp < 35 ? 1.8 : 1;
    const closer = Math.max(-1, Math.min(1, (distance - COMFORTABLE_DISTANCE * shy) / 120));
    return {
      x: me.x + (dx / distance) * closer * 100 - (dy / distance) * this.#side * 90,
      y: me.y + (dy / distance) * closer * 100 + (dx / distance) * this.#side * 90,
    };
  }

  /** Off to a portal, after somebody, or just somewhere. */
  #wander({ map, tick, others }: Sight): void {
    this.#towardsPortal = false;
    this.#goalUntil = tick + this.#soon(80, 200);
    if (tick >= this.#portalAt) {
      const portal = map.portals[Math.floor(this.#random() * map.portals.length)]!;
      this.#goal = { x: portal.x, y: portal.y };
      this.#towardsPortal = true;
      this.#portalAt = tick + this.#soon(400, 1600);
      return;
    }
    const prey = others[Math.floor(this.#random() * others.length)];
    if (prey?.present && this.#random() < 0.6) {
      this.#goal = { x: prey.x, y: prey.y };
      return;
    }
    this.#goal = {
      x: 120 + this.#random() * (map.width - 240),
      y: 120 + this.#random() * (map.height - 240),
    };
  }

  /** Of some directions the one that leads most towards `goal` and is not blocked. */
  #way({ me, map }: Sight, goal: Point): { x: number; y: number } {
    const dx = goal.x - me.x;
    const dy = goal.y - me.y;
    const distance = Math.hypot(dx, dy);
    if (distance < 8) return { x: 0, y: 0 };
    const towards = Math.atan2(dy, dx);
    const feeler = Math.min(FEELER, distance);
    let best = towards;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < FEELERS; i++) {
      const turn = (i / FEELERS) * Math.PI * 2;
      const angle = towards + turn;
      const end = { x: me.x + Math.cos(angle) * feeler, y: me.y + Math.sin(angle) * feeler };
      const outside = end.x < 0 || end.y < 0 || end.x > map.width || end.y > map.height;
      const free = outside ? 0 : freeShare(map, me, end, PLAYER_RADIUS - 1);
      // A slight preference for one side keeps a bot from trembling before a wall.
      const score = Math.cos(turn) + (free - 1) * 2.2 + Math.sin(turn) * 0.12 * this.#side;
      if (score <= most) continue;
      most = score;
      best = angle;
    }
    return { x: Math.cos(best), y: Math.sin(best) };
  }

  #aimAt({ me, tick }: Sight, enemy: BodyView): number {
    const before = this.#seen.get(enemy.number);
    const ticks = before ? tick - before.tick : 0;
    const flight = Math.hypot(enemy.x - me.x, enemy.y - me.y) / SHOT_SPEED;
    const lead = ticks > 0 && ticks < 20 ? (flight / ticks) * this.#skill : 0;
    const x = enemy.x + (before ? (enemy.x - before.x) * lead : 0);
    const y = enemy.y + (before ? (enemy.y - before.y) * lead : 0);
    return Math.atan2(y - me.y, x - me.x);
  }

  #remember({ others, tick }: Sight): void {
    this.#seen.clear();
    for (const { number, x, y } of others) this.#seen.set(number, { x, y, tick });
  }

  /** Two seconds without getting anywhere: something else. */
  #unstick({ me, tick }: Sight): void {
    if (tick - this.#lastPlace.tick < 40) return;
    if (Math.hypot(me.x - this.#lastPlace.x, me.y - this.#lastPlace.y) < 40) {
      this.#goal = undefined;
      this.#towardsPortal = false;
      this.#side = -this.#side;
      this.#goalUntil = 0;
    }
    this.#lastPlace = { x: me.x, y: me.y, tick };
  }

  #soon(least: number, most: number): number {
    return Math.floor(least + this.#random() * (most - least));
  }
}
