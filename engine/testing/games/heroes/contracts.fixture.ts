import { contract, type int32 } from 'skerry';

export interface Hero {
  hit(damage: int32): Promise<int32>;
  /** Heals 10 after ten seconds. */
  rest(): Promise<int32>;
  hp(): Promise<int32>;
  /** Hits somebody else, one way. */
  attack(other: int32, damage: int32): void;
  wounded(damage: int32): void;
  stumble(): void;
  dice(count: int32): Promise<number[]>;
  /** A call that waits for time as well. */
  restOf(other: int32): Promise<int32>;
  /** Reads a file: what the engine knows nothing of. */
  remember(): Promise<int32>;
  /** Sends itself a message again and again. */
  spin(): void;
  /** Goes on for ever, without anybody who waits for it. */
  patrol(other: int32): void;
  /** Says something to the one client. */
  greet(name: string): Promise<string>;
}
export const Hero = contract<Hero>('Hero', {
  hit: { access: 'client' },
  rest: {},
  hp: { access: 'client', rate: '2/s' },
  attack: {},
  wounded: {},
  stumble: {},
  dice: {},
  restOf: { timeout: '5s' },
  remember: {},
  spin: {},
  patrol: {},
  greet: {},
});

export interface Bell {
  strikes(): Promise<number[]>;
}
export const Bell = contract<Bell>('Bell', { strikes: {} });

/** Implemented by clients. */
export interface HeroView {
  hurt(hp: int32): void;
  ask(question: string): Promise<string>;
}
export const HeroView = contract<HeroView>('HeroView', { hurt: {}, ask: { timeout: '3s' } });
