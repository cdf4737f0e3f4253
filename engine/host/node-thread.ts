import { Worker } from 'node:worker_threads';
import { BlackBoxReader } from '../runtime/black-box.ts';
import { flagsOf } from './thread-flags.ts';
import type { FromThread, ThreadStart, ToThread } from './thread-messages.ts';

const READY_MS_MAX = 60_000;
/** How long a thread may take to end once it was told to; one that takes longer is in native code, which nothing interrupts. */
const KILL_MS = 250;

export interface ThreadEnvironment {
  /** The game's own flags, what stands behind `--`. */
  readonly gameArgs: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** MiB of each thread; what Node gives when undefined. */
  readonly heapMb: number | undefined;
}

/** Why a thread ended. */
export type DeathCause = 'exited' | 'crashed' | 'out-of-memory' | 'hung' | 'corrupt-link' | 'start-failed';

export interface ThreadDeath {
  readonly why: DeathCause;
  /** For people; with a stack when there is one. */
  readonly message: string;
  /** The node had served calls. */
  readonly wasReady: boolean;
}

export interface ThreadEvents {
  onMessage(thread: NodeThread, message: FromThread): void;
  /** Once, after its 'exit' event: it stores and sends nothing any more. */
  onDeath(thread: NodeThread, death: ThreadDeath): void;
  /** It was told to end `KILL_MS` ago and has not. */
  onStuck(thread: NodeThread): void;
}

/** One life of one node: the worker, from its start to its exit. */
export class NodeThread {
  readonly index: number;
  readonly life: number;
  /** Of `node:worker_threads`. */
  readonly threadId: number;
  readonly box: BlackBoxReader;
  /** Rejects with one line for the operator when it ends, or is not ready in time. */
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  hasEnded = false;
  private readonly worker: Worker;
  isReady = false;
  private condemned: { why: DeathCause; message: string } | undefined = undefined;

  constructor(start: ThreadStart, { gameArgs, env, heapMb }: ThreadEnvironment, events: ThreadEvents) {
    this.index = start.index;
    this.life = start.lives[start.index]!;
    this.box = new BlackBoxReader(start.boxes[start.index]!);
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: start,
      ...(start.cluster !== undefined && { transferList: [start.cluster.control] }),
      argv: gameArgs.length > 0 ? ['--', ...gameArgs] : [],
      ...flagsOf(process.execArgv),
      ...(heapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
      env,
      name: `node ${start.index}`,
    });
    this.worker = worker;
    this.threadId = worker.threadId;
    let settle!: (error?: Error) => void;
    this.ready = new Promise((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve() : reject(error));
    });
    // Whoever starts the thread listens; of a replacement everybody hears by its death.
    this.ready.catch(() => {});
    const timeout = setTimeout(() => {
      this.terminate('start-failed', `Node ${start.index} was not ready within ${READY_MS_MAX / 1000} s.`, events);
    }, READY_MS_MAX);
    worker.on('message', (message: FromThread) => {
      if (message.kind === 'ready') {
        clearTimeout(timeout);
        this.isReady = true;
        settle();
      } else if (message.kind === 'failed') this.terminate('start-failed', message.message, events);
      events.onMessage(this, message);
    });
    let crash: Error | undefined;
    worker.on('error', (error) => {
      crash = error instanceof Error ? error : new Error(String(error));
    });
    this.ended = new Promise((resolve) => {
      worker.once('exit', (code) => {
        clearTimeout(timeout);
        this.hasEnded = true;
        const death = this.deathOf(code, crash);
        settle(new Error(death.message));
        resolve();
        events.onDeath(this, death);
      });
    });
  }

  /** How long its event loop has had nothing to do so far; read from here, also while it is blocked. */
  get idleMs(): number {
    return this.worker.performance.eventLoopUtilization().idle;
  }

  post(message: ToThread): void {
    if (!this.hasEnded) this.worker.postMessage(message);
  }

  /** Ends it between two of its instructions, unless it is in native code. */
  terminate(why: DeathCause, message: string, events: ThreadEvents): void {
    if (this.condemned !== undefined || this.hasEnded) return;
    this.condemned = { why, message };
    void this.worker.terminate();
    const stuck = setTimeout(() => {
      if (!this.hasEnded) events.onStuck(this);
    }, KILL_MS);
    void this.ended.then(() => clearTimeout(stuck));
  }

  /** At the end of the host. Resolves when it has ended. */
  async end(): Promise<void> {
    await this.worker.terminate();
  }

  private deathOf(code: number, crash: Error | undefined): ThreadDeath {
    const { index, isReady: wasReady, condemned } = this;
    if (condemned !== undefined) return { ...condemned, wasReady };
    if ((crash as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY') {
      return { why: 'out-of-memory', message: `Node ${index} ran out of memory.`, wasReady };
    }
    if (crash !== undefined) {
      return { why: 'crashed', message: `Node ${index} crashed: ${crash.stack ?? crash}`, wasReady };
    }
    return { why: 'exited', message: `Node ${index} ended unexpectedly with code ${code}.`, wasReady };
  }
}
