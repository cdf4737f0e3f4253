import { Timer } from './timing-wheel.ts';

/** Calls a function once. */
export class Alarm extends Timer {
  private readonly ring: () => void;

  constructor(ring: () => void) {
    super();
    this.ring = ring;
  }

  fire(): void {
    this.ring();
  }
}
