import type { Activation } from './activation.ts';
import type { Waiting } from './waiting.ts';

/** One that waits, and for which entity. */
export interface Place {
  readonly activation: Activation;
  readonly waiting: Waiting;
}

/** What a turn can be told by, or where a frame waits. */
type Abortable = AbortController | Place;

/** Turns and waiting frames whose caller may abort, or whose entity looks whether it did, by the return address that they came from and their request id. */
export class Abortables {
  private readonly all = new Map<string, Abortable>();

  get size(): number {
    return this.all.size;
  }

  add(source: number, requestId: number, target: Abortable): void {
    this.all.set(keyOf(source, requestId), target);
  }

  find(source: number, requestId: number): Abortable | undefined {
    return this.all.get(keyOf(source, requestId));
  }

  delete(source: number, requestId: number): void {
    this.all.delete(keyOf(source, requestId));
  }

  /** The turns that came from there. */
  *turnsFrom(source: number): Generator<AbortController> {
    const beginning = keyOf(source, '');
    for (const [key, target] of this.all) {
      if (target instanceof AbortController && key.startsWith(beginning)) yield target;
    }
  }
}

const keyOf = (source: number, requestId: number | ''): string => `${source}:${requestId}`;

export const callerGaveUp = (): DOMException => new DOMException('The caller has given up.', 'AbortError');
export const callerLost = (): DOMException => new DOMException('The node of the caller was lost.', 'AbortError');
