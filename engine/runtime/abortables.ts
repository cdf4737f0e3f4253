import type { Activation } from './activation.ts';
import type { Turn } from './turn.ts';
import type { Waiting } from './waiting.ts';

/** One that waits, and for which entity. */
export interface Place {
  readonly activation: Activation;
  readonly waiting: Waiting;
}

/** Turns and waiting frames whose caller may abort, by the node that they came from and their request id. */
export class Abortables {
  private readonly all = new Map<string, Turn | Place>();

  get size(): number {
    return this.all.size;
  }

  add(source: number, requestId: number, target: Turn | Place): void {
    this.all.set(`${source}:${requestId}`, target);
  }

  find(source: number, requestId: number): Turn | Place | undefined {
    return this.all.get(`${source}:${requestId}`);
  }

  delete(source: number, requestId: number): void {
    this.all.delete(`${source}:${requestId}`);
  }
}
