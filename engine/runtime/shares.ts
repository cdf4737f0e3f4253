/** What an activation knows of locks besides who holds it for itself; made on first need. */
export class Shares {
  /** Read-only turns that share the `entity` lock. */
  readers = 0;
  /** Turns under a `method` lock, by operation: more than one when a call chain comes back. */
  readonly methods = new Map<number, number>();
}
