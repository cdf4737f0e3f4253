import type { Piscina } from 'piscina';
import { CallTimeoutError, NodeDownError, OverloadedError, UnavailableError } from '../base/errors.ts';
import type { Compute, ComputeOutcome } from '../runtime/compute.ts';
import type { Log } from '../runtime/log.ts';
import { ABORTED, type ComputeJob, type JobOutcome, TIMED_OUT } from './compute-thread.ts';

/** Calls that wait for a thread, and bytes of their inputs. */
export const WAITING_MAX = 4096;
export const WAITING_BYTES_MAX = 64 * 1024 * 1024;
/** How long a function that was aborted has to stop by itself, before its thread is ended. */
const GRACE_MS = 100;
/** How long a thread without work is kept: it holds some 10 MB. */
const IDLE_MS = 10_000;
/** Of one thread, JavaScript objects only. */
const HEAP_MB = 1024;

export interface ComputePoolOptions {
  /** URLs of built modules by the names of their functions. */
  readonly functions: ReadonlyMap<string, string>;
  readonly threadsMax: number;
  readonly log: Log;
  /** The game's own flags, as its node threads have them. */
  readonly argv?: string[];
  /** Flags of Node.js; those of the process when left out. */
  readonly execArgv?: string[];
  readonly waitingMax?: number;
  readonly waitingBytesMax?: number;
  readonly graceMs?: number;
  readonly idleMs?: number;
  readonly heapMb?: number;
}

interface Waiting {
  readonly name: string;
  readonly url: string;
  readonly input: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  resolve(outcome: ComputeOutcome | Promise<ComputeOutcome>): void;
  reject(error: Error): void;
}

/**
 * The threads for compute functions of a host. There is none before the first call, and none some time after the last.
 *
 * Calls wait here and not in the pool's own queue, which starts no thread for what waits when a thread has been ended.
 */
export class ComputePool implements Compute {
  private readonly options: ComputePoolOptions;
  private readonly queue = new Set<Waiting>();
  private waitingBytes = 0;
  private threads: Promise<Piscina> | undefined;
  private opened: Piscina | undefined;
  private stopped = false;
  private running = 0;
  private done = 0;
  private failed = 0;

  constructor(options: ComputePoolOptions) {
    this.options = options;
  }

  /** For metrics. A call that nobody waits for any more counts as failed. */
  figures(): { counters: Record<string, number>; gauges: Record<string, number> } {
    return {
      counters: { computeDone: this.done, computeFailed: this.failed },
      gauges: {
        computeRunning: this.running,
        computeWaiting: this.queue.size,
        computeThreads: this.opened?.threads.length ?? 0,
      },
    };
  }

  async run(name: string, input: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<ComputeOutcome> {
    const url = this.options.functions.get(name);
    if (url === undefined) throw new UnavailableError('no-owner', `This host has no compute function '${name}'.`);
    if (this.stopped) throw stopping();
    signal.throwIfAborted();
    if (this.running >= this.options.threadsMax) this.checkRoom(name, input.length);
    return new Promise((resolve, reject) => {
      const call: Waiting = { name, url, input, signal, resolve, reject };
      if (this.running < this.options.threadsMax) this.start(call);
      else this.wait(call);
    });
  }

  /** Ends every thread, whatever it does. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const { reject } of this.queue) reject(stopping());
    this.queue.clear();
    await (await this.threads)?.destroy();
  }

  private checkRoom(name: string, bytes: number): void {
    const { waitingMax = WAITING_MAX, waitingBytesMax = WAITING_BYTES_MAX } = this.options;
    if (this.queue.size < waitingMax && this.waitingBytes + bytes <= waitingBytesMax) return;
    this.failed++;
    throw new OverloadedError(
      'calls-exhausted',
      `compute '${name}': ${this.queue.size} calls with ${this.waitingBytes} bytes wait for a compute thread already.`,
    );
  }

  private wait(call: Waiting): void {
    this.queue.add(call);
    this.waitingBytes += call.input.length;
    call.signal.addEventListener(
      'abort',
      () => {
        if (!this.forget(call)) return;
        this.failed++;
        call.reject(call.signal.reason);
      },
      { once: true },
    );
  }

  private forget(call: Waiting): boolean {
    if (!this.queue.delete(call)) return false;
    this.waitingBytes -= call.input.length;
    return true;
  }

  private start(call: Waiting): void {
    this.running++;
    call.resolve(
      this.runNow(call)
        .then((outcome) => {
          if ('value' in outcome) this.done++;
          else this.failed++;
          return outcome;
        })
        .catch((error: unknown) => {
          this.failed++;
          throw error;
        })
        .finally(() => {
          this.running--;
          const [next] = this.queue;
          if (next === undefined || this.stopped) return;
          this.forget(next);
          this.start(next);
        }),
    );
  }

  /** On a thread of its own until it ends, or is ended. */
  private async runNow({ name, url, input, signal }: Waiting): Promise<ComputeOutcome> {
    const { log, graceMs = GRACE_MS } = this.options;
    this.threads ??= this.open();
    const threads = await this.threads;
    const word = new SharedArrayBuffer(4);
    const end = new AbortController();
    let grace: NodeJS.Timeout | undefined;
    const abort = (): void => {
      // Pairs with `listen` in compute-thread.ts.
      const flag = new Int32Array(word);
      Atomics.store(flag, 0, signal.reason instanceof CallTimeoutError ? TIMED_OUT : ABORTED);
      Atomics.notify(flag, 0);
      grace = setTimeout(() => end.abort(), graceMs);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    try {
      const job: ComputeJob = { name, url, input, word };
      const { notes, ...outcome }: JobOutcome = await threads.run(job, {
        transferList: [input.buffer],
        signal: end.signal,
      });
      for (const { fields, message } of notes) log.error(fields, message);
      return outcome;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      // What the function itself throws comes as an outcome: its thread is gone.
      const message = `compute '${name}': the thread that ran it has ended: ${(error as Error).message}`;
      if (!this.stopped) log.error({ err: error, compute: name }, 'a compute function ended its thread');
      throw new NodeDownError('node-lost', message);
    } finally {
      clearTimeout(grace);
      signal.removeEventListener('abort', abort);
    }
  }

  private async open(): Promise<Piscina> {
    const { threadsMax, argv, execArgv, idleMs = IDLE_MS, heapMb = HEAP_MB, log } = this.options;
    // Loaded when needed: most hosts never compute.
    const { Piscina: Pool } = await import('piscina');
    const threads = new Pool({
      filename: new URL('./compute-thread.js', import.meta.url).href,
      minThreads: 0,
      maxThreads: threadsMax,
      idleTimeout: idleMs,
      concurrentTasksPerWorker: 1,
      // A thread without work must not block: what a function left behind would go off in the next call.
      atomics: 'disabled',
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: heapMb },
      ...(argv && { argv }),
      ...(execArgv && { execArgv }),
    });
    threads.on('error', (error: unknown) => {
      log.error({ err: error }, 'something that a compute function left behind ended its thread');
    });
    this.opened = threads;
    return threads;
  }
}

const stopping = (): UnavailableError => new UnavailableError('no-owner', 'The host is stopping.');
