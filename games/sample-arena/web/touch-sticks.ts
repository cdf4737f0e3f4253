import type { Point } from '../rules/geometry.ts';

const REACH = 52;
const DEAD = 0.16;

/** One thumb: where it went down is the middle, how far it is dragged is the value. */
class Stick {
  readonly #element: HTMLElement;
  readonly #knob: HTMLElement;
  #pointer: number | undefined;
  #from: Point = { x: 0, y: 0 };
  readonly value: Point = { x: 0, y: 0 };

  constructor(element: HTMLElement) {
    this.#element = element;
    this.#knob = element.querySelector('i')!;
  }

  get held(): boolean {
    return this.#pointer !== undefined;
  }

  /** Longer than a tremble. */
  get deflected(): boolean {
    return Math.hypot(this.value.x, this.value.y) > DEAD;
  }

  take(event: PointerEvent): void {
    this.#pointer = event.pointerId;
    this.#from = { x: event.clientX, y: event.clientY };
    this.#element.classList.add('held');
    const { width, height } = this.#element.getBoundingClientRect();
    this.#element.style.left = `${event.clientX - width / 2}px`;
    this.#element.style.top = `${event.clientY - height / 2}px`;
    this.#element.style.right = this.#element.style.bottom = 'auto';
  }

  move(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    const dx = event.clientX - this.#from.x;
    const dy = event.clientY - this.#from.y;
    const length = Math.max(Math.hypot(dx, dy), REACH);
    this.value.x = dx / length;
    this.value.y = dy / length;
    this.#knob.style.transform = `translate(${this.value.x * REACH}px, ${this.value.y * REACH}px)`;
  }

  letGo(event?: PointerEvent): void {
    if (event && event.pointerId !== this.#pointer) return;
    this.#pointer = undefined;
    this.value.x = this.value.y = 0;
    this.#element.classList.remove('held');
    this.#element.removeAttribute('style');
    this.#knob.removeAttribute('style');
  }
}

/** The left half of the stage moves, the right half aims and shoots; a tap there shoots at who is near. */
export class TouchSticks {
  readonly #move: Stick;
  readonly #fire: Stick;

  constructor(stage: HTMLElement, move: HTMLElement, fire: HTMLElement) {
    this.#move = new Stick(move);
    this.#fire = new Stick(fire);
    stage.addEventListener('pointerdown', (event) => {
      if (event.pointerType === 'mouse') return;
      event.preventDefault();
      const stick = event.clientX < innerWidth / 2 ? this.#move : this.#fire;
      if (!stick.held) stick.take(event);
    });
    addEventListener('pointermove', (event) => {
      this.#move.move(event);
      this.#fire.move(event);
    });
    for (const end of ['pointerup', 'pointercancel'] as const)
      addEventListener(end, (event) => {
        this.#move.letGo(event);
        this.#fire.letGo(event);
      });
    // The browser's own gestures would take the thumbs away.
    stage.addEventListener('touchstart', (event) => event.preventDefault(), { passive: false });
  }

  release(): void {
    this.#move.letGo();
    this.#fire.letGo();
  }

  get active(): boolean {
    return this.#move.held || this.#fire.held;
  }

  /** Length 0 to 1. */
  direction(): Point {
    return this.#move.deflected ? this.#move.value : { x: 0, y: 0 };
  }

  get fire(): boolean {
    return this.#fire.held;
  }

  /** Radians; undefined leaves the aim to the page. */
  aim(): number | undefined {
    return this.#fire.deflected ? Math.atan2(this.#fire.value.y, this.#fire.value.x) : undefined;
  }
}
