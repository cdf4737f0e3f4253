import { performance } from 'node:perf_hooks';
import type { EntityId } from '../base/entity-id.ts';
import type { OpenTurn } from '../runtime/black-box.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import { ACTIVATE, DEACTIVATE, ENGINE_OPERATIONS } from '../runtime/engine-operations.ts';
import type { RootLog } from '../runtime/log.ts';
import type { Quarantined } from '../runtime/quarantine.ts';
import type { LauncherPort } from './launcher-port.ts';
import type { DeathCause, NodeThread, ThreadDeath, ThreadEvents } from './node-thread.ts';
import { afterDeathOf, afterRelease, type Blame, type QuarantineState } from './quarantine.ts';
import { afterDeath, type RestartHistory } from './restart-policy.ts';
import { type StackSample, StackSampler } from './stack-sampler.ts';
import { NodeWatch, WatchClock, type WatchLimits } from './watchdog.ts';

/** Between two looks at the black boxes; under a launcher, which wants to know suspects before the process dies of them, more often. */
const LOOK_MS = 100;
const LOOK_SUPERVISED_MS = 20;

export interface SupervisionOptions {
  readonly catalogue: Catalogue;
  readonly log: RootLog;
  readonly limits: WatchLimits;
  readonly launcher: LauncherPort | undefined;
  /** What the lives of this host before had to quarantine. */
  readonly quarantine: QuarantineState;
}

/** How a node died last, for people. */
export interface LastDeath {
  readonly why: DeathCause;
  readonly entity?: string;
  readonly id?: EntityId;
  readonly operation?: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface NodeRecord {
  restarts: number;
  slowTurns: number;
  lastDeath: LastDeath | undefined;
}

/**
 * Watches the nodes of a host from the main thread and decides what becomes of those that died: the shell around the pure machines
 * `watchdog`, `restart-policy` and `quarantine`.
 */
export class Supervision {
  private readonly options: SupervisionOptions;
  private readonly sampler = new StackSampler();
  private readonly records = new Map<number, NodeRecord>();
  private readonly watches = new WeakMap<NodeThread, NodeWatch>();
  /** Whom a look at the stack found, for a thread whose black box names nobody. */
  private readonly found = new WeakMap<NodeThread, Blame>();
  private readonly suspects = new Set<NodeThread>();
  private history: RestartHistory = new Map();
  private state: QuarantineState;
  private timer: NodeJS.Timeout | undefined = undefined;

  constructor(options: SupervisionOptions) {
    this.options = options;
    this.state = options.quarantine;
  }

  get quarantined(): readonly Quarantined[] {
    return this.state.rows;
  }

  get quarantine(): QuarantineState {
    return this.state;
  }

  record(node: number): NodeRecord {
    let record = this.records.get(node);
    if (record === undefined) {
      record = { restarts: 0, slowTurns: 0, lastDeath: undefined };
      this.records.set(node, record);
    }
    return record;
  }

  /** From now on. `threads`: those that live. */
  watch(threads: () => readonly NodeThread[], events: ThreadEvents): void {
    const lookMs = this.options.launcher === undefined ? LOOK_MS : LOOK_SUPERVISED_MS;
    const clock = new WatchClock(lookMs, performance.now());
    this.timer = setInterval(() => {
      const now = clock.advance(performance.now());
      for (const thread of threads()) this.look(thread, now, events);
    }, lookMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.sampler.close();
  }

  private look(thread: NodeThread, now: number, events: ThreadEvents): void {
    let watch = this.watches.get(thread);
    if (watch === undefined) {
      watch = new NodeWatch(this.options.limits, now);
      this.watches.set(thread, watch);
    }
    const { beat, turn, isOpen } = thread.box;
    switch (watch.look({ beat, turn, isOpen, idleMs: thread.idleMs }, now)) {
      case 'suspect':
        this.suspect(thread);
        return;
      case 'slow':
        void this.slow(thread, watch.stuckMs);
        break;
      case 'hung':
        void this.hung(thread, watch.stuckMs, events);
        break;
      default:
        if (watch.stuckMs === 0 && this.suspects.delete(thread)) this.options.launcher?.cleared(thread.index);
    }
  }

  private suspect(thread: NodeThread): void {
    const { launcher } = this.options;
    const blame = this.blameOf(thread);
    if (launcher === undefined || blame === undefined) return;
    this.suspects.add(thread);
    launcher.suspect(thread.index, blame);
  }

  private async slow(thread: NodeThread, ms: number): Promise<void> {
    this.record(thread.index).slowTurns++;
    const { sample, blame } = await this.lookCloser(thread);
    this.options.log.warn(
      { peer: thread.index, ms: Math.round(ms), ...fieldsOf(blame), stack: sample?.stack.join('\n') },
      'slow turn: a node stands still',
    );
  }

  private async hung(thread: NodeThread, ms: number, events: ThreadEvents): Promise<void> {
    const { turn, beat, isOpen } = thread.box;
    const { blame } = await this.lookCloser(thread);
    // Looking takes a while, in which what took so long may have ended.
    if (thread.box.turn !== turn || thread.box.beat !== beat || thread.box.isOpen !== isOpen) return;
    const what = blame === undefined ? '' : ` in ${blame.operation} of ${blame.type}/${blame.id}`;
    thread.terminate('hung', `Node ${thread.index} stood still for ${Math.round(ms)} ms${what}.`, events);
  }

  private async lookCloser(thread: NodeThread): Promise<{ sample: StackSample | undefined; blame: Blame | undefined }> {
    const named = this.blameOf(thread);
    const sample = await this.sampler.sample(thread.threadId);
    if (named !== undefined) return { sample, blame: named };
    const blame = sample && this.ownerOf(sample);
    if (blame === undefined) this.found.delete(thread);
    else this.found.set(thread, blame);
    return { sample, blame };
  }

  /** A thread has ended: what is to be done about it. */
  died(thread: NodeThread, { why, message }: ThreadDeath): 'replace' | 'give-up' {
    const { log, launcher } = this.options;
    // A node is not guilty of what another one's memory looked like to it.
    const isGuilty = why !== 'corrupt-link' && why !== 'start-failed';
    const blame = isGuilty
      ? (this.blameOf(thread) ?? (why === 'hung' ? this.found.get(thread) : undefined))
      : undefined;
    const at = Date.now();
    if (this.suspects.delete(thread)) launcher?.cleared(thread.index);
    const decision = afterDeath(this.history, thread.index, performance.now());
    this.history = decision.history;
    const record = this.record(thread.index);
    record.lastDeath = { why, ...fieldsOf(blame), at };
    log.error({ peer: thread.index, why, ...fieldsOf(blame), reason: message }, 'a node died');
    if (blame !== undefined) this.hold(blame, at);
    return decision.effect;
  }

  private hold(blame: Blame, at: number): void {
    const { state, added } = afterDeathOf(this.state, blame, at);
    this.state = state;
    if (added !== undefined) {
      this.options.log.error(
        fieldsOf(added),
        'quarantined: nodes died of it; release it with POST /api/quarantine/release',
      );
    }
    this.options.launcher?.quarantine(this.state);
  }

  /** An operator lets something run again; returns how many rows that were. */
  release(what: { type: string; id?: EntityId | undefined; operation?: string | undefined }): number {
    const { state, released } = afterRelease(this.state, what);
    this.state = state;
    this.options.log.warn({ ...what, released }, 'released from quarantine');
    this.options.launcher?.quarantine(state);
    return released;
  }

  replaced(thread: NodeThread, ms: number): void {
    this.record(thread.index).restarts++;
    this.options.log.warn({ peer: thread.index, ms: Math.round(ms) }, 'a node was replaced');
  }

  /** It does not end: under a launcher the process does, which is the only way to be rid of the thread. */
  stuck(thread: NodeThread): void {
    const { log, launcher } = this.options;
    const isSupervised = launcher !== undefined;
    const blame = this.blameOf(thread);
    const next = isSupervised
      ? 'the host ends itself to be restarted'
      : 'waiting for it; --supervise would restart the host';
    log.error({ peer: thread.index, ...fieldsOf(blame) }, `a node stands in native code and does not end: ${next}`);
    launcher?.endHost(thread.index, blame);
  }

  private blameOf(thread: NodeThread): Blame | undefined {
    const open = thread.box.open();
    return open && this.nameOf(open);
  }

  private nameOf({ operation: code, type: index, id }: OpenTurn): Blame | undefined {
    const { entityTypes, operations } = this.options.catalogue;
    const type = entityTypes[index]?.name;
    if (type === undefined) return undefined;
    const one = operations[code];
    let operation = 'task';
    if (code === ACTIVATE) operation = 'onActivate';
    else if (code === DEACTIVATE) operation = 'onDeactivate';
    else if (code < ENGINE_OPERATIONS && one !== undefined) operation = `${one.contract.name}.${one.name}`;
    return { type, id, operation };
  }

  /** The entity in whose code a thread was found, the innermost one; its operation is the outermost frame that is one. */
  private ownerOf({ owners }: StackSample): Blame | undefined {
    const { entityTypes, operations } = this.options.catalogue;
    for (const { className, id } of owners) {
      const type = entityTypes.find(({ cls }) => cls.name === className);
      if (type === undefined || !['number', 'string', 'bigint'].includes(typeof id)) continue;
      const methods = owners.filter((one) => one.className === className && one.id === id).map(({ method }) => method);
      const known = operations.filter((one) => one?.contract.type === type && methods.includes(one.name)).at(-1);
      const operation = known === undefined ? `${type.name}.${methods.at(-1)}` : `${known.contract.name}.${known.name}`;
      return { type: type.name, id: id as EntityId, operation };
    }
    return undefined;
  }
}

function fieldsOf(blame: { type: string; id: EntityId; operation?: string | undefined } | undefined): {
  entity?: string;
  id?: EntityId;
  operation?: string;
} {
  if (blame === undefined) return {};
  const { type: entity, id, operation } = blame;
  return { entity, id: typeof id === 'bigint' ? String(id) : id, ...(operation !== undefined && { operation }) };
}
