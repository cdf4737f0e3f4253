import type { Lane, LinkWriter } from '../../transport/link.ts';
import type { Counters } from './counters.ts';

/** The way to a node that does not live any more: takes answers that nobody waits for, and counts each as a dead letter. */
export class LostLink implements LinkWriter {
  readonly backlog = 0;
  readonly frameBytesMax: number;
  private readonly counters: Counters;

  constructor(frameBytesMax: number, counters: Counters) {
    this.frameBytesMax = frameBytesMax;
    this.counters = counters;
  }

  claim(): undefined {
    return undefined;
  }

  commit(): void {}

  spill(): boolean {
    this.counters.deadLetters++;
    return true;
  }

  conflate(_lane: Lane, _key: string, _frame: Uint8Array): 'queued' {
    this.counters.deadLetters++;
    return 'queued';
  }

  flush(): void {}

  waiting(): number {
    return 0;
  }

  taken(): number {
    return 0;
  }
}
