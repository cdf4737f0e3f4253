/** Yardsticks on threads: a caller's and a callee's, or a caller's alone; the thread that started them is idle meanwhile. */
import { MessageChannel, type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';
import type { Load } from '../games/ping/load.ts';

export type Role = 'caller' | 'callee';

interface Side {
  readonly role: Role;
  /** To the other side. */
  readonly port: MessagePort;
  readonly memory: SharedArrayBuffer;
}

interface Order {
  readonly work: string;
  readonly args: readonly number[];
}

type Outcome = { readonly load: Load } | { readonly error: string };

const MEMORY_BYTES = 4096;

/** The threads of one yardstick, seen from the thread that measures. */
export class Pair {
  private readonly workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.workers = workers;
  }

  /** `program` is the file of the yardstick; it finds out with `side()` what it is. Resolves when all sides are up. */
  static async start(program: URL, roles: readonly Role[] = ['callee', 'caller']): Promise<Pair> {
    const { port1, port2 } = new MessageChannel();
    const memory = new SharedArrayBuffer(MEMORY_BYTES);
    const workers = roles.map((role) => {
      const port = role === 'caller' ? port1 : port2;
      return new Worker(program, { workerData: { role, port, memory } satisfies Side, transferList: [port] });
    });
    await Promise.all(workers.map((worker) => nextMessage(worker)));
    return new Pair(workers);
  }

  /** Has the caller's side do a work that it offers. */
  async run(work: string, ...args: number[]): Promise<Load> {
    const caller = this.workers.at(-1)!;
    const answer = nextMessage(caller);
    caller.postMessage({ work, args } satisfies Order);
    const outcome = (await answer) as Outcome;
    if ('error' in outcome) throw new Error(outcome.error);
    return outcome.load;
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}

function nextMessage(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void): void => {
      worker.off('message', arrived).off('error', failed);
      end();
    };
    const arrived = (message: unknown): void => settle(() => resolve(message));
    const failed = (error: unknown): void => settle(() => reject(error));
    worker.on('message', arrived).on('error', failed);
  });
}

/** What the thread that runs this is. */
export const side = (): Side => workerData as Side;

/** By a caller's side: offers its works, by name. By a callee's: an empty offer, which keeps the thread up. */
export function offer(works: Readonly<Record<string, (...args: number[]) => Promise<Load>>>): void {
  parentPort!.on('message', ({ work, args }: Order) => {
    works[work]!(...args).then(
      (load) => parentPort!.postMessage({ load } satisfies Outcome),
      (error) => parentPort!.postMessage({ error: String(error) } satisfies Outcome),
    );
  });
  parentPort!.postMessage('up');
}
