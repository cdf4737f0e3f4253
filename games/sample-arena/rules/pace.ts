export interface Percentiles {
  p50: number;
  p99: number;
  max: number;
}

/** The last `size` samples of something, and their percentiles. */
export class Pace {
  readonly #samples: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.#samples = new Float64Array(size);
  }

  add(sample: number): void {
    this.#samples[this.#count % this.#samples.length] = sample;
    this.#count++;
  }

  /** All 0 before the first sample. */
  percentiles(): Percentiles {
    const held = Math.min(this.#count, this.#samples.length);
    if (held === 0) return { p50: 0, p99: 0, max: 0 };
    const sorted = this.#samples.slice(0, held).sort();
    const at = (share: number) => sorted[Math.min(held - 1, Math.floor(share * held))]!;
    return { p50: at(0.5), p99: at(0.99), max: sorted[held - 1]! };
  }
}
