import type { Steering } from '../contracts.ts';
import type { BodyView } from '../rules/frame.ts';
import type { Point } from '../rules/geometry.ts';
import type { ArenaMap } from '../rules/maps.ts';
import { walk } from '../rules/movement.ts';

/** Steps that may be ahead of the arena: two seconds. */
const AHEAD_MAX = 40;
const JUMP = 120;

/**
 * Where the own player is, without waiting for the arena: each step is walked here at once, by the arena's own rules, and
 * again from where the arena says the player was, as soon as it says it. What is left of an error fades away.
 */
export class Prediction {
  readonly #ahead: Pick<Steering, 'seq' | 'x' | 'y'>[] = [];
  readonly #at: Point = { x: 0, y: 0 };
  readonly #before: Point = { x: 0, y: 0 };
  /** What the eye still sees wrong, fading. */
  readonly #error: Point = { x: 0, y: 0 };
  #known = false;

  /** One step of 50 ms that was sent to the arena. */
  step(map: ArenaMap, steering: Steering): void {
    this.#ahead.push({ seq: steering.seq, x: steering.x, y: steering.y });
    if (this.#ahead.length > AHEAD_MAX) this.#ahead.shift();
    this.#before.x = this.#at.x;
    this.#before.y = this.#at.y;
    if (this.#known) walk(map, this.#at, steering.x, steering.y);
    this.#error.x *= 0.72;
    this.#error.y *= 0.72;
  }

  /** The arena's word. */
  correct(map: ArenaMap, me: BodyView): void {
    while (this.#ahead.length > 0 && ((me.ack - this.#ahead[0]!.seq) & 0xffff) < 0x8000) this.#ahead.shift();
    const { x, y } = this.#at;
    this.#at.x = me.x;
    this.#at.y = me.y;
    if (me.present) for (const ahead of this.#ahead) walk(map, this.#at, ahead.x, ahead.y);
    const dx = x - this.#at.x;
    const dy = y - this.#at.y;
    const jumped = !this.#known || Math.hypot(dx, dy) > JUMP;
    this.#known = true;
    if (jumped) {
      this.#error.x = this.#error.y = 0;
      this.#before.x = this.#at.x;
      this.#before.y = this.#at.y;
      return;
    }
    this.#error.x += dx;
    this.#error.y += dy;
    this.#before.x -= dx;
    this.#before.y -= dy;
  }

  /** Another arena, another life. */
  forget(): void {
    this.#known = false;
    this.#ahead.length = 0;
  }

  /** Where to draw; `share` of the step under way has passed. */
  at(share: number): Point {
    return {
      x: this.#before.x + (this.#at.x - this.#before.x) * share + this.#error.x,
      y: this.#before.y + (this.#at.y - this.#before.y) * share + this.#error.y,
    };
  }
}
