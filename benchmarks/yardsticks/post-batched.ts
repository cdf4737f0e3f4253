/** Calls by `postMessage`, batched by hand: one Int32Array holds all that was called before the microtasks ran dry. */
import type { MessagePort } from 'node:worker_threads';
import { drive } from '../games/ping/load.ts';
import { offer, side } from './pair.ts';
import { asyncTargets, TARGETS, Waiting } from './targets.ts';

const WORDS = 65_536;

class Batch {
  private readonly words = new Int32Array(WORDS);
  private length = 0;
  private readonly port: MessagePort;
  private readonly flush = (): void => {
    // The copy's own buffer: a message takes the whole of it along.
    const { length } = this;
    this.length = 0;
    this.port.postMessage(this.words.slice(0, length));
  };

  constructor(port: MessagePort) {
    this.port = port;
  }

  add(call: number, b: number, c: number, d: number): void {
    const { words, length } = this;
    if (length === 0) queueMicrotask(this.flush);
    words[length] = call;
    words[length + 1] = b;
    words[length + 2] = c;
    words[length + 3] = d;
    this.length = length + 4;
  }
}

const { role, port } = side();
const batch = new Batch(port);
if (role === 'callee') {
  const targets = asyncTargets();
  port.on('message', (words: Int32Array) => {
    for (let i = 0; i < words.length; i += 4) {
      const call = words[i]!;
      const target = targets.get(words[i + 1]!)!;
      void target.ping(words[i + 2]!, words[i + 3]!).then((value) => batch.add(call, value, 0, 0));
    }
  });
  offer({});
} else {
  const waiting = new Waiting();
  port.on('message', (words: Int32Array) => {
    for (let i = 0; i < words.length; i += 4) waiting.settle(words[i]!, words[i + 1]!);
  });
  const ping = (target: number, a: number, b: number): Promise<number> => {
    const reply = waiting.add();
    batch.add(waiting.lastNumber, target, a, b);
    return reply;
  };
  offer({ drive: (outstanding, calls) => drive(ping, TARGETS, outstanding!, calls!) });
}
