import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import { resourceLimits } from 'node:worker_threads';
import type { Heap } from '../runtime/relief.ts';
import type { Figures } from './thread-messages.ts';

/**
 * The heap of the thread that makes it, in bytes, among the gauges of its node. `heapLive` is what stood outside the young generation right after the last full
 * collection: the used heap is a saw with teeth of minutes, this is the line its feet stand on, and the one that tells of leaks.
 */
export class HeapFigures implements Heap {
  private liveBytes: number | undefined = undefined;
  private readonly limitBytes = oldGenerationBytesMax();
  private readonly observer: PerformanceObserver;
  private readonly watchers: ((usedBytes: number, limitBytes: number) => void)[] = [];

  constructor() {
    this.observer = new PerformanceObserver((list) => {
      const collections = list.getEntries() as unknown as { detail: { kind: number } }[];
      const isFull = collections.some(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR);
      if (isFull) this.collected(oldGenerationBytes());
    });
    this.observer.observe({ entryTypes: ['gc'] });
  }

  watch(collected: (usedBytes: number, limitBytes: number) => void): void {
    this.watchers.push(collected);
  }

  /** The figures of the thread's node with those of its heap. Before the first full collection all that is used counts as live. */
  beside({ counters, gauges }: Figures): Figures {
    const { used_heap_size, total_heap_size } = getHeapStatistics();
    return {
      counters,
      gauges: {
        ...gauges,
        heapUsedBytes: used_heap_size,
        heapTotalBytes: total_heap_size,
        heapLiveBytes: this.liveBytes ?? used_heap_size,
        heapLimitBytes: this.limitBytes,
      },
    };
  }

  private collected(liveBytes: number): void {
    this.liveBytes = liveBytes;
    for (const watcher of this.watchers) watcher(liveBytes, this.limitBytes);
  }
}

const oldGenerationBytes = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name }) => !space_name.startsWith('new_'))
    .reduce((sum, { space_used_size }) => sum + space_used_size, 0);

/** What the old generation may grow to; the limit of the whole heap, which Node tells of a main thread, is some young ones more. */
const oldGenerationBytesMax = (): number =>
  resourceLimits.maxOldGenerationSizeMb === undefined
    ? getHeapStatistics().heap_size_limit
    : resourceLimits.maxOldGenerationSizeMb * 1024 * 1024;
