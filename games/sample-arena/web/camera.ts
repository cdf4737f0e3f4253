import type { Point } from '../rules/geometry.ts';

/** The world units that a page shows, whatever its size: as much area on a phone as on a wide screen. */
const AREA = 1_250_000;
/** A narrow phone still sees this far sideways. */
const SIDE_MIN = 660;

/** Which part of the world is on the canvas. Follows softly, shakes when it hurts. */
export class Camera {
  readonly canvas: HTMLCanvasElement;
  /** CSS pixels. */
  width = 0;
  height = 0;
  /** Device pixels per CSS pixel, CSS pixels per unit. */
  ratio = 1;
  scale = 1;
  x = 1000;
  y = 700;
  #shake = 0;
  #shakeX = 0;
  #shakeY = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.canvas = canvas;
    this.fit();
    addEventListener('resize', () => this.fit());
  }

  fit(): void {
    this.width = innerWidth;
    this.height = innerHeight;
    // More than two is not seen, only paid for.
    this.ratio = Math.min(devicePixelRatio || 1, 2);
    const byArea = Math.sqrt((this.width * this.height) / AREA);
    this.scale = Math.min(byArea, Math.min(this.width, this.height) / (SIDE_MIN * 0.86));
    this.canvas.width = Math.round(this.width * this.ratio);
    this.canvas.height = Math.round(this.height * this.ratio);
  }

  /** `softness` 0 is at once; otherwise about the milliseconds until most of the way is done. */
  follow(target: Point, elapsedMs: number, softness: number): void {
    const share = softness === 0 ? 1 : 1 - Math.exp(-elapsedMs / softness);
    this.x += (target.x - this.x) * share;
    this.y += (target.y - this.y) * share;
    this.#shake *= Math.exp(-elapsedMs / 110);
    this.#shakeX = (Math.random() - 0.5) * this.#shake;
    this.#shakeY = (Math.random() - 0.5) * this.#shake;
  }

  /** Keeps the view on the island: beyond its edges only so much sea is shown. */
  stayOver(width: number, height: number, sea: number): void {
    const halfX = this.width / this.scale / 2;
    const halfY = this.height / this.scale / 2;
    this.x = between(this.x, halfX - sea, width - halfX + sea);
    this.y = between(this.y, halfY - sea, height - halfY + sea);
  }

  shake(units: number): void {
    this.#shake = Math.min(22, this.#shake + units);
  }

  /** From here on drawing is in world units. */
  enter(context: CanvasRenderingContext2D): void {
    const scale = this.scale * this.ratio;
    context.setTransform(
      scale,
      0,
      0,
      scale,
      this.canvas.width / 2 - (this.x + this.#shakeX) * scale,
      this.canvas.height / 2 - (this.y + this.#shakeY) * scale,
    );
  }

  /** The visible part, with a margin. */
  sees({ x, y }: Point, margin: number): boolean {
    return (
      Math.abs(x - this.x) < this.width / this.scale / 2 + margin &&
      Math.abs(y - this.y) < this.height / this.scale / 2 + margin
    );
  }

  toWorld(clientX: number, clientY: number): Point {
    return {
      x: this.x + (clientX - this.width / 2) / this.scale,
      y: this.y + (clientY - this.height / 2) / this.scale,
    };
  }
}

/** The middle when the limits cross: all of it fits. */
const between = (value: number, low: number, high: number): number =>
  low > high ? (low + high) / 2 : Math.min(Math.max(value, low), high);
