/** How many activations each slot has on this node. In a cluster only: a slot is given away when it has none. */
export class Census {
  /** Grows with every slot that falls empty or comes to life. */
  changes = 0;
  private readonly counts: Int32Array;

  constructor(slots: number) {
    this.counts = new Int32Array(slots);
  }

  add(slot: number): void {
    if (this.counts[slot]!++ === 0) this.changes++;
  }

  remove(slot: number): void {
    if (--this.counts[slot]! === 0) this.changes++;
  }

  isEmpty(slot: number): boolean {
    return this.counts[slot] === 0;
  }

  anyIn(slots: Iterable<number>): boolean {
    for (const slot of slots) if (!this.isEmpty(slot)) return true;
    return false;
  }

  /** Slots that have any, ascending. */
  occupied(): number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < this.counts.length; slot++) if (this.counts[slot]! > 0) slots.push(slot);
    return slots;
  }
}
