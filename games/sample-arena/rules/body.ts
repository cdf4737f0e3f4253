import type { Baggage, Steering } from '../contracts.ts';
import type { Point } from './geometry.ts';
import { HP_MAX, SHIELD_MAX, STEERINGS_WAITING } from './numbers.ts';

/** A player in an arena: plain data, so that an arena can be packed up and go on elsewhere. */
export interface Body extends Point {
  readonly number: number;
  readonly id: string;
  name: string;
  visit: number;
  aim: number;
  /** 0 is dead. */
  hp: number;
  shield: number;
  rapidTicks: number;
  safeTicks: number;
  reloadTicks: number;
  respawnTicks: number;
  /** Above 0: on the way through a portal, out of play, for so many ticks more. */
  portalTicks: number;
  /** Kills since the last death. */
  streak: number;
  score: number;
  kills: number;
  deaths: number;
  /** Since the last steering arrived. */
  silentTicks: number;
  /** The last steering that was carried out. */
  ack: number;
  held: Pick<Steering, 'x' | 'y' | 'fire'>;
  waiting: Steering[];
}

export function newBody(number: number, id: string, name: string, visit: number, baggage?: Baggage): Body {
  return {
    number,
    id,
    name,
    visit,
    x: 0,
    y: 0,
    aim: 0,
    hp: Math.min(baggage?.hp || HP_MAX, HP_MAX),
    shield: Math.min(baggage?.shield ?? 0, SHIELD_MAX),
    rapidTicks: baggage?.rapidTicks ?? 0,
    safeTicks: 0,
    reloadTicks: 0,
    respawnTicks: 0,
    portalTicks: 0,
    streak: 0,
    score: baggage?.score ?? 0,
    kills: baggage?.kills ?? 0,
    deaths: baggage?.deaths ?? 0,
    silentTicks: 0,
    ack: 0,
    held: { x: 0, y: 0, fire: false },
    waiting: [],
  };
}

export function baggageOf(body: Body): Baggage {
  const { hp, shield, rapidTicks, score, kills, deaths } = body;
  return { hp, shield, rapidTicks, score, kills, deaths };
}

/** In play: can be seen, hit, and can act. */
export const isPresent = (body: Body): boolean => body.hp > 0 && body.portalTicks === 0;

/**
 * Steerings wait for their tick, one each, so that two that arrive together are two steps and not one. The wait is
 * short: who sends more than one a tick moves no faster, the oldest are dropped.
 */
export function receive(body: Body, steering: Steering): void {
  body.silentTicks = 0;
  body.waiting.push(steering);
  if (body.waiting.length > STEERINGS_WAITING) body.waiting.shift();
}

/** Takes the steering of this tick; without one the last is held. */
export function takeSteering(body: Body): void {
  const next = body.waiting.shift();
  if (!next) return;
  body.ack = next.seq;
  body.aim = next.aim;
  body.held = { x: next.x, y: next.y, fire: next.fire };
}
