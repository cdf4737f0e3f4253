import { contract, type int32 } from 'skerry';

export interface Tally {
  /** What it was told so far, itself the last, and where it is: a tally that came anew begins anew. */
  note(mark: int32): Promise<{ host: string; marks: int32[] }>;
  /** Tells another one, and hands its answer on. */
  pass(to: int32, mark: int32): Promise<{ host: string; marks: int32[] }>;
  /** Ends the thread that it is on. */
  endThread(): Promise<void>;
}
export const Tally = contract<Tally>('Tally', {
  note: { access: 'client', timeout: '20s' },
  pass: { access: 'client', timeout: '20s' },
  endThread: { access: 'client', timeout: '20s' },
});
