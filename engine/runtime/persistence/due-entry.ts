interface Waiter {
  readonly due: number;
  resolve(): void;
  failed(error: Error): void;
}

/**
 * An entity with durable tasks, as the index of its slot knows it: from when it is to be activated, or has its first one, until it is gone and
 * the index says what it left. Times in milliseconds since 1970; Infinity is none.
 *
 * What has to hold: the index has it no later than whatever its record in the store says is due. Earlier is harmless: it is activated in vain.
 */
export class DueEntry {
  readonly key: string;
  /** Where it may stand in the store. */
  positions: number[] = [];
  /** It stands in the store at this time or before, for certain. */
  upper = Number.POSITIVE_INFINITY;
  /** Where it is to stand, and nowhere else. */
  wanted = Number.POSITIVE_INFINITY;
  /** Its activation has durable tasks, or may have: it is on its way. Whatever is due is its business. */
  isLiving = false;
  isWaking = false;
  private waiters: Waiter[] = [];

  constructor(key: string) {
    this.key = key;
  }

  get isHeld(): boolean {
    return this.isLiving || this.isWaking;
  }

  /** The store has it where it is to stand, and nowhere else. */
  get isClean(): boolean {
    const { wanted, positions } = this;
    if (wanted === Number.POSITIVE_INFINITY) return positions.length === 0;
    return positions.length === 1 && positions[0] === wanted && this.upper <= wanted;
  }

  /** Calls `failed` whenever it did not work; it is tried again. */
  covered(due: number, failed: (error: Error) => void): Promise<void> {
    return new Promise((resolve) => this.waiters.push({ due, resolve, failed }));
  }

  /** It is being written: until that is known it stands where it was or there. */
  writing(target: number): void {
    this.upper = Math.max(this.upper, target);
    if (target !== Number.POSITIVE_INFINITY && !this.positions.includes(target)) this.positions.push(target);
  }

  written(target: number): void {
    this.positions = target === Number.POSITIVE_INFINITY ? [] : [target];
    this.upper = target;
    const { waiters } = this;
    this.waiters = waiters.filter(({ due }) => due < target);
    for (const { due, resolve } of waiters) if (due >= target) resolve();
  }

  failed(error: Error): void {
    for (const waiter of this.waiters) waiter.failed(error);
  }
}
