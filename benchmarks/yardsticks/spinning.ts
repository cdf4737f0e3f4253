/** Calls over a ring each way by two threads that only spin: what is common to the bare ring and to the engine's links. */
import type { MessagePort } from 'node:worker_threads';
import { drive, flood, type Load } from '../games/ping/load.ts';
import { offer, side } from './pair.ts';
import { plainTargets, TARGETS, Waiting } from './targets.ts';

export type Handle = (call: number, target: number, a: number, b: number) => void;

export interface RecordWriter {
  write(call: number, target: number, a: number, b: number): void;
  flush(): void;
}

export interface RecordReader {
  pending(): boolean;
  drain(handle: Handle): void;
}

export interface Rings {
  allocate(): SharedArrayBuffer;
  writer(memory: SharedArrayBuffer): RecordWriter;
  reader(memory: SharedArrayBuffer): RecordReader;
}

interface Start {
  readonly requests: SharedArrayBuffer;
  readonly replies: SharedArrayBuffer;
  /** Word 0: how many runs the caller has finished. */
  readonly finished: SharedArrayBuffer;
  readonly run: number;
}

/** Instead of `a`: how many messages came? */
const TOLD = -1;

/** A program for `Pair`. */
export function spinning(rings: Rings): void {
  const { role, port } = side();
  if (role === 'caller') call(rings, port);
  else {
    let serve: ((run: number) => void) | undefined;
    port.on('message', (start: Start) => {
      serve ??= server(rings, start);
      serve(start.run);
    });
    offer({});
  }
}

/** Serves until the caller has finished as many runs. */
function server(rings: Rings, { requests, replies, finished }: Start): (run: number) => void {
  const targets = [...plainTargets().values()];
  const reader = rings.reader(requests);
  const writer = rings.writer(replies);
  const words = new Int32Array(finished);
  const handle: Handle = (call, id, a, b) => {
    const target = targets[id]!;
    if (call === 0) target.messages++;
    else if (a !== TOLD) writer.write(call, 0, target.ping(a, b), 0);
    else {
      writer.write(call, 0, target.messages, 0);
      target.messages = 0;
    }
  };
  return (run) => {
    while (Atomics.load(words, 0) < run) {
      reader.drain(handle);
      writer.flush();
    }
  };
}

function call(rings: Rings, port: MessagePort): void {
  const [requests, replies, finished] = [rings.allocate(), rings.allocate(), new SharedArrayBuffer(4)];
  const writer = rings.writer(requests);
  const reader = rings.reader(replies);
  const waiting = new Waiting();
  let runs = 0;
  let outstanding = 0;
  const ask = (target: number, a: number, b: number): Promise<number> => {
    const reply = waiting.add();
    outstanding++;
    writer.write(waiting.lastNumber, target, a, b);
    return reply;
  };
  const told = (target: number): Promise<number> => ask(target, TOLD, 0);
  const tell = (target: number, a: number, b: number): void => writer.write(0, target, a, b);
  const settle: Handle = (call, _target, value) => {
    outstanding--;
    waiting.settle(call, value);
  };
  const pumped = async (work: () => Promise<Load>): Promise<Load> => {
    port.postMessage({ requests, replies, finished, run: ++runs } satisfies Start);
    let over = false;
    const load = work().finally(() => {
      over = true;
    });
    while (!over) {
      writer.flush();
      while (outstanding > 0 && !reader.pending());
      reader.drain(settle);
      await null;
    }
    Atomics.store(new Int32Array(finished), 0, runs);
    return load;
  };
  offer({
    drive: (outstanding, calls) => pumped(() => drive(ask, TARGETS, outstanding!, calls!)),
    flood: (senders, messages) => pumped(() => flood(tell, told, senders!, messages!)),
  });
}
