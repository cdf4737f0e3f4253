/** Calls on one thread without any engine: an object from a Map, its async method, await. */
import { drive } from '../games/ping/load.ts';
import { offer } from './pair.ts';
import { asyncTargets, TARGETS } from './targets.ts';

const targets = asyncTargets();
const ping = (target: number, a: number, b: number): Promise<number> => targets.get(target)!.ping(a, b);
offer({ drive: (outstanding, calls) => drive(ping, TARGETS, outstanding!, calls!) });
