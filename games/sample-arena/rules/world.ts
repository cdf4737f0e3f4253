import type { ArenaId, Baggage, PickupKind, Steering } from '../contracts.ts';
import { type Body, baggageOf, isPresent, newBody, receive, takeSteering } from './body.ts';
import type { Cover } from './cover.ts';
import type { Point } from './geometry.ts';
import { type ArenaMap, arrival } from './maps.ts';
import { settle, walk } from './movement.ts';
import {
  CAPACITY,
  CRYSTALS_DROPPED,
  HP_MAX,
  KILL_SCORE,
  PLAYER_RADIUS,
  PORTAL_PATIENCE_TICKS,
  PORTAL_RADIUS,
  RESPAWN_TICKS,
  SAFE_TICKS,
  SAFE_TICKS_PORTAL,
} from './numbers.ts';
import { Pickups } from './pickups.ts';
import { fire, fly, hurt, type Shot } from './shots.ts';

/** What one tick brought about, for whoever runs the world. */
export type Happening =
  | { kind: 'kill'; killer: Body; victim: Body; streak: number }
  | { kind: 'pickup'; body: Body; what: PickupKind; x: number; y: number }
  | { kind: 'portal'; body: Body; to: ArenaId; baggage: Baggage }
  /** A portal's way took too long: is the player here or there? The body waits on. */
  | { kind: 'stranded'; body: Body };

/** The rules of one arena: no clock, no network, all dice from `random`. Same calls, same dice, same world. */
export class World {
  readonly map: ArenaMap;
  readonly pickups: Pickups;
  readonly bodies = new Map<string, Body>();
  readonly shots: Shot[] = [];
  /** Undefined until it was computed. */
  cover: Cover | undefined = undefined;
  tick = 0;
  readonly #random: () => number;
  readonly #numbers: (Body | undefined)[] = new Array(CAPACITY + 1).fill(undefined);
  #lastNumber = 0;
  #lastShot = 0;

  constructor(map: ArenaMap, random: () => number) {
    this.map = map;
    this.#random = random;
    this.pickups = new Pickups(map, random);
  }

  /** A body for the player, or the one that is here already, on the new stay; undefined when the arena is full. */
  enter(id: string, name: string, visit: number, from?: ArenaId, baggage?: Baggage): Body | undefined {
    const known = this.bodies.get(id);
    if (known) {
      known.name = name;
      known.visit = visit;
      known.silentTicks = 0;
      known.portalTicks = 0;
      return known;
    }
    const number = this.#freeNumber();
    if (number === 0) return undefined;
    const body = newBody(number, id, name, visit, baggage);
    const gate = from === undefined ? undefined : arrival(this.map, from);
    this.#place(body, gate ?? this.#start(), gate ? SAFE_TICKS_PORTAL : SAFE_TICKS);
    this.bodies.set(id, body);
    this.#numbers[number] = body;
    return body;
  }

  /** Takes the body out, with its shots. False when it is not here on that stay. */
  leave(id: string, visit: number): boolean {
    const body = this.bodies.get(id);
    if (!body || body.visit !== visit) return false;
    this.bodies.delete(id);
    this.#numbers[body.number] = undefined;
    for (let i = this.shots.length - 1; i >= 0; i--) if (this.shots[i]!.owner === body.number) this.shots.splice(i, 1);
    return true;
  }

  /** The portal did not let the player through: back into play, a step before it. */
  stay(id: string, visit: number): void {
    const body = this.bodies.get(id);
    if (!body || body.visit !== visit || body.portalTicks === 0) return;
    body.portalTicks = 0;
    const portal = this.map.portals.find((gate) => touches(body, gate, PORTAL_RADIUS + 2));
    const before = portal && arrival(this.map, portal.to);
    if (before) this.#place(body, before, SAFE_TICKS_PORTAL);
  }

  /** False when the player is not here on that stay. */
  steer(id: string, visit: number, steering: Steering): boolean {
    const body = this.bodies.get(id);
    if (!body || body.visit !== visit) return false;
    receive(body, steering);
    return true;
  }

  /** One tick: steer and walk, push apart, fire, fly, pick up, portals. */
  step(happenings: Happening[] = []): Happening[] {
    this.tick++;
    for (const body of this.bodies.values()) this.#live(body, happenings);
    this.#pushApart();
    for (const body of this.bodies.values()) if (isPresent(body)) this.#shoot(body);
    for (let i = this.shots.length - 1; i >= 0; i--) this.#fly(this.shots[i]!, i, happenings);
    this.pickups.grow();
    for (const body of this.bodies.values()) if (isPresent(body)) this.#touch(body, happenings);
    return happenings;
  }

  #live(body: Body, happenings: Happening[]): void {
    body.silentTicks++;
    takeSteering(body);
    if (body.portalTicks > 0) {
      if (--body.portalTicks === 0) {
        body.portalTicks = PORTAL_PATIENCE_TICKS;
        happenings.push({ kind: 'stranded', body });
      }
      return;
    }
    if (body.hp === 0) {
      if (--body.respawnTicks > 0) return;
      body.hp = HP_MAX;
      this.#place(body, this.#start(), SAFE_TICKS);
      return;
    }
    if (body.safeTicks > 0) body.safeTicks--;
    if (body.rapidTicks > 0) body.rapidTicks--;
    walk(this.map, body, body.held.x, body.held.y);
  }

  #shoot(body: Body): void {
    const shot = fire(body, this.#lastShot, this.#random());
    if (!shot) return;
    this.#lastShot = (this.#lastShot + 1) & 0xffff;
    this.shots.push(shot);
  }

  #fly(shot: Shot, index: number, happenings: Happening[]): void {
    const victim = fly(shot, this.map, this.bodies.values());
    if (victim && hurt(victim)) this.#die(victim, this.#numbers[shot.owner]!, happenings);
    if (shot.ticksLeft > 0) return;
    // Order among shots means nothing: the last one fills the gap.
    const last = this.shots.pop()!;
    if (index < this.shots.length) this.shots[index] = last;
  }

  #die(victim: Body, killer: Body, happenings: Happening[]): void {
    killer.kills++;
    killer.score += KILL_SCORE;
    killer.streak++;
    victim.deaths++;
    victim.streak = 0;
    victim.shield = 0;
    victim.rapidTicks = 0;
    victim.respawnTicks = RESPAWN_TICKS;
    this.pickups.drop(victim, 1 + Math.floor(this.#random() * CRYSTALS_DROPPED));
    happenings.push({ kind: 'kill', killer, victim, streak: killer.streak });
  }

  #touch(body: Body, happenings: Happening[]): void {
    this.pickups.collect(body, ({ kind, x, y }) => happenings.push({ kind: 'pickup', body, what: kind, x, y }));
    for (const portal of this.map.portals) {
      if (!touches(body, portal, PORTAL_RADIUS)) continue;
      body.portalTicks = PORTAL_PATIENCE_TICKS;
      // From here on the score travels: a shot still in the air must not add to what stays behind.
      this.#disarm(body);
      happenings.push({ kind: 'portal', body, to: portal.to, baggage: baggageOf(body) });
      return;
    }
  }

  #disarm(body: Body): void {
    for (let i = this.shots.length - 1; i >= 0; i--) if (this.shots[i]!.owner === body.number) this.shots.splice(i, 1);
  }

  /** Two players who stand in each other give way, half each. */
  #pushApart(): void {
    const present = [...this.bodies.values()].filter(isPresent);
    for (let i = 0; i < present.length; i++) {
      const a = present[i]!;
      for (let j = i + 1; j < present.length; j++) {
        const b = present[j]!;
        const dx = b.x - a.x;
        const dy = b.y - a.y;
        const squared = dx * dx + dy * dy;
        const reach = PLAYER_RADIUS * 2;
        if (squared >= reach * reach) continue;
        const distance = Math.sqrt(squared);
        const push = (reach - distance) / 2;
        const [ux, uy] = distance > 1e-6 ? [dx / distance, dy / distance] : [1, 0];
        a.x -= ux * push;
        a.y -= uy * push;
        b.x += ux * push;
        b.y += uy * push;
        settle(this.map, a);
        settle(this.map, b);
      }
    }
  }

  #place(body: Body, at: Point, safeTicks: number): void {
    // Not all on one spot, and off the walls again.
    body.x = at.x + (this.#random() - 0.5) * 40;
    body.y = at.y + (this.#random() - 0.5) * 40;
    settle(this.map, body);
    body.safeTicks = safeTicks;
    body.waiting.length = 0;
  }

  /** Of a few starts the one that the fewest see, and of those the one that is farthest from everybody. */
  #start(): Point {
    let best: Point = this.map.starts[0]!;
    let fewest = Number.POSITIVE_INFINITY;
    let farthest = -1;
    for (let tries = 0; tries < 4; tries++) {
      const index = Math.floor(this.#random() * this.map.starts.length);
      const start = this.map.starts[index]!;
      let nearest = Number.POSITIVE_INFINITY;
      let watchers = 0;
      for (const body of this.bodies.values()) {
        if (!isPresent(body)) continue;
        nearest = Math.min(nearest, Math.hypot(body.x - start.x, body.y - start.y));
        if (this.cover?.sees(body, index)) watchers++;
      }
      if (watchers > fewest || (watchers === fewest && nearest <= farthest)) continue;
      fewest = watchers;
      farthest = nearest;
      best = start;
    }
    return best;
  }

  /** Numbers go round, so that one is not given to somebody else while clients still show its last owner. 0 is none. */
  #freeNumber(): number {
    for (let i = 1; i <= CAPACITY; i++) {
      const number = ((this.#lastNumber + i - 1) % CAPACITY) + 1;
      if (this.#numbers[number]) continue;
      this.#lastNumber = number;
      return number;
    }
    return 0;
  }
}

const touches = (a: Point, b: Point, reach: number): boolean => {
  const dx = a.x - b.x;
  const dy = a.y - b.y;
  return dx * dx + dy * dy <= reach * reach;
};
