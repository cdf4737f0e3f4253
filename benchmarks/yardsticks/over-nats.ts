/** Calls between two threads that know each other only through a NATS server: what is common to bare publishes and to the engine's links. */
import { drive, flood } from '../games/ping/load.ts';
import { offer, side } from './pair.ts';
import { plainTargets, TARGETS, Waiting } from './targets.ts';

export type Handle = (call: number, target: number, a: number, b: number) => void;

export interface RecordPipe {
  write(call: number, target: number, a: number, b: number): void;
  flush(): void;
}

/** Instead of `a`: how many messages came? */
const TOLD = -1;

/** A program for `Pair`. `open` connects to the server on that port of this machine; `handle` gets what the other side writes, and `done` follows the records of one message. */
export function overNats(
  open: (natsPort: number, role: 'caller' | 'callee', handle: Handle, done: () => void) => Promise<RecordPipe>,
): void {
  const { role, port } = side();
  if (role === 'callee') {
    port.once('message', async (natsPort: number) => {
      const targets = [...plainTargets().values()];
      const handle: Handle = (call, id, a, b) => {
        const target = targets[id]!;
        if (call === 0) target.messages++;
        else if (a !== TOLD) pipe.write(call, 0, target.ping(a, b), 0);
        else {
          pipe.write(call, 0, target.messages, 0);
          target.messages = 0;
        }
      };
      const pipe = await open(natsPort, role, handle, () => pipe.flush());
      port.postMessage('up');
    });
    offer({});
    return;
  }
  const waiting = new Waiting();
  let flushing = false;
  let pipe: RecordPipe;
  const opened = async (natsPort: number): Promise<void> => {
    if (pipe !== undefined) return;
    const settle: Handle = (call, _target, value) => waiting.settle(call, value);
    pipe = await open(natsPort, role, settle, () => {});
    const up = new Promise((resolve) => port.once('message', resolve));
    port.postMessage(natsPort);
    await up;
  };
  /** Everything written in one turn of the event loop leaves together. */
  const write = (call: number, target: number, a: number, b: number): void => {
    pipe.write(call, target, a, b);
    if (flushing) return;
    flushing = true;
    setImmediate(() => {
      flushing = false;
      pipe.flush();
    });
  };
  const ask = (target: number, a: number, b: number): Promise<number> => {
    const reply = waiting.add();
    write(waiting.lastNumber, target, a, b);
    return reply;
  };
  offer({
    async drive(natsPort, outstanding, calls) {
      await opened(natsPort!);
      return drive(ask, TARGETS, outstanding!, calls!);
    },
    async flood(natsPort, senders, messages) {
      await opened(natsPort!);
      const told = (target: number): Promise<number> => ask(target, TOLD, 0);
      return flood((target, a, b) => write(0, target, a, b), told, senders!, messages!);
    },
  });
}
