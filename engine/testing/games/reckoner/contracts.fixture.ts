import { contract } from 'skerry';

/** Calls compute functions, with everything that a call can have. */
export interface Reckoner {
  reckon(name: string, input: unknown): Promise<unknown>;
  /** With a timeout, or with the deadline of this call when there is none. */
  reckonWithin(name: string, input: unknown, timeoutMs: number): Promise<unknown>;
  /** Until `giveUp`. */
  reckonUntil(name: string, input: unknown): Promise<unknown>;
  giveUp(): void;
  forget(name: string, input: unknown): void;
  count(): Promise<number>;
}
export const Reckoner = contract<Reckoner>('Reckoner', {
  reckon: {},
  reckonWithin: {},
  reckonUntil: {},
  giveUp: {},
  forget: {},
  count: {},
});
