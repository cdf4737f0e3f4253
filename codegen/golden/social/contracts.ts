import { contract as define, type int32, type uint32 } from 'skerry';

export interface Player {
  invite(from: Player, guild: Guild | null): Promise<boolean>;
  tell(text: string): void;
}
export const Player = define<Player>('Player', { invite: { lock: 'entity' }, tell: { access: 'client', rate: '5/s' } });

/** One page of anything. */
interface Page<T> {
  items: readonly T[];
  next: int32 | null;
}

interface Membership {
  player: Player;
  since: Date;
  badge: Uint8Array;
}

type Empty = Record<'nothing', null>;

export interface Guild {
  members(from: uint32): Promise<Page<Membership>>;
  note(data: unknown, about?: unknown): Promise<void>;
  nothing(empty: Empty[]): void;
  /** Parcels: one of a fixed size, one that may be longer. */
  pay(coins: uint32): void;
  hand(badge: Uint8Array, to: Player): void;
}
export const Guild = define<Guild>('Guild', { members: { readOnly: true }, note: {}, nothing: {}, pay: { exactlyOnce: true }, hand: { exactlyOnce: true, lock: 'entity' } });
