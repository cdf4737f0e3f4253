/**
 * The slots that have records in this host's own store. They only grow while the host lives: what is in them is bound to it. Before the first record of a slot is saved the
 * other hosts know, so that nobody begins anew what is stored here when this host is gone.
 */
export class RecordHolds {
  private readonly tell: (slots: readonly number[]) => void;
  private readonly all = new Set<number>();
  /** As many as the others know; slots are told in the order in which they came. */
  private known = 0;
  private told = 0;
  private readonly waiting: { readonly count: number; resolve(): void }[] = [];

  constructor(tell: (slots: readonly number[]) => void) {
    this.tell = tell;
  }

  get size(): number {
    return this.all.size;
  }

  /** Found at the start, before anybody can ask for anything. */
  found(slots: Iterable<number>): void {
    for (const slot of slots) this.all.add(slot);
    this.told = this.all.size;
    if (this.told > 0) this.tell([...this.all]);
  }

  /** Undefined when the others know of all of them; else resolves when they do. */
  noted(slots: Iterable<number>): Promise<void> | undefined {
    for (const slot of slots) this.all.add(slot);
    const count = this.all.size;
    if (count <= this.known) return undefined;
    // One report at a time: what comes meanwhile goes with the next.
    if (this.told === this.known) this.report();
    return new Promise((resolve) => this.waiting.push({ count, resolve }));
  }

  /** The others know of so many. */
  isKnown(count: number): void {
    this.known = Math.max(this.known, count);
    while (this.waiting.length > 0 && this.waiting[0]!.count <= this.known) this.waiting.shift()!.resolve();
    this.told = Math.max(this.told, this.known);
    if (this.told === this.known && this.all.size > this.known) this.report();
  }

  private report(): void {
    this.told = this.all.size;
    this.tell([...this.all]);
  }
}
