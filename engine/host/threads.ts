import { Worker } from 'node:worker_threads';
import type { Figures, FromThread, ThreadStart, ToThread } from './thread-messages.ts';

const READY_MS_MAX = 60_000;
const FIGURES_MS_MAX = 1000;
const QUIET_POLL_MS = 5;
/** Gauges of a node that are above 0 while something is under way. */
const UNDER_WAY = ['turnsOpen', 'callsPending', 'backlogFrames'];

export interface ThreadEnvironment {
  /** The game's own flags, what stands behind `--`. */
  readonly gameArgs: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Of each thread; what Node gives when undefined. */
  readonly heapMb: number | undefined;
}

/** The node threads of a host. */
export class Threads {
  /** Resolves with the reason when a thread ends that should not, or `onStart` fails. */
  readonly failed: Promise<Error>;
  private readonly workers: { index: number; worker: Worker; exited: Promise<number>; hasExited: boolean }[] = [];
  private fail!: (error: Error) => void;
  private stopping = false;
  private figureRequests = 0;
  private readonly figuresWanted = new Map<number, (figures: Figures) => void>();

  constructor() {
    this.failed = new Promise((resolve) => {
      this.fail = resolve;
    });
  }

  /** Starts one thread per element and resolves once all are ready; rejects with the first failure. */
  async start(starts: readonly ThreadStart[], environment: ThreadEnvironment): Promise<void> {
    await Promise.all(starts.map((start) => this.startOne(start, environment)));
  }

  private startOne(start: ThreadStart, { gameArgs, env, heapMb }: ThreadEnvironment): Promise<void> {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: start,
      argv: gameArgs.length > 0 ? ['--', ...gameArgs] : [],
      ...flagsOf(process.execArgv),
      env,
      ...(heapMb !== undefined && { resourceLimits: { maxOldGenerationSizeMb: heapMb } }),
      name: `node ${start.index}`,
    });
    const exited = new Promise<number>((resolve) => worker.once('exit', resolve));
    const one = { index: start.index, worker, exited, hasExited: false };
    this.workers.push(one);
    return new Promise((resolve, reject) => {
      const timeout = setTimeout(
        () => reject(new Error(`Node ${start.index} was not ready within ${READY_MS_MAX / 1000} s.`)),
        READY_MS_MAX,
      );
      const settled = (): void => clearTimeout(timeout);
      const broke = (error: Error): void => {
        settled();
        reject(error);
        if (!this.stopping) this.fail(error);
      };
      worker.on('message', (message: FromThread) => {
        switch (message.kind) {
          case 'ready':
            settled();
            resolve();
            return;
          case 'failed':
            broke(new Error(message.message));
            return;
          case 'start-failed':
            this.fail(new Error(`onStart failed: ${message.message}`));
            return;
          case 'figures':
            this.figuresWanted.get(message.id)?.(message.figures);
            return;
          case 'drained':
            return;
        }
      });
      worker.on('error', (error) => broke(new Error(`Node ${start.index} crashed: ${error.stack ?? error}`)));
      void exited.then((code) => {
        one.hasExited = true;
        broke(new Error(`Node ${start.index} ended unexpectedly with code ${code}.`));
      });
    });
  }

  /** Runs the game's `onStart` on the first node. */
  startGame(): void {
    this.post(this.workers[0]!.worker, { kind: 'start' });
  }

  /** Figures of every node that answers within a second; a blocked one is left out. */
  async figures(): Promise<{ node: number; figures: Figures }[]> {
    const alive = this.workers.filter(({ hasExited }) => !hasExited);
    const asked = alive.map(
      ({ index, worker }) =>
        new Promise<{ node: number; figures: Figures } | undefined>((resolve) => {
          const id = ++this.figureRequests;
          const timeout = setTimeout(() => done(undefined), FIGURES_MS_MAX);
          const done = (figures: Figures | undefined): void => {
            clearTimeout(timeout);
            this.figuresWanted.delete(id);
            resolve(figures && { node: index, figures });
          };
          this.figuresWanted.set(id, done);
          this.post(worker, { kind: 'figures', id });
        }),
    );
    return (await Promise.all(asked)).filter((one) => one !== undefined);
  }

  /**
   * Resolves once no node had anything under way, seen twice in a row, or after `patienceMs`: until then every node still serves all others.
   * `alsoBusy` tells of what goes on outside of the threads.
   */
  async quiet(patienceMs: number, alsoBusy: () => boolean): Promise<void> {
    const giveUpAt = performance.now() + patienceMs;
    for (let seen = 0; seen < 2 && performance.now() < giveUpAt; ) {
      const all = await this.figures();
      const isBusy = alsoBusy() || all.some(({ figures: { gauges } }) => UNDER_WAY.some((name) => gauges[name]! > 0));
      seen = isBusy ? 0 : seen + 1;
      if (isBusy) await new Promise((resolve) => setTimeout(resolve, QUIET_POLL_MS));
    }
  }

  /** Drains every node, then ends the threads. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    await Promise.all(
      this.workers.map(async ({ worker, exited }) => {
        const drained = new Promise<void>((resolve) => {
          worker.on('message', (message: FromThread) => {
            if (message.kind === 'drained') resolve();
          });
          void exited.then(() => resolve());
          setTimeout(resolve, graceMs + 1000).unref();
        });
        this.post(worker, { kind: 'drain', graceMs });
        await drained;
      }),
    );
    // What the threads printed last is on its way to this thread's stdout; it arrives before the next turn of the event loop but one.
    await new Promise((resolve) => setTimeout(resolve, 10));
    await Promise.all(this.workers.map(({ worker }) => worker.terminate()));
  }

  private post(worker: Worker, message: ToThread): void {
    worker.postMessage(message);
  }
}

/**
 * A thread inherits the flags of its process, V8's included, when none are named; and must not inherit a program that stands among
 * them (`node -e …`). Then flags that load or resolve modules are named, which a thread takes.
 */
export function flagsOf(flags: readonly string[]): { execArgv?: string[] } {
  if (!flags.some((flag) => /^(?:-e|-p|-pe|--eval|--print|--input-type)(?:=|$)/.test(flag))) return {};
  const taken = /^(?:--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--enable-source-maps)(?:=|$)/;
  const execArgv: string[] = [];
  flags.forEach((flag, i) => {
    if (!taken.test(flag)) return;
    execArgv.push(flag);
    if (!flag.includes('=') && flag !== '--enable-source-maps') execArgv.push(flags[i + 1]!);
  });
  return { execArgv };
}
