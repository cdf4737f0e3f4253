import { contract, type int32 } from 'skerry';

/** What happens in its life is the first word of its id, see `MortalEntity`. */
export interface Mortal {
  /** Which incarnation of its id this is, from 1 on. */
  touch(): Promise<int32>;
  note(text: string): void;
  /** Answers with how long it was, on the clock of `this.now()`. */
  nap(ms: number): Promise<number>;
  dice(): Promise<number>;
  /** Destroys itself after an await, waits for that, and goes on; whether there was one. */
  leave(): Promise<boolean>;
}
export const Mortal = contract<Mortal>('Mortal', { touch: {}, note: {}, nap: { timeout: '1h' }, dice: {}, leave: {} });

/** Ticks by itself, and is idle all the same. */
export interface Ticking {
  ticks(): Promise<int32>;
}
export const Ticking = contract<Ticking>('Ticking', { ticks: {} });
