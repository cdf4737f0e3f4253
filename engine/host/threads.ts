import { performance } from 'node:perf_hooks';
import type { HashKey } from '../cluster/keyspace.ts';
import type { LockReport } from '../runtime/lock-report.ts';
import { EXIT_TAKEN, HostLost } from './host-lost.ts';
import type { Mesh, PeerLinks } from './mesh.ts';
import { NodeThread, type ThreadDeath, type ThreadEnvironment, type ThreadEvents } from './node-thread.ts';
import type { StoreIdentity } from './store-identity.ts';
import type { Supervision } from './supervision.ts';
import type { Figures, FromThread, StoreStart, ThreadStart, ToThread } from './thread-messages.ts';

const ANSWER_MS_MAX = 1000;
const QUIET_POLL_MS = 5;
/** How long an unsupervised host waits for a thread in native code before it gives up. */
const STUCK_MS_MAX = 30_000;
/** Gauges of a node that are above 0 while something is under way. */
const UNDER_WAY = ['turnsOpen', 'callsPending', 'backlogFrames'];

export interface ThreadsOptions {
  readonly mesh: Mesh;
  readonly supervision: Supervision;
  readonly newIncarnation: () => number;
  /** Index of the node on this thread. */
  readonly mainNode: number;
  /** The node on this thread learns of another's next life, like all others. */
  readonly peerReplaced: (links: PeerLinks) => void;
  /** What the next life of a node is started with that the one before was not. After the mesh was renewed. */
  readonly nextStart?: (index: number) => Partial<ThreadStart>;
  /** In a cluster: all slots that have records in the store of this host. */
  readonly holds?: (slots: readonly number[]) => void;
}

/** The node threads of a host: started, replaced when they die, drained and ended. */
export class Threads implements ThreadEvents {
  /** Resolves with the reason when the host cannot go on: a node died too often, or `onStart` failed. */
  readonly failed: Promise<Error>;
  private readonly options: ThreadsOptions;
  /** By node; the node on this thread is none of them. */
  private readonly threads = new Map<number, NodeThread>();
  private readonly origins = new Map<number, { start: ThreadStart; environment: ThreadEnvironment }>();
  private hearStore: (identity: StoreIdentity) => void = () => {};
  private fail!: (error: Error) => void;
  /** All nodes were ready once: from then on a thread that dies is replaced. */
  private hasStarted = false;
  private stopping = false;
  private questions = 0;
  private readonly answersWanted = new Map<number, (answer: unknown) => void>();
  private readonly drained = new Map<NodeThread, () => void>();

  constructor(options: ThreadsOptions) {
    this.options = options;
    this.failed = new Promise((resolve) => {
      this.fail = resolve;
    });
  }

  /**
   * Starts the thread that holds the store, and resolves with what it found there, unchanged. Rejects with one line when it cannot be used.
   */
  async openStore(start: ThreadStart & { store: StoreStart }, environment: ThreadEnvironment): Promise<StoreIdentity> {
    const thread = this.launch(start, environment);
    const found = new Promise<StoreIdentity>((resolve) => {
      this.hearStore = resolve;
    });
    const claimed = await Promise.race([found, thread.ready.then(() => found)]);
    const store = { ...start.store, claimed };
    this.origins.set(start.index, { start: { ...start, store }, environment });
    return claimed;
  }

  /** Takes the store for this host, or joins those that share it. Rejects with one line. */
  async claimStore(index: number, hashKey: HashKey): Promise<void> {
    const thread = this.threads.get(index)!;
    const { start, environment } = this.origins.get(index)!;
    const store = { ...start.store!, claimed: { ...start.store!.claimed!, hashKey } };
    this.origins.set(index, { start: { ...start, store }, environment });
    thread.post({ kind: 'claim-store', hashKey });
    await thread.ready;
  }

  /** The other hosts know of so many slots that have records in the store. */
  held(index: number, count: number): void {
    this.threads.get(index)?.post({ kind: 'held', count });
  }

  private get all(): NodeThread[] {
    return [...this.threads.values()];
  }

  private launch(start: ThreadStart, environment: ThreadEnvironment): NodeThread {
    const thread = new NodeThread(start, environment, this);
    this.threads.set(start.index, thread);
    this.origins.set(start.index, { start, environment });
    return thread;
  }

  /** Starts one thread per element and resolves once all are ready; rejects with the first failure. */
  async start(starts: readonly ThreadStart[], environment: ThreadEnvironment): Promise<void> {
    for (const start of starts) this.launch(start, environment);
    await Promise.all(this.all.map(({ ready }) => ready));
    this.hasStarted = true;
    this.options.supervision.watch(() => this.all.filter(({ isReady, hasEnded }) => isReady && !hasEnded), this);
  }

  /** Runs the game's `onStart` on the first node. Once: not again in its next life. */
  startGame(): void {
    this.threads.get(0)!.post({ kind: 'start' });
  }

  onMessage(thread: NodeThread, message: FromThread): void {
    switch (message.kind) {
      case 'store-found':
        this.hearStore(message.identity);
        return;
      case 'store-taken':
        this.fail(new HostLost('Another host has started on this store: this one ends.', EXIT_TAKEN));
        return;
      case 'holds':
        this.options.holds?.(message.slots);
        return;
      case 'start-failed':
        this.fail(new Error(`onStart failed: ${message.message}`));
        return;
      case 'figures':
        this.answersWanted.get(message.id)?.(message.figures);
        return;
      case 'locks':
        this.answersWanted.get(message.id)?.(message.locks);
        return;
      case 'drained':
        this.drained.get(thread)?.();
        return;
      case 'corrupt':
        this.corrupt(message.node, message.life, message.message);
        return;
      default:
    }
  }

  /** What a node wrote cannot be right: it has to go before anybody acts on more of it. */
  corrupt(node: number, life: number, message: string): void {
    const writer = this.threads.get(node);
    if (writer === undefined)
      this.fail(new Error(`What the main thread wrote is corrupt, and it cannot be replaced: ${message}`));
    else if (writer.life === life) writer.terminate('corrupt-link', message, this);
  }

  /** Slices run on these nodes that must not any more. The node on this thread cannot be ended so; who asks sees to that. */
  endSlices(nodes: readonly number[]): void {
    const message = 'It ran on without a lease.';
    for (const node of nodes) this.threads.get(node)?.terminate('hung', message, this);
  }

  onDeath(thread: NodeThread, death: ThreadDeath): void {
    this.drained.get(thread)?.();
    if (this.stopping || !this.hasStarted) return;
    const { supervision } = this.options;
    if (supervision.died(thread, death) === 'replace') this.replace(thread.index);
    else
      this.fail(
        new Error(`Node ${thread.index} was lost for good, it died too often. The last time: ${death.message}`),
      );
  }

  onStuck(thread: NodeThread): void {
    const { supervision } = this.options;
    supervision.stuck(thread);
    const giveUp = setTimeout(() => {
      this.fail(new Error(`Node ${thread.index} stands in native code and does not end.`));
    }, STUCK_MS_MAX);
    void thread.ended.then(() => clearTimeout(giveUp));
  }

  /** A node thread is in native code and cannot be ended; leaving the process would wait for it. */
  get areStuck(): boolean {
    return this.stopping && this.all.some(({ hasEnded }) => !hasEnded);
  }

  private replace(index: number): void {
    const { mesh, supervision, newIncarnation, mainNode, peerReplaced, nextStart } = this.options;
    mesh.renew(index);
    for (const other of this.all) {
      if (other.index !== index) other.post({ kind: 'peer-replaced', links: mesh.peerLinks(index, other.index) });
    }
    const { start: first, environment } = this.origins.get(index)!;
    const start: ThreadStart = {
      ...first,
      ...mesh.memory,
      incarnation: newIncarnation(),
      quarantined: supervision.quarantined,
      ...nextStart?.(index),
    };
    const diedAt = performance.now();
    const thread = new NodeThread(start, environment, this);
    this.threads.set(index, thread);
    peerReplaced(mesh.peerLinks(index, mainNode));
    thread.ready.then(
      () => supervision.replaced(thread, performance.now() - diedAt),
      () => {},
    );
  }

  /** All that must not run, from now on. Resolves once every node that answers knows it. */
  async quarantine(): Promise<void> {
    const { quarantined } = this.options.supervision;
    for (const thread of this.all) thread.post({ kind: 'quarantine', quarantined });
    await this.figures();
  }

  /** Figures of every node that answers within a second; a blocked one is left out. */
  async figures(): Promise<{ node: number; figures: Figures }[]> {
    return (await this.ask<Figures>((id) => ({ kind: 'figures', id }))).map(([node, figures]) => ({ node, figures }));
  }

  /** Locks of every node that answers within a second, from the entity at `from` on. */
  async locks(from: number): Promise<{ node: number; locks: LockReport }[]> {
    return (await this.ask<LockReport>((id) => ({ kind: 'locks', id, from }))).map(([node, locks]) => ({
      node,
      locks,
    }));
  }

  private async ask<Answer>(question: (id: number) => ToThread): Promise<[number, Answer][]> {
    const alive = this.all.filter(({ hasEnded }) => !hasEnded);
    const asked = alive.map(
      (thread) =>
        new Promise<[number, Answer] | undefined>((resolve) => {
          const id = ++this.questions;
          const timeout = setTimeout(() => done(undefined), ANSWER_MS_MAX);
          const done = (answer: unknown): void => {
            clearTimeout(timeout);
            this.answersWanted.delete(id);
            resolve(answer === undefined ? undefined : [thread.index, answer as Answer]);
          };
          this.answersWanted.set(id, done);
          void thread.ended.then(() => done(undefined));
          thread.post(question(id));
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

  /** All entities leave; nodes go on without. */
  async empty(graceMs: number): Promise<void> {
    await Promise.all(this.all.filter((thread) => !this.isStore(thread)).map((one) => this.drain(one, graceMs, true)));
  }

  /** Drains every node, then ends the threads. Gives up on one that stands in native code. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    this.options.supervision.stop();
    await Promise.all(this.all.filter((thread) => !this.isStore(thread)).map((one) => this.drain(one, graceMs, false)));
    // Not before the others have saved what they had.
    await Promise.all(this.all.filter((thread) => this.isStore(thread)).map((one) => this.drain(one, graceMs, false)));
    // What the threads printed last is on its way to this thread's stdout; it arrives before the next turn of the event loop but one.
    await new Promise((resolve) => setTimeout(resolve, 10));
    const ends = Promise.all(this.all.map((thread) => thread.end()));
    await Promise.race([ends, new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
  }

  private isStore({ index }: NodeThread): boolean {
    return index > this.options.mainNode;
  }

  private async drain(thread: NodeThread, graceMs: number, stays: boolean): Promise<void> {
    if (thread.hasEnded || !thread.isReady) return;
    const drained = new Promise<void>((resolve) => {
      this.drained.set(thread, resolve);
      setTimeout(resolve, graceMs + 1000).unref();
    });
    thread.post({ kind: 'drain', graceMs, stays });
    await drained;
  }
}
