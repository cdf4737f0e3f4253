import { contract, type int32 } from 'skerry';

/** Has coins, and remembers what happened to them. */
export interface Vault {
  /** Resolves with the coins; saved behind. */
  add(coins: int32): Promise<int32>;
  /** As `add`, but saved before it resolves. */
  deposit(coins: int32): Promise<int32>;
  coins(): Promise<int32>;
  /** Adds, and goes on after a while to add the same again. */
  slowly(coins: int32, ms: int32): Promise<int32>;
  /** As `slowly`, with the vault for itself. */
  alone(coins: int32, ms: int32): Promise<int32>;
  put(name: string, value: unknown): Promise<void>;
  get(name: string): Promise<unknown>;
  fill(bytes: int32): Promise<void>;
  /** Makes the state one that cannot be saved, and good again. */
  spoil(isSpoilt: boolean): Promise<void>;
  trySave(): Promise<string>;
}
export const Vault = contract<Vault>('Vault', {
  add: {},
  deposit: {},
  coins: { readOnly: true },
  slowly: {},
  alone: { lock: 'entity' },
  put: {},
  get: { readOnly: true },
  fill: {},
  spoil: {},
  trySave: {},
});

/** Exists only once it was created. */
export interface Deed {
  owner(): Promise<string>;
  sell(owner: string): Promise<void>;
}
export const Deed = contract<Deed>('Deed', { owner: {}, sell: {} });

/** Its state is in its third version. */
export interface Relic {
  names(): Promise<string[]>;
  rename(name: string): Promise<void>;
}
export const Relic = contract<Relic>('Relic', { names: {}, rename: {} });

/** Forgets. */
export interface Guest {
  count(): Promise<int32>;
  trySave(): Promise<string>;
}
export const Guest = contract<Guest>('Guest', { count: {}, trySave: {} });
