import { contract, type int32 } from 'skerry';

/** Half a kilobyte of state. */
export interface Account {
  /** Flushed when it resolves. */
  deposit(coins: int32): Promise<int32>;
  /** Saved behind it. */
  add(coins: int32): Promise<int32>;
}
export const Account = contract<Account>('Account', { deposit: {}, add: {} });
