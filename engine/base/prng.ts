/** A seeded generator (sfc32). Every component forks one of its own, so that a draw added in one place shifts no other. */
export class Prng {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** `seed` and `label` are mixed: the same pair gives the same sequence. */
  constructor(seed: number, label = '') {
    let hash = (seed ^ 0x9e3779b9) | 0;
    for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
    this.a = hash;
    this.b = Math.imul(hash ^ (seed >>> 16), 0x85ebca6b);
    this.c = Math.imul(hash + seed, 0xc2b2ae35);
    for (let i = 0; i < 12; i++) this.uint32();
  }

  uint32(): number {
    const result = (this.a + this.b + this.counter++) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + result;
    return result >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  fork(label: string): Prng {
    return new Prng(this.uint32(), label);
  }
}
