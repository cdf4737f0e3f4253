/** Calls on one thread without any engine: an object from a Map, its async method, await. */
import { drive } from '../games/ping/load.ts';
import { offer } from './pair.ts';
import { TARGETS } from './targets.ts';

class AsyncTarget {
  async ping(a: number, b: number): Promise<number> {
    return (a + b) | 0;
  }
}

const targets = new Map(Array.from({ length: TARGETS }, (_, id) => [id, new AsyncTarget()]));
const ping = (target: number, a: number, b: number): Promise<number> => targets.get(target)!.ping(a, b);
offer({ drive: (outstanding, calls) => drive(ping, TARGETS, outstanding!, calls!) });
