import { contract, type int32 } from 'skerry';

/** Has coins, and hands them to others in messages that take effect once. */
export interface Purse {
  mint(coins: int32): Promise<void>;
  coins(): Promise<int32>;
  /** What has arrived, in order. */
  notes(): Promise<string[]>;
  pay(to: int32, coins: int32): Promise<void>;
  /** With the purse for itself, and the coins taken out some time after they were sent. */
  payAlone(to: int32, coins: int32, ms: int32): Promise<void>;
  /** Several at once, to a purse or a deed. */
  write(to: int32, notes: string[]): Promise<void>;
  writeBytes(to: int32, bytes: int32): Promise<string>;
  writeDeed(to: int32, note: string): Promise<void>;
  /** Sends a coin in `onDeactivate`. */
  leaveTo(to: int32): Promise<void>;
  take(coins: int32): void;
  /** Adds half of it, waits, and adds the rest, with the purse for itself. */
  takeAlone(coins: int32, ms: int32): void;
  note(text: string, from: Purse | null): void;
  fill(bytes: Uint8Array): void;
  /** Takes a coin, and throws. */
  stumble(): void;
}
export const Purse = contract<Purse>('Purse', {
  mint: {},
  coins: { readOnly: true },
  notes: { readOnly: true },
  pay: {},
  payAlone: { lock: 'entity' },
  write: {},
  writeBytes: {},
  writeDeed: {},
  leaveTo: {},
  take: { exactlyOnce: true },
  takeAlone: { exactlyOnce: true, lock: 'entity' },
  note: { exactlyOnce: true },
  fill: { exactlyOnce: true },
  stumble: { exactlyOnce: true },
});

/** Exists only once it was created. */
export interface Deed {
  note(text: string): void;
  notes(): Promise<string[]>;
}
export const Deed = contract<Deed>('Deed', { note: { exactlyOnce: true }, notes: {} });

/** Forgets, and so cannot send what is not forgotten. */
export interface Stall {
  tryPay(to: int32): Promise<string>;
}
export const Stall = contract<Stall>('Stall', { tryPay: {} });
