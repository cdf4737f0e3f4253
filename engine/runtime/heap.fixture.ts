import type { Heap } from './relief.ts';

/** A heap whose collections a test makes. */
export class FakeHeap implements Heap {
  private readonly watchers: ((usedBytes: number, limitBytes: number) => void)[] = [];

  watch(collected: (usedBytes: number, limitBytes: number) => void): void {
    this.watchers.push(collected);
  }

  /** A full collection that leaves `share` of the limit in use. */
  collect(share: number): void {
    for (const watcher of this.watchers) watcher(share * 1000, 1000);
  }
}
