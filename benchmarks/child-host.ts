/** A host in a process of its own, for what concerns the whole process: memory, CPU. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Population } from './games/ping/contracts.ts';

/** What the child does on demand; the answer is one value. */
export type Order =
  /** Calls the targets 0 … count - 1 once. Answers null. */
  | { readonly kind: 'fill'; readonly count: number }
  /** Does nothing for so long; answers the CPU time that the process used meanwhile, in milliseconds. */
  | { readonly kind: 'rest'; readonly ms: number }
  /** Activates this many entities, or makes as many plain objects, on a node; answers a Population. */
  | { readonly kind: 'populate'; readonly count: number; readonly outstanding: number }
  | { readonly kind: 'populate-plain'; readonly count: number }
  /** Answers the resident memory in bytes, garbage collected. */
  | { readonly kind: 'resident' };

export class ChildHost implements AsyncDisposable {
  /** Of its gateway. */
  port = 0;
  private readonly child: ReturnType<typeof fork>;

  private constructor(child: ReturnType<typeof fork>) {
    this.child = child;
  }

  static start(workers: number): Promise<ChildHost> {
    return ChildHost.fork('./child-host-main.js', [String(workers)]);
  }

  /** Nothing but `ws`: only `port` and `resident` are of use. */
  static startBare(): Promise<ChildHost> {
    return ChildHost.fork('./yardsticks/bare-ws.js', []);
  }

  private static async fork(program: string, args: readonly string[]): Promise<ChildHost> {
    const host = new ChildHost(fork(fileURLToPath(new URL(program, import.meta.url)), args));
    host.port = (await host.answer()) as number;
    return host;
  }

  async fill(count: number): Promise<void> {
    await this.ask({ kind: 'fill', count });
  }

  rest(ms: number): Promise<number> {
    return this.ask({ kind: 'rest', ms }) as Promise<number>;
  }

  populate(count: number, outstanding: number): Promise<Population> {
    return this.ask({ kind: 'populate', count, outstanding }) as Promise<Population>;
  }

  populatePlain(count: number): Promise<Population> {
    return this.ask({ kind: 'populate-plain', count }) as Promise<Population>;
  }

  resident(): Promise<number> {
    return this.ask({ kind: 'resident' }) as Promise<number>;
  }

  /** Nothing of it is worth an orderly end. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await closed;
  }

  private ask(order: Order): Promise<unknown> {
    this.child.send(order);
    return this.answer();
  }

  private answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void): void => {
        this.child.off('message', arrived).off('exit', ended);
        end();
      };
      const arrived = (message: unknown): void => settle(() => resolve(message));
      const ended = (code: number | null): void =>
        settle(() => reject(new Error(`The host of a benchmark ended with code ${code}.`)));
      this.child.on('message', arrived).on('exit', ended);
    });
  }
}
