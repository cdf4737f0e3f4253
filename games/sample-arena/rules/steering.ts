import type { Steering } from '../contracts.ts';

const FULL_TURN = 65_536;

/**
 * What a client sends of what it wants: `x` and `y` from -1 to 1, `aim` in radians, any turn of it. Plain zeros, too: the
 * gateway takes no −0 from clients.
 */
export function steeringOf(seq: number, x: number, y: number, aim: number, fire: boolean): Steering {
  return {
    seq: seq & 0xffff,
    x: Math.round(Math.min(Math.max(x, -1), 1) * 127) | 0,
    y: Math.round(Math.min(Math.max(y, -1), 1) * 127) | 0,
    aim: Math.round((aim / (Math.PI * 2)) * FULL_TURN) & 0xffff,
    fire,
  };
}
