import { contract, type int32 } from 'skerry';

/** Money of somebody. */
export interface Account {
  /** Takes from this account what the other one is given, or nothing from either. */
  transfer(to: int32, amount: int32): Promise<void>;
  deposit(amount: int32): Promise<void>;
  balance(): Promise<int32>;
}
export const Account = contract<Account>('Account', {
  // Nobody may see the money while it is under way, so both sides are held until it has arrived.
  transfer: { lock: 'entity' },
  deposit: { lock: 'entity' },
  balance: { lock: 'entity', readOnly: true },
});

export interface Tally {
  transfers: number;
  /** Transfers that were refused because each side waited for the other one, and were tried again. */
  deadlocks: number;
  /** How else a transfer ended, by the name of the error. */
  failures: Map<string, number>;
}

/** Moves money about. */
export interface Teller {
  /** Random transfers between the accounts 0 to `accounts - 1` for some time, so many at once. */
  work(ms: int32, accounts: int32, atOnce: int32): Promise<Tally>;
}
export const Teller = contract<Teller>('Teller', { work: { timeout: '10m' } });
