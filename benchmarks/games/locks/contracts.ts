import { contract, type int32 } from 'skerry';

/** The same operation without a lock and with one. */
export interface Desk {
  free(a: int32, b: int32): Promise<int32>;
  locked(a: int32, b: int32): Promise<int32>;
}
export const Desk = contract<Desk>('Desk', { free: {}, locked: { lock: 'entity' } });

/** Calls desks of its own node. */
export interface Clerk {
  /** Nanoseconds that a call took, of so many, one after the other at each of some desks. */
  visit(lock: boolean, desks: int32[], calls: int32): Promise<number>;
}
export const Clerk = contract<Clerk>('Clerk', { visit: { timeout: '5m' } });
