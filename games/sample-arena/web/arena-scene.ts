import type { ArenaEvent, ArenaId, RosterRow, Steering } from '../contracts.ts';
import type { BodyView, Frame, ShotView } from '../rules/frame.ts';
import type { Point } from '../rules/geometry.ts';
import { type ArenaMap, MAPS } from '../rules/maps.ts';
import { type Clue, cluesBetween } from '../view/clues.ts';
import { glide, type Moment, Playback } from '../view/playback.ts';
import { Prediction } from '../view/prediction.ts';
import { type BirdLook, drawBird } from './bird.ts';
import type { Camera } from './camera.ts';
import { Effects } from './effects.ts';
import { hueOf, PICKUP_COLORS } from './palette.ts';
import type { Sound } from './sound.ts';
import { Terrain } from './terrain.ts';
import { drawPickup, drawPortal, drawShot } from './things.ts';

/** What was lately seen of a bird, for what frames do not say. */
interface Trace extends Point {
  speed: number;
  hitMs: number;
  shotMs: number;
}

/** As much sea as is shown beside the island. */
const SEA = 210;
const SHOWN_ARENA: ArenaId = 'north';

/** One arena as it is seen: frames and events in, pictures out. */
export class ArenaScene {
  readonly camera: Camera;
  readonly roster = new Map<number, RosterRow>();
  map: ArenaMap = MAPS[SHOWN_ARENA];
  /** The own player's number; 0 while watching. */
  number = 0;
  /** 0 to 1, for the red haze. */
  hurt = 0;
  readonly #context: CanvasRenderingContext2D;
  readonly #sound: Sound;
  readonly #terrain = new Terrain();
  readonly #effects = new Effects();
  readonly #playback = new Playback();
  readonly #prediction = new Prediction();
  readonly #traces = new Map<number, Trace>();
  readonly #clues: { tick: number; clue: Clue }[] = [];
  #place: Point = { x: 0, y: 0 };
  #drawnMs = 0;
  #snap = true;
  #star = 0;
  #starMs = Number.NEGATIVE_INFINITY;

  constructor(camera: Camera, sound: Sound) {
    this.camera = camera;
    this.#context = camera.canvas.getContext('2d', { alpha: false })!;
    this.#sound = sound;
  }

  /** Shows another arena, or the same one with other eyes. */
  show(arena: ArenaId, number: number, roster: readonly RosterRow[]): void {
    if (this.map.id !== arena) {
      this.#playback.clear();
      this.#effects.clear();
      this.#traces.clear();
      this.#clues.length = 0;
    }
    this.map = MAPS[arena];
    this.number = number;
    this.setRoster(roster);
    this.#prediction.forget();
    this.#snap = number !== 0;
    this.#starMs = Number.NEGATIVE_INFINITY;
  }

  setRoster(rows: readonly RosterRow[]): void {
    this.roster.clear();
    for (const row of rows) this.roster.set(row.number, row);
  }

  /** The own player in the newest frame. */
  get me(): BodyView | undefined {
    return this.number === 0 ? undefined : this.#playback.newest?.bodies.find(({ number }) => number === this.number);
  }

  /** Where the own player is drawn. */
  get place(): Point {
    return this.#place;
  }

  get newest(): Frame | undefined {
    return this.#playback.newest;
  }

  push(frame: Frame, nowMs: number): void {
    const before = this.#playback.newest;
    this.#playback.push(frame, nowMs);
    if (this.#playback.newest !== frame) return;
    const me = this.me;
    if (me) this.#prediction.correct(this.map, me);
    if (!before || frame.tick < before.tick || frame.tick - before.tick > 5) return;
    for (const clue of cluesBetween(this.map, before, frame)) {
      // What the own player does is shown at once, as it is drawn; the rest when the playback gets there.
      const mine = clue.kind === 'shot' && clue.shot.owner === this.number;
      if (mine) this.#perform(clue, nowMs);
      else this.#clues.push({ tick: frame.tick, clue });
    }
  }

  step(steering: Steering): void {
    this.#prediction.step(this.map, steering);
  }

  happened(events: readonly ArenaEvent[]): void {
    for (const event of events) {
      if (event.kind !== 'pickup') continue;
      const color = PICKUP_COLORS[event.what];
      this.#effects.ring(event, 38, color);
      this.#effects.sparks(event, 7, color, 0.16);
      if (event.player !== this.number) continue;
      this.#sound.play(event.what === 'crystal' ? 'crystal' : 'pickup');
      const words = { crystal: '+1', health: '+45', rapid: 'Rapid fire', shield: 'Shield' };
      this.#effects.word(event, words[event.what], color);
    }
  }

  /** Draws one picture; `share` of the own step under way has passed, `aim` is where the own player looks. */
  draw(nowMs: number, share: number, aim: number | undefined): void {
    const elapsedMs = Math.min(100, nowMs - this.#drawnMs);
    this.#drawnMs = nowMs;
    const moment = this.#playback.at(nowMs);
    const own = moment && this.#ownBody(moment, share, aim);
    this.#moveCamera(moment, own, elapsedMs, nowMs);
    while (moment && this.#clues[0] && this.#clues[0].tick <= moment.tick)
      this.#perform(this.#clues.shift()!.clue, nowMs);
    this.hurt *= Math.exp(-elapsedMs / 260);

    const context = this.#context;
    this.#terrain.draw(context, this.camera, this.map, nowMs);
    for (const portal of this.map.portals) if (this.camera.sees(portal, 120)) drawPortal(context, portal, nowMs);
    if (moment) this.#drawMoment(moment, own, elapsedMs, nowMs);
    this.#effects.draw(context, nowMs);
  }

  #drawMoment(moment: Moment, own: BodyView | undefined, elapsedMs: number, nowMs: number): void {
    const context = this.#context;
    for (const pickup of moment.pickups) if (this.camera.sees(pickup, 40)) drawPickup(context, pickup, nowMs);
    for (const shot of moment.shots) if (shot.owner !== this.number) this.#drawShot(shot);
    for (const shot of this.#ownShots(nowMs)) this.#drawShot(shot);
    for (const body of moment.bodies) {
      if (body.number === this.number || !body.present || !this.camera.sees(body, 80)) continue;
      drawBird(context, body, this.#look(body, elapsedMs, nowMs), nowMs);
    }
    if (own?.present) drawBird(context, own, this.#look(own, elapsedMs, nowMs), nowMs);
  }

  #drawShot(shot: ShotView): void {
    if (this.camera.sees(shot, 40)) drawShot(this.#context, shot, this.#hue(shot.owner), shot.owner === this.number);
  }

  /** Own shots fly where the arena has them by now, not where it had them: they leave the beak with the click. */
  #ownShots(nowMs: number): ShotView[] {
    const newest = this.#playback.newest;
    if (this.number === 0 || !newest) return [];
    const ticks = Math.max(0, Math.min(2, this.#playback.present(nowMs) - newest.tick));
    return newest.shots.filter(({ owner }) => owner === this.number).map((shot) => glide(shot, ticks));
  }

  #ownBody(moment: Moment, share: number, aim: number | undefined): BodyView | undefined {
    const me = this.me;
    if (!me) return undefined;
    const at = me.present
      ? this.#prediction.at(share)
      : (moment.bodies.find(({ number }) => number === me.number) ?? me);
    this.#place = at;
    return { ...me, x: at.x, y: at.y, aim: aim ?? me.aim };
  }

  #moveCamera(moment: Moment | undefined, own: BodyView | undefined, elapsedMs: number, nowMs: number): void {
    if (own) {
      this.camera.follow(own, elapsedMs, this.#snap ? 0 : 60);
      this.camera.stayOver(this.map.width, this.map.height, SEA);
      this.#snap = false;
      return;
    }
    // Nobody of our own: along with one bird for a while, then with another.
    const present = moment?.bodies.filter((body) => body.present) ?? [];
    let star = present.find(({ number }) => number === this.#star);
    if (!star || nowMs - this.#starMs > 9000) {
      star = present[Math.floor(Math.random() * present.length)];
      this.#star = star?.number ?? 0;
      this.#starMs = nowMs;
    }
    const target = star ?? { x: this.map.width / 2, y: this.map.height / 2 };
    // The join panel covers the left of a wide screen.
    const aside = this.camera.width > 900 ? (this.camera.width * 0.14) / this.camera.scale : 0;
    const up = this.camera.width <= 720 ? (this.camera.height * 0.22) / this.camera.scale : 0;
    this.camera.follow({ x: target.x - aside, y: target.y + up }, elapsedMs, 700);
  }

  #perform(clue: Clue, nowMs: number): void {
    switch (clue.kind) {
      case 'shot': {
        const mine = clue.shot.owner === this.number;
        this.#trace(clue.shot.owner).shotMs = nowMs;
        if (mine) this.#sound.play('shot');
        else if (this.camera.sees(clue.shot, 0)) this.#sound.play('far-shot');
        break;
      }
      case 'impact':
        this.#effects.sparks(clue.at, 6, '#ffe3b0', 0.22, clue.angle + Math.PI);
        break;
      case 'hit': {
        const { body, damage } = clue;
        this.#trace(body.number).hitMs = nowMs;
        this.#effects.feathers(body, damage > 0 ? 3 : 0, this.#plumage(body.number));
        if (damage > 0) this.#effects.word(body, String(damage), '#ffd9c9');
        if (body.number === this.number) {
          this.hurt = Math.min(1, this.hurt + (damage > 0 ? 0.7 : 0.25));
          this.camera.shake(damage > 0 ? 12 : 5);
          this.#sound.play('hurt');
        } else if (this.camera.sees(body, 0)) this.#sound.play('hit');
        break;
      }
      case 'death':
        this.#effects.feathers(clue.body, 26, this.#plumage(clue.body.number));
        this.#effects.ring(clue.body, 90, '#ffffff');
        if (clue.body.number !== this.number) break;
        this.camera.shake(22);
        this.#sound.play('death');
        break;
      case 'spawn':
        this.#effects.ring(clue.body, 60, this.#plumage(clue.body.number));
        if (clue.body.number === this.number) {
          this.#snap = true;
          this.#prediction.forget();
        }
        break;
    }
  }

  #look(body: BodyView, elapsedMs: number, nowMs: number): BirdLook {
    const trace = this.#trace(body.number);
    const speed = elapsedMs > 0 ? Math.hypot(body.x - trace.x, body.y - trace.y) / elapsedMs : 0;
    trace.speed += (Math.min(speed, 0.5) - trace.speed) * 0.2;
    trace.x = body.x;
    trace.y = body.y;
    return {
      hue: this.#hue(body.number),
      name: this.roster.get(body.number)?.name ?? '',
      mine: body.number === this.number,
      speed: trace.speed,
      flash: Math.max(0, 1 - (nowMs - trace.hitMs) / 140),
      recoil: Math.max(0, 1 - (nowMs - trace.shotMs) / 110),
      scale: this.camera.scale,
    };
  }

  #trace(number: number): Trace {
    let trace = this.#traces.get(number);
    if (!trace) {
      trace = { x: 0, y: 0, speed: 0, hitMs: Number.NEGATIVE_INFINITY, shotMs: Number.NEGATIVE_INFINITY };
      this.#traces.set(number, trace);
    }
    return trace;
  }

  #hue(number: number): number {
    const row = this.roster.get(number);
    return row ? hueOf(row.id) : 210;
  }

  #plumage(number: number): string {
    return `hsl(${this.#hue(number)} 62% 52%)`;
  }
}
