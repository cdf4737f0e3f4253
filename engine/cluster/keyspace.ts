import type { EntityId } from '../base/entity-id.ts';

/** The keyspace is cut into this many slots, fixed for the life of a cluster. */
export const SLOTS = 4096;

/** 64 bits, secret from clients, fixed for the life of a cluster: nobody outside can aim load at one slot. */
export type HashKey = readonly [low: number, high: number];

/**
 * HalfSipHash-1-3 over the type, the kind of the id, and the id. Allocates nothing for numbers and strings.
 * Source of the function: Aumasson and Bernstein, SipHash reference code (CC0), halfsiphash.
 */
export class Keyspace {
  private readonly key: HashKey;
  private v0 = 0;
  private v1 = 0;
  private v2 = 0;
  private v3 = 0;

  constructor(key: HashKey) {
    this.key = key;
  }

  slotOf(type: number, id: EntityId): number {
    this.begin();
    let words = 1;
    switch (typeof id) {
      case 'number': {
        this.absorb((type << 2) | 0);
        const high = Math.floor(id / 0x1_0000_0000);
        this.absorb(id - high * 0x1_0000_0000);
        this.absorb(high);
        words += 2;
        break;
      }
      case 'string':
        this.absorb((type << 2) | 1);
        for (let i = 0; i < id.length; i += 2) {
          this.absorb(id.charCodeAt(i) | ((i + 1 < id.length ? id.charCodeAt(i + 1) : 0) << 16));
          words++;
        }
        // So that a text with an odd length and one with a NUL behind it differ.
        words = (words << 1) | (id.length & 1);
        break;
      default: {
        this.absorb((type << 2) | (id < 0n ? 3 : 2));
        let rest = id < 0n ? -id : id;
        do {
          this.absorb(Number(rest & 0xffff_ffffn));
          rest >>= 32n;
          words++;
        } while (rest > 0n);
      }
    }
    return this.finish(words) & (SLOTS - 1);
  }

  private begin(): void {
    this.v0 = this.key[0] | 0;
    this.v1 = this.key[1] | 0;
    this.v2 = 0x6c796765 ^ this.key[0];
    this.v3 = 0x74656462 ^ this.key[1];
  }

  private absorb(word: number): void {
    this.v3 ^= word;
    this.round();
    this.v0 ^= word;
  }

  private finish(words: number): number {
    this.absorb(words << 24);
    this.v2 ^= 0xff;
    this.round();
    this.round();
    this.round();
    return this.v1 ^ this.v3;
  }

  private round(): void {
    let { v0, v1, v2, v3 } = this;
    v0 = (v0 + v1) | 0;
    v1 = (v1 << 5) | (v1 >>> 27);
    v1 ^= v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = (v3 << 8) | (v3 >>> 24);
    v3 ^= v2;
    v0 = (v0 + v3) | 0;
    v3 = (v3 << 7) | (v3 >>> 25);
    v3 ^= v0;
    v2 = (v2 + v1) | 0;
    v1 = (v1 << 13) | (v1 >>> 19);
    v1 ^= v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    this.v0 = v0;
    this.v1 = v1;
    this.v2 = v2;
    this.v3 = v3;
  }
}
