const SLOTS_MIN = 16;
/** Neighbouring ids, 32 of them, stand side by side: four cache lines of one page, which the first of them loads for all. */
const BLOCK_BITS = 5;

/** 2 ** 32 divided by the golden ratio: spreads what comes in sequence, or in steps of any size, evenly over the upper bits. */
const GOLDEN = 0x9e37_79b1;
/** The upper bits say on which shelf an id stands; the index of a shelf goes by the others. */
export const SHELF_BITS = 8;

/** On which of the shelves of its type an int32 id stands: blocks of neighbours together. */
export const shelfOfNumber = (id: number): number => Math.imul(id >> BLOCK_BITS, GOLDEN) >>> (32 - SHELF_BITS);

/**
 * Places by int32 ids: open addressing, never more than half full. Who is not there is mostly missed at the first look; a Map follows a chain
 * through as many cache lines as it has links, most of them far away. Nothing in it is for the garbage collector to look at.
 */
export class NumberIndex {
  /** For each slot an id and its place + 1, or 0 when the slot is free. */
  private pairs = new Int32Array(SLOTS_MIN * 2);
  private mask = SLOTS_MIN - 1;
  private shift = shiftFor(SLOTS_MIN);
  private used = 0;

  /** -1 when it has none. */
  placeOf(id: number): number {
    return this.pairs[this.slotOf(id) * 2 + 1]! - 1;
  }

  /** An id that has no place. */
  add(id: number, place: number): void {
    if ((this.used + 1) * 2 > this.mask + 1) this.resize((this.mask + 1) * 2);
    this.used++;
    const slot = this.slotOf(id);
    this.pairs[slot * 2] = id;
    this.pairs[slot * 2 + 1] = place + 1;
  }

  /** An id that has a place. Whoever stands behind it because the way was taken moves up, so that free slots end every search. */
  delete(id: number): void {
    const { pairs, mask } = this;
    let hole = this.slotOf(id);
    for (let slot = (hole + 1) & mask; pairs[slot * 2 + 1] !== 0; slot = (slot + 1) & mask) {
      const way = (slot - this.homeOf(pairs[slot * 2]!)) & mask;
      if (way < ((slot - hole) & mask)) continue;
      pairs[hole * 2] = pairs[slot * 2]!;
      pairs[hole * 2 + 1] = pairs[slot * 2 + 1]!;
      hole = slot;
    }
    pairs[hole * 2 + 1] = 0;
    this.used--;
  }

  /** Empty, with room for so many. */
  clear(room: number): void {
    let slots = SLOTS_MIN;
    while (slots < room * 2) slots *= 2;
    this.used = 0;
    this.allocate(slots);
  }

  /** Where an id stands, or the free slot where it would. */
  private slotOf(id: number): number {
    const { pairs, mask } = this;
    let slot = this.homeOf(id);
    while (pairs[slot * 2 + 1] !== 0 && pairs[slot * 2] !== id) slot = (slot + 1) & mask;
    return slot;
  }

  private homeOf(id: number): number {
    const block = (Math.imul(id >> BLOCK_BITS, GOLDEN) << SHELF_BITS) >>> this.shift;
    return ((block << BLOCK_BITS) | (id & ((1 << BLOCK_BITS) - 1))) & this.mask;
  }

  private resize(slots: number): void {
    const { pairs } = this;
    this.allocate(slots);
    for (let at = 0; at < pairs.length; at += 2) {
      if (pairs[at + 1] === 0) continue;
      const slot = this.slotOf(pairs[at]!);
      this.pairs[slot * 2] = pairs[at]!;
      this.pairs[slot * 2 + 1] = pairs[at + 1]!;
    }
  }

  private allocate(slots: number): void {
    this.pairs = new Int32Array(slots * 2);
    this.mask = slots - 1;
    this.shift = shiftFor(slots);
  }
}

/** Of the upper bits, as many as it takes to number the blocks. An index smaller than two blocks needs none: its mask leaves none. */
const shiftFor = (slots: number): number => 32 - (31 - Math.clz32(slots) - BLOCK_BITS);
