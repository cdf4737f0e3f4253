import type { Clock } from '../base/clock.ts';
import type { Prng } from '../base/prng.ts';
import type { BlackBox } from './black-box.ts';
import type { CallContext } from './call-context.ts';
import type { CallFailures } from './call-failures.ts';
import type { Catalogue, Operation } from './catalogue.ts';
import type { Counters } from './counters.ts';
import type { RootLog } from './log.ts';
import type { LeaseSight } from './moves/cluster-ports.ts';
import type { Outbox } from './outbox.ts';
import type { PendingCalls } from './pending-calls.ts';
import type { Quarantine } from './quarantine.ts';
import type { Router, Routes } from './router.ts';
import type { RunningTurn } from './running-turn.ts';
import type { TasksSource } from './tasks-source.ts';
import type { TimingWheel } from './timing-wheel.ts';
import type { TurnFlow } from './turn-flow.ts';
import { WallTimers } from './wall-timers.ts';

/** What the parts of one node share. Made once by the node and handed to each. */
export class NodeState {
  /** Index of this node among the nodes of the host. */
  readonly index: number;
  /** Tells this node from one that had its index before. */
  readonly incarnation: number;
  readonly catalogue: Catalogue;
  /** The catalogue's, by operation code. */
  readonly operations: readonly Operation[];
  readonly router: Router;
  /** Where messages for a slot go: the router itself, but in a cluster. */
  readonly routes: Routes;
  /** In a cluster: by slot, the epoch in which it runs on this node; 0: it does not. Kept by the gate. */
  readonly epochs: Int32Array | undefined;
  /** In a cluster: asked before every turn. */
  readonly lease: LeaseSight | undefined;
  readonly clock: Clock;
  readonly prng: Prng;
  readonly log: RootLog;
  readonly counters: Counters;
  readonly outbox: Outbox;
  readonly pending: PendingCalls<Operation, unknown>;
  readonly failures: CallFailures;
  readonly wheel: TimingWheel;
  /** Undefined in games without locks. */
  readonly flow: TurnFlow | undefined;
  /** Tells the host what runs here. */
  readonly box: BlackBox;
  readonly quarantine: Quarantine;
  readonly tasks: TasksSource;
  readonly wallTimers: WallTimers;
  /** Milliseconds on the clock, read once per duty cycle. */
  now: number;
  /** A duty cycle runs, its microtasks included: `now` is fresh. */
  inCycle = false;
  /** The node is stopping: nothing is activated any more. */
  draining = false;
  /** The turn whose first slice runs right now: what `this.call` means. */
  turn: RunningTurn | undefined = undefined;
  /** What the call is made on behalf of whose frame is open. */
  opened: CallContext | undefined = undefined;
  private traces = 0;

  constructor(
    parts: Omit<
      NodeState,
      | 'operations'
      | 'wallTimers'
      | 'now'
      | 'inCycle'
      | 'draining'
      | 'turn'
      | 'opened'
      | 'nextTrace'
      | 'freshNow'
      | 'isShut'
    >,
  ) {
    this.index = parts.index;
    this.incarnation = parts.incarnation;
    this.catalogue = parts.catalogue;
    this.operations = parts.catalogue.operations;
    this.router = parts.router;
    this.routes = parts.routes;
    this.epochs = parts.epochs;
    this.lease = parts.lease;
    this.clock = parts.clock;
    this.prng = parts.prng;
    this.log = parts.log;
    this.counters = parts.counters;
    this.outbox = parts.outbox;
    this.pending = parts.pending;
    this.failures = parts.failures;
    this.wheel = parts.wheel;
    this.flow = parts.flow;
    this.box = parts.box;
    this.quarantine = parts.quarantine;
    this.tasks = parts.tasks;
    this.wallTimers = new WallTimers(parts.clock, parts.wheel);
    this.now = parts.clock.now();
  }

  /** For a call that belongs to no other; wraps, and stays a small integer. */
  nextTrace(): number {
    this.traces = (this.traces + 1) & 0x3fff_ffff;
    return this.traces;
  }

  /** In a cluster, without the right to run: no turn may begin. */
  isShut(): boolean {
    return this.lease !== undefined && !this.lease.isOpen();
  }

  freshNow(): number {
    if (this.inCycle === false) this.now = this.clock.now();
    return this.now;
  }
}
