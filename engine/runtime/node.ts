import type { Reader } from '../../transport/codec/reader.ts';
import { type FrameHandler, LANE_HIGH, type Lane, type LinkReader, type LinkWriter } from '../../transport/link.ts';
import type { EntityId } from '../base/entity-id.ts';
import { CallTimeoutError, type EngineError, NodeDownError } from '../base/errors.ts';
import type { Activation } from './activation.ts';
import { type ActivationEvents, Activations } from './activations.ts';
import { BlackBox } from './black-box.ts';
import { nameOf, timeoutOf } from './call-errors.ts';
import { CallFailures, type CallSource } from './call-failures.ts';
import type { EntityTypeEntry, Operation } from './catalogue.ts';
import { ClientDispatcher } from './client-dispatcher.ts';
import { ComputeDispatcher } from './compute-dispatcher.ts';
import { Counters } from './counters.ts';
import { Dispatcher } from './dispatcher.ts';
import { drainNode } from './draining.ts';
import { type Duties, DutyCycle } from './duty-cycle.ts';
import { COMPUTE } from './engine-operations.ts';
import { EntityTasks } from './entity-tasks.ts';
import {
  END_HOST,
  KIND_CANCEL,
  KIND_ERROR,
  KIND_ONE_WAY,
  KIND_REPLY,
  KIND_REQUEST,
  kindOf,
  operationOf,
  requestIdOf,
} from './frame.ts';
import { type LockReport, lockReport } from './lock-report.ts';
import { Census } from './moves/census.ts';
import type { AskedSlot, LostFrames } from './moves/cluster-ports.ts';
import { Moves } from './moves/moves.ts';
import { makeRouting } from './moves/routing.ts';
import { answersSync } from './moves/sync-answer.ts';
import type { NodeOptions } from './node-options.ts';
import { NodeState } from './node-state.ts';
import { NodeView } from './node-view.ts';
import { Outbox } from './outbox.ts';
import { type PeerReplacement, Peers } from './peers.ts';
import { PENDING_MAX_DEFAULT, PendingCalls } from './pending-calls.ts';
import { Quarantine, type Quarantined } from './quarantine.ts';
import { Replies } from './reply.ts';
import { type Destroyer, Scheduler } from './scheduler.ts';
import { settleCall } from './settlement.ts';
import { StoreDispatcher } from './store-dispatcher.ts';
import { TimingWheel } from './timing-wheel.ts';
import { TurnCalls } from './turn-calls.ts';
import { TurnFlow } from './turn-flow.ts';
import type { Waiting } from './waiting.ts';

/** After a frame of high priority another one may come. */
const URGENT_MS = 1000;

/**
 * The runtime inside one thread: owns slots, runs their entities. The composition of its parts and the round that drives them; the
 * route of a message through them is drawn in ARCHITECTURE.md.
 */
export class Node implements FrameHandler, Duties, ActivationEvents, Destroyer {
  readonly counters = new Counters();
  /** The node as the host sees it: for calls from outside of entities. */
  readonly view: NodeView;
  readonly state: NodeState;
  private readonly cycle: DutyCycle;
  private readonly peers: Peers;
  private readonly activations: Activations;
  private readonly scheduler: Scheduler;
  private readonly dispatcher: Dispatcher;
  private readonly computing: ComputeDispatcher | undefined;
  /** In a cluster only. */
  private readonly moves: Moves | undefined;
  /** What a call ends in whose deadline has passed. */
  private readonly lateOf: (operation: Operation, target: number) => EngineError;
  /** Return address of the node whose frames are being drained. */
  private source = 0;
  /** A frame of high priority came less than a second before this. */
  private urgentUntil = 0;

  constructor(options: NodeOptions) {
    const { clock, log } = options;
    const flow = options.catalogue.hasLocks ? new TurnFlow() : undefined;
    const beat = (): void => this.cycle?.schedule();
    // A round must not be taken for a continuation of the turn that asked for it.
    const schedule = flow === undefined ? beat : (): void => flow.outside(beat);
    const { cluster } = options;
    const outbox = new Outbox(options.writers, schedule, cluster && cluster.peers.max + 1, cluster?.lease);
    const failures = new CallFailures();
    const pending = new PendingCalls<Operation, unknown>(
      options.pendingMax ?? PENDING_MAX_DEFAULT,
      (error, operation, caller) => failures.note(error, operation, caller as CallSource),
      flow && new TurnCalls(),
    );
    const routing = cluster && makeRouting({ ...options, cluster, outbox, pending, counters: this.counters, schedule });
    this.state = new NodeState({
      index: options.index,
      incarnation: options.incarnation,
      catalogue: options.catalogue,
      router: options.router,
      routes: routing?.routes ?? options.router,
      epochs: cluster && new Int32Array(cluster.slots.count),
      lease: cluster?.lease,
      clock,
      prng: options.prng,
      log,
      counters: this.counters,
      outbox,
      pending,
      failures,
      wheel: new TimingWheel(clock.now(), schedule, cluster && (() => !cluster.lease.isOpen())),
      flow,
      box: options.box ?? new BlackBox(),
      quarantine: new Quarantine(options.catalogue),
      tasks: { tasksOf: (activation) => new EntityTasks(this.state, activation as Activation, this.scheduler) },
    });
    this.peers = new Peers(this.state, options.readers, options.onCorrupt, routing?.routes);
    this.view = new NodeView(this.state, END_HOST, 0xffff, 0, 0);
    const replies = new Replies(this.state);
    const census = cluster && new Census(cluster.slots.count);
    this.activations = new Activations(this.state, this, this.view, {
      heap: options.heap,
      store: options.access,
      census,
    });
    this.scheduler = new Scheduler(this.state, replies, this, this.view, schedule);
    const clients = options.clients && new ClientDispatcher(this.state, replies, options.clients, this.view);
    this.computing = options.compute && new ComputeDispatcher(this.state, replies, options.compute);
    this.moves =
      routing && cluster && census
        ? new Moves({
            ...routing,
            state: this.state,
            ports: cluster,
            census,
            activations: this.activations,
            refuse: (input, source, lane, operation, error) =>
              this.scheduler.refuse(input, source, lane, operation, error),
            handle: (input, lane, source) => {
              this.source = source;
              this.onFrame(input, lane);
            },
          })
        : undefined;
    const beyond = {
      clients,
      computing: this.computing,
      stores: options.store && new StoreDispatcher(this.state, replies, options.store),
    };
    this.dispatcher = new Dispatcher(this.state, this.activations, this.scheduler, replies, beyond, this.moves?.gate);
    this.lateOf = routing === undefined ? timeoutOf : routing.lateOf;
    this.cycle = new DutyCycle(this, options.bell, clock, options.waits);
  }

  start(): void {
    this.activations.persistence?.watch?.start();
    this.cycle.schedule();
  }

  /** Lets what runs end, deactivates every entity, and stops. Gives up on what still runs after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    await drainNode(this.state, this.activations, graceMs, this.cycle);
    this.scheduler.room.deadlocks?.stop();
  }

  /** Ends at once: whoever waits for a reply is told. */
  stop(): void {
    this.state.pending.rejectAll(hasStopped);
    this.cycle.stop();
    this.state.outbox.close();
  }

  /**
   * The thread of another node has ended, and one with new links takes its place. What it published before its end still runs; what it
   * had not taken of our frames is sent again, in order and before anything new; every other call to it ends as node-lost.
   */
  replacePeer(replacement: PeerReplacement): void {
    this.state.now = this.state.clock.now();
    const lost = this.state.outbox.addressOf(replacement.node);
    this.peers.replace(replacement, this, (address) => {
      this.source = address;
    });
    this.isLost(replacement.node, lost);
  }

  private isLost(node: number, address: number): void {
    this.scheduler.room.lost(address);
    this.computing?.lost(address);
    this.moves?.forget(node, address);
    this.cycle.schedule();
  }

  /**
   * In a cluster: a node of another host, in one of its lives, can be reached. The slot table may have named its index before: what was sent to it
   * meanwhile has waited here. Both ends flush and are drained like all others.
   */
  meetPeer(index: number, writer: LinkWriter, reader: LinkReader): void {
    this.peers.meet(index, writer, reader);
    this.moves?.met();
    this.cycle.schedule();
  }

  /**
   * In a cluster: that node, or that life of it, is gone for good, and its link was closed. What had not left goes to the next owners of the slots that it
   * is for; every other call to it ends as node-lost.
   */
  partPeer(index: number, lost: LostFrames): void {
    this.state.now = this.state.clock.now();
    const address = this.state.outbox.addressOf(index);
    this.peers.part(index, lost);
    this.isLost(index, address);
  }

  /** In a cluster: these slots are to be given up, each as soon as it has no live entities; `told.frozen` hears of it. */
  freeze(slots: readonly AskedSlot[]): void {
    this.moves?.freeze(slots);
    this.cycle.schedule();
  }

  /** They are not asked for any more: what is frozen of them is open again. */
  unfreeze(slots: readonly AskedSlot[]): void {
    this.moves?.unfreeze(slots);
    this.activations.persistence?.due.slotsChanged();
    this.cycle.schedule();
  }

  /** A link has something to drain that cannot ring the bell. */
  wake(): void {
    this.cycle.schedule();
  }

  /** In a cluster: the tables in shared memory have changed. */
  installed(): void {
    this.activations.persistence?.watch?.slotsChanged();
    this.activations.persistence?.due.slotsChanged();
    this.cycle.schedule();
  }

  /** What this node must not run from now on, all of it. */
  refuse(quarantined: readonly Quarantined[]): void {
    this.state.quarantine.replace(quarantined);
  }

  /** The thread of this node has ended: for a host that lives in one thread and plays it. Nothing is flushed, nobody is told. */
  die(): void {
    this.cycle.halt();
    this.state.outbox.close();
  }

  /**
   * Ends at once on a thread that goes on: whoever called from outside of entities is told, the entities just hear nothing any more. Their
   * complaints about the end would go to whoever runs next on this thread.
   */
  abandon(): void {
    this.state.pending.rejectOf(this.view, hasStopped);
    this.die();
  }

  /** A promise of this thread was rejected and nobody handled it: a call that was not awaited, or game code's own. The node goes on. */
  unhandled(reason: unknown): void {
    this.counters.unhandledRejections++;
    const call = this.state.failures.fieldsOf(reason);
    const what = call.operation === undefined ? 'a promise was rejected' : 'a call failed';
    this.state.log.error({ err: reason, ...call }, `${what} and nobody handled it`);
  }

  /** The live entity of a type and id, for tests and tools. */
  find(type: EntityTypeEntry, id: EntityId): Activation | undefined {
    return this.activations.roster.find(type, id, this.view.slotFor(type, id));
  }

  /** Everything that lives here, for tests and tools. */
  live(): Iterable<Activation> {
    return this.activations.roster.walk();
  }

  /** For metrics: what grows, and what goes up and down. */
  figures(): { counters: Record<string, number>; gauges: Record<string, number> } {
    return {
      counters: { ...this.counters, rounds: this.cycle.rounds },
      gauges: {
        entities: this.activations.roster.size,
        callsPending: this.state.pending.size,
        turnsOpen: this.scheduler.openTurns,
        timers: this.state.wheel.size,
        backlogFrames: this.state.outbox.backlog,
        ...this.activations.persistence?.gauges(),
      },
    };
  }

  /** Who holds locks and who waits for them, from the entity at `from` on: those with the most that waits first. */
  locks(from: number): LockReport {
    return lockReport(this.state, this.scheduler.room, from);
  }

  // ---- the round

  run(now: number, framesMax: number): number {
    const { state, scheduler, moves } = this;
    state.now = now;
    state.box.beat(now);
    if (moves !== undefined && !moves.begin(now)) return 0;
    state.outbox.congestion.look(now);
    let done = 0;
    const { incoming } = this.peers;
    for (let i = 0; i < incoming.length; i++) {
      const { link, address, node } = incoming[i]!;
      if (moves !== undefined && !moves.hears(node)) continue;
      this.source = address;
      try {
        done += link.drain(this, framesMax);
      } catch (error) {
        this.peers.corrupt(incoming[i--]!, error);
      }
    }
    if (scheduler.hasReady) done += scheduler.runReady(framesMax);
    if (moves === undefined || !state.isShut()) {
      done += state.wheel.advance(now);
      if (now >= state.pending.nextDeadline) {
        this.counters.callsTimedOut += state.pending.expire(now, this.lateOf);
      }
    }
    // Whatever was written asks for a round that begins with a flush; a link asks only once in between.
    return done === 0 && state.outbox.isUnflushed ? 1 : done;
  }

  flush(): void {
    if (this.state.outbox.needsFlush) this.state.outbox.flush();
  }

  pending(): boolean {
    const { incoming } = this.peers;
    if (this.moves !== undefined) {
      if (this.moves.isShut) return false;
      if (this.moves.isPending) return true;
      for (const { link, node } of incoming) if (this.moves.hears(node) && link.pending()) return true;
      return this.scheduler.hasReady;
    }
    for (let i = 0; i < incoming.length; i++) if (incoming[i]!.link.pending()) return true;
    return this.scheduler.hasReady;
  }

  glance(): boolean {
    const { incoming } = this.peers;
    if (this.moves !== undefined) return this.pending();
    for (let i = 0; i < incoming.length; i++) if (incoming[i]!.link.glance()) return true;
    return this.scheduler.hasReady;
  }

  listens(now: number): boolean {
    return this.peers.listens(now);
  }

  nextDue(): number {
    const due = Math.min(this.state.wheel.nextDue(), this.state.pending.nextDeadline);
    if (this.moves === undefined) return due;
    const dueOfMoves = this.moves.nextDue(this.state.now);
    return this.moves.isShut ? dueOfMoves : Math.min(due, dueOfMoves);
  }

  isUrgent(now: number): boolean {
    return now < this.urgentUntil;
  }

  running(inCycle: boolean): void {
    this.state.inCycle = inCycle;
  }

  onFrame(input: Reader, lane: Lane): void {
    const { view, at } = input;
    if (this.moves !== undefined && this.moves.keeps(input, lane, this.source)) return;
    if (lane === LANE_HIGH) this.urgentUntil = this.state.now + URGENT_MS;
    try {
      switch (kindOf(view, at)) {
        case KIND_REQUEST:
        case KIND_ONE_WAY:
          this.dispatcher.request(input, this.source, lane);
          return;
        case KIND_REPLY:
        case KIND_ERROR:
          settleCall(this.state, input);
          return;
        case KIND_CANCEL:
          if (operationOf(view, at) === COMPUTE.code) this.computing?.cancel(this.source, requestIdOf(view, at));
          else this.scheduler.room.cancel(this.source, requestIdOf(view, at));
          return;
        default:
          if (
            this.moves === undefined
              ? answersSync(this.state, input, this.source, lane)
              : this.moves.onFrame(input, lane, this.source)
          ) {
            return;
          }
          this.counters.invalidMessages++;
          this.state.log.error(
            { source: this.state.outbox.nodeOf(this.source), kind: kindOf(view, at) },
            'frame of an unknown kind',
          );
      }
    } catch (error) {
      // One frame that the engine stumbles over must not take the others with it.
      this.state.outbox.abandon();
      this.counters.invalidMessages++;
      this.state.log.error(
        { err: error, source: this.state.outbox.nodeOf(this.source) },
        'the engine failed on a frame',
      );
    }
  }

  // ---- the life of activations

  runHook(activation: Activation, operation: Operation, hook: () => unknown): unknown {
    return this.scheduler.runHook(activation, operation, hook);
  }

  activated(activation: Activation): void {
    this.scheduler.makeReady(activation);
  }

  orphaned(waiting: readonly Waiting[]): void {
    this.dispatcher.redispatch(waiting);
    this.cycle.schedule();
  }

  missing(activation: Activation, waiting: readonly Waiting[]): void {
    this.dispatcher.missing(activation, waiting);
    this.cycle.schedule();
  }

  failed(waiting: readonly Waiting[], error: EngineError): void {
    this.dispatcher.refuseAll(waiting, error);
  }

  destroy(activation: Activation): Promise<boolean> {
    // The destroy turn itself is the one that is open; it ends with the promise.
    return Promise.resolve(this.activations.deactivate(activation, 'destroyed')).then(() => {
      if (activation.record?.exchange?.isThrough !== false) return true;
      const { type, id } = activation;
      throw new CallTimeoutError('timeout', `${type.name}/${id}: messages of it have not arrived yet; it stays.`);
    });
  }
}

const hasStopped = (operation: Operation): NodeDownError =>
  new NodeDownError('node-lost', `${nameOf(operation)}: the node has stopped.`);
