import type { PickupKind } from '../contracts.ts';
import type { Body } from './body.ts';
import type { Point } from './geometry.ts';
import type { ArenaMap } from './maps.ts';
import { isFree, settle } from './movement.ts';
import {
  CRYSTAL_SCORE,
  CRYSTALS_LYING,
  DROPPED_TICKS,
  HEALTH_GAIN,
  HP_MAX,
  PICKUP_RADIUS,
  PICKUPS_MAX,
  PLAYER_RADIUS,
  RAPID_TICKS,
  SHIELD_MAX,
  SPOT_TICKS,
} from './numbers.ts';

export interface Pickup extends Point {
  readonly kind: PickupKind;
  /** Index of the map's spot it grew on, -1 when it lies around. */
  readonly spot: number;
  /** Above 0: gone after so many ticks. */
  ticksLeft: number;
}

/** What lies in one arena. Plain data plus the map it lies on. */
export class Pickups {
  readonly lying: Pickup[] = [];
  /** Per spot of the map: ticks until it bears again. */
  readonly #growing: number[];
  readonly #map: ArenaMap;
  readonly #random: () => number;

  constructor(map: ArenaMap, random: () => number) {
    this.#map = map;
    this.#random = random;
    this.#growing = map.spots.map(() => 1);
  }

  /** Spots bear, crystals turn up, dropped things rot. */
  grow(): void {
    for (let i = this.lying.length - 1; i >= 0; i--) {
      const pickup = this.lying[i]!;
      if (pickup.ticksLeft > 0 && --pickup.ticksLeft === 0) this.lying.splice(i, 1);
    }
    this.#map.spots.forEach((spot, index) => {
      const left = this.#growing[index]!;
      if (left <= 0) return;
      this.#growing[index] = left - 1;
      if (left === 1) this.#put({ kind: spot.kind, x: spot.x, y: spot.y, spot: index, ticksLeft: 0 });
    });
    const crystals = this.lying.reduce((count, { kind }) => count + (kind === 'crystal' ? 1 : 0), 0);
    if (crystals < CRYSTALS_LYING && this.#random() < 0.15) {
      const at = { x: this.#random() * this.#map.width, y: this.#random() * this.#map.height };
      if (isFree(this.#map, at, PICKUP_RADIUS * 2)) this.#put({ kind: 'crystal', ...at, spot: -1, ticksLeft: 0 });
    }
  }

  /** A dead player's crystals, scattered around the place. */
  drop(at: Point, count: number): void {
    for (let i = 0; i < count; i++) {
      const angle = this.#random() * Math.PI * 2;
      const place = { x: at.x + Math.cos(angle) * 42, y: at.y + Math.sin(angle) * 42 };
      settle(this.#map, place);
      this.#put({ kind: 'crystal', ...place, spot: -1, ticksLeft: DROPPED_TICKS });
    }
  }

  /** Takes what the body touches and can use; `taken` hears of each. */
  collect(body: Body, taken: (pickup: Pickup) => void): void {
    const reach = PLAYER_RADIUS + PICKUP_RADIUS;
    for (let i = this.lying.length - 1; i >= 0; i--) {
      const pickup = this.lying[i]!;
      const dx = pickup.x - body.x;
      const dy = pickup.y - body.y;
      if (dx * dx + dy * dy > reach * reach || !use(body, pickup.kind)) continue;
      this.lying.splice(i, 1);
      if (pickup.spot >= 0) this.#growing[pickup.spot] = SPOT_TICKS;
      taken(pickup);
    }
  }

  #put(pickup: Pickup): void {
    if (this.lying.length < PICKUPS_MAX) this.lying.push(pickup);
    else if (pickup.spot >= 0) this.#growing[pickup.spot] = SPOT_TICKS;
  }
}

/** False when the body has no use for it. */
function use(body: Body, kind: PickupKind): boolean {
  switch (kind) {
    case 'health':
      if (body.hp >= HP_MAX) return false;
      body.hp = Math.min(HP_MAX, body.hp + HEALTH_GAIN);
      return true;
    case 'shield':
      if (body.shield >= SHIELD_MAX) return false;
      body.shield = SHIELD_MAX;
      return true;
    case 'rapid':
      body.rapidTicks = RAPID_TICKS;
      return true;
    case 'crystal':
      body.score += CRYSTAL_SCORE;
      return true;
  }
}
