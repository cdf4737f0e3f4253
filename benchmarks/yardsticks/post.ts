/** Calls by `postMessage`, one message a call: what one writes first. */
import { drive, flood } from '../games/ping/load.ts';
import { offer, side } from './pair.ts';
import { asyncTargets, TARGETS, Waiting } from './targets.ts';

/** Call number (0: one way), target, a, b; of `told` b is missing. */
type Message = readonly [call: number, target: number, a: number, b?: number];

const { role, port } = side();
if (role === 'callee') {
  const targets = asyncTargets();
  port.on('message', ([call, id, a, b]: Message) => {
    const target = targets.get(id)!;
    if (call === 0) target.messages++;
    else if (b !== undefined) void target.ping(a, b).then((value) => port.postMessage([call, value]));
    else {
      port.postMessage([call, target.messages]);
      target.messages = 0;
    }
  });
  offer({});
} else {
  const waiting = new Waiting();
  port.on('message', ([call, value]: readonly [number, number]) => waiting.settle(call, value));
  const ping = (target: number, a: number, b: number): Promise<number> => {
    const reply = waiting.add();
    port.postMessage([waiting.lastNumber, target, a, b]);
    return reply;
  };
  const tell = (target: number, a: number, b: number): void => port.postMessage([0, target, a, b]);
  const told = (target: number): Promise<number> => {
    const reply = waiting.add();
    port.postMessage([waiting.lastNumber, target, 0]);
    return reply;
  };
  offer({
    drive: (outstanding, calls) => drive(ping, TARGETS, outstanding!, calls!),
    flood: (senders, messages) => flood(tell, told, senders!, messages!),
  });
}
