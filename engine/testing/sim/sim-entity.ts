import type { SimCall } from './sim-frame.ts';

/** An activation in the memory of a simulated node. */
export interface SimEntity {
  readonly id: number;
  readonly slot: number;
  readonly epoch: number;
  count: number;
  etag: number;
  /** Undefined once it is active; calls wait in it until then. */
  waiting: { call: SimCall; done: (ok: boolean) => void }[] | undefined;
  openTurns: number;
  /** Writes under way. */
  saving: number;
}

/** Every third entity is volatile. */
export function isPersistent(entity: number): boolean {
  return entity % 3 !== 0;
}
