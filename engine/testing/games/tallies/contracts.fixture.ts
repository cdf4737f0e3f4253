import { contract, type int32 } from 'skerry';

/** What a tally has noted in its present life: one that came anew begins anew. */
export interface Noted {
  host: string;
  /** The first mark of this life, the one before this, and how many there are. */
  first: int32;
  before: int32;
  count: int32;
}

export interface Tally {
  note(mark: int32): Promise<Noted>;
  /** Tells another one, and hands its answer on. */
  pass(to: int32, mark: int32): Promise<Noted>;
  /** Ends the thread that it is on. */
  endThread(): Promise<void>;
}
export const Tally = contract<Tally>('Tally', {
  note: { access: 'client', timeout: '20s' },
  pass: { access: 'client', timeout: '20s' },
  endThread: { access: 'client', timeout: '20s' },
});
