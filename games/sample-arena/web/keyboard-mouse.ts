import type { Point } from '../rules/geometry.ts';

const DIRECTIONS: Readonly<Record<string, readonly [number, number]>> = {
  KeyW: [0, -1],
  ArrowUp: [0, -1],
  KeyS: [0, 1],
  ArrowDown: [0, 1],
  KeyA: [-1, 0],
  ArrowLeft: [-1, 0],
  KeyD: [1, 0],
  ArrowRight: [1, 0],
};

/** WASD or arrows to move, the pointer to aim, its button or space to shoot. */
export class KeyboardMouse {
  readonly #held = new Set<string>();
  /** CSS pixels. */
  pointer: Point | undefined;
  #button = false;

  constructor(stage: HTMLElement) {
    addEventListener('keydown', (event) => {
      if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      if (!(event.code in DIRECTIONS) && event.code !== 'Space') return;
      event.preventDefault();
      this.#held.add(event.code);
    });
    addEventListener('keyup', (event) => this.#held.delete(event.code));
    addEventListener('blur', () => this.release());
    addEventListener('pointermove', (event) => {
      if (event.pointerType === 'mouse') this.pointer = { x: event.clientX, y: event.clientY };
    });
    stage.addEventListener('pointerdown', (event) => {
      if (event.pointerType !== 'mouse' || event.button !== 0) return;
      this.pointer = { x: event.clientX, y: event.clientY };
      this.#button = true;
    });
    addEventListener('pointerup', (event) => {
      if (event.pointerType === 'mouse') this.#button = false;
    });
    stage.addEventListener('contextmenu', (event) => event.preventDefault());
  }

  /** Nothing is held any more: the page is out of sight, or the game over. */
  release(): void {
    this.#held.clear();
    this.#button = false;
  }

  get fire(): boolean {
    return this.#button || this.#held.has('Space');
  }

  /** Length 0 or 1. */
  direction(): Point {
    let x = 0;
    let y = 0;
    for (const code of this.#held) {
      const way = DIRECTIONS[code];
      if (!way) continue;
      x += way[0];
      y += way[1];
    }
    const length = Math.hypot(x, y);
    return length === 0 ? { x: 0, y: 0 } : { x: x / length, y: y / length };
  }
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.type === 'text';
}
