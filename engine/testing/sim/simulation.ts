import { Prng } from '../../base/prng.ts';
import type { Assignment, Entry, HostRecord } from '../../cluster/control-record.ts';
import { hostKey, sameHost } from '../../cluster/control-record.ts';
import { deathOf } from '../../cluster/lease-observer.ts';
import { Checker, type Violation } from '../history/checker.ts';
import { CommitEvents, nameOf } from '../history/commit-events.ts';
import type { HistoryEvent } from '../history/history-event.ts';
import { invariants, invariantsWithoutStore } from '../history/invariants.ts';
import type { Fault, FaultScript } from './fault.ts';
import { FaultRig, type FaultTarget } from './fault-rig.ts';
import { SimClock } from './sim-clock.ts';
import { SimEntityStore } from './sim-entity-store.ts';
import { type Climate, SimNetwork } from './sim-network.ts';
import { type SimParts, SOUND_PARTS } from './sim-parts.ts';
import { SimRun } from './sim-run.ts';
import { SimStore } from './sim-store.ts';
import type { SimWorld } from './sim-world.ts';
import { VirtualTime } from './virtual-time.ts';

export const HOSTS = ['a', 'b', 'c'];
/** Faults begin within this time; then everything heals. */
export const CHAOS_MS = 8000;
/** After `deadMs` and this, everything is as if nothing had happened. */
const PROGRESS_MS = 2000;
const SLOTS = 12;
const ENTITIES = 30;
const NODES = 2;

export interface Verdict {
  readonly violations: readonly Violation[];
  /** What happened, how often. */
  readonly reached: ReadonlyMap<string, number>;
  readonly events: number;
  readonly history: readonly HistoryEvent[];
}

/** A whole cluster in one thread and in virtual time: everything that happens follows from the script. */
export class Simulation implements FaultTarget {
  readonly time: VirtualTime;
  readonly store: SimStore;
  readonly entityStore: SimEntityStore;
  readonly network: SimNetwork;
  readonly hosts = HOSTS;
  readonly slots = SLOTS;
  readonly entities = ENTITIES;
  readonly nodes = NODES;
  readonly parts: SimParts;
  readonly runs = new Map<string, SimRun>();
  readonly deaf = new Set<string>();
  healed = false;
  quiet = false;
  private readonly script: FaultScript;
  private readonly random: Prng;
  private readonly history: HistoryEvent[] = [];
  private readonly reached = new Map<string, number>();
  private readonly indexes = new Map<string, number>();
  private readonly checker: Checker;
  private readonly incs = new Map<string, number>();
  private readonly pinned: ReadonlySet<number>;
  private readonly rig: FaultRig;
  private readonly climate: Climate;
  private inc = 0;
  private readonly commits = new CommitEvents();

  constructor(script: FaultScript, parts: SimParts = SOUND_PARTS) {
    this.script = script;
    this.parts = parts;
    this.random = new Prng(script.seed, 'simulation');
    const weather = this.random.next();
    this.climate = weather < 0.5 ? 'calm' : weather < 0.8 ? 'laggy' : 'lossy';
    this.time = new VirtualTime(this.fork('time'));
    this.store = new SimStore(this.time, this.fork('store'), (entry) => this.onCommit(entry));
    this.entityStore = new SimEntityStore(this.time, this.fork('records'));
    this.network = new SimNetwork(this.time, this.fork('network'), this.climate);
    this.pinned = new Set([0, 1, 2, 3].filter(() => this.random.next() < 0.3));
    const loses = script.faults.some(({ kind }) => kind === 'store-lost-suffix');
    this.checker = new Checker((loses ? invariantsWithoutStore : invariants)(parts.profile.execMs));
    this.rig = new FaultRig(this, this.fork('faults'));
  }

  run(): Verdict {
    for (const host of this.hosts) this.time.after(this.random.next() * 400, () => this.start(host));
    for (const fault of this.script.faults) this.time.after(fault.at, () => this.befall(fault));
    const failed = (): boolean => this.checker.violations.length > 0;
    this.time.runUntil(CHAOS_MS, failed);
    if (!failed()) {
      this.heal();
      this.time.runUntil(CHAOS_MS + this.parts.profile.deadMs + PROGRESS_MS, failed);
      if (!failed()) this.demandProgress();
    }
    const violations = [...this.checker.end()];
    const { history, reached } = this;
    return { violations, reached, events: this.time.events, history };
  }

  record(event: Parameters<SimWorld['record']>[0]): void {
    const stamped = Object.assign(event, { at: this.time.now }) as HistoryEvent;
    this.history.push(stamped);
    this.checker.on(stamped);
    if (event.kind === 'hold') this.reach('hold');
  }

  reach(label: string): void {
    this.reached.set(label, (this.reached.get(label) ?? 0) + 1);
  }

  fork(label: string): Prng {
    return new Prng(this.script.seed, label);
  }

  slotOf(entity: number): number {
    return entity % SLOTS;
  }

  isOccupied(slot: number): boolean {
    return !this.healed && this.pinned.has(slot);
  }

  sliceMs(): number {
    return this.rig.longSlices && this.random.next() < 0.05 ? 200 * this.random.next() : 0.2 * this.random.next();
  }

  nextIndex(source: string, entity: number): number {
    const pair = `${source} > ${entity}`;
    const index = this.indexes.get(pair) ?? 0;
    this.indexes.set(pair, index + 1);
    return index;
  }

  runOf(host: string): SimRun | undefined {
    const run = this.runs.get(host);
    return run?.alive ? run : undefined;
  }

  onExit(host: string, _reason: string): void {
    this.time.after(50 + this.random.next() * 600, () => this.start(host));
  }

  start(host: string): void {
    if (this.runOf(host) !== undefined) return;
    const inc = this.parts.freshIncarnations ? ++this.inc : (this.incs.get(host) ?? ++this.inc);
    this.incs.set(host, inc);
    const rate = 0.99 + this.random.next() * 0.02;
    this.runs.set(host, new SimRun(this, { host, inc }, new SimClock(this.time, rate, this.random.next() * 1e6)));
  }

  crash(host: string, seen: boolean): void {
    const run = this.runOf(host);
    if (run === undefined) return;
    run.stop('crash');
    // A launcher has reaped the process, which is proof enough: it writes the death on the revision it reads.
    if (seen) this.time.after(5, () => this.declareSeen(run.ref.host, run.ref.inc));
    this.onExit(host, 'crash');
  }

  private declareSeen(host: string, inc: number): void {
    const entry = this.store.get(hostKey(host)) as Entry<HostRecord> | undefined;
    if (entry === undefined || entry.value.inc !== inc || entry.value.state === 'dead') return;
    const dead = deathOf(entry.value, `launcher:${host}/${inc}`);
    this.store.cas(entry.key, entry.revision, dead, (revision) => {
      if (revision !== undefined) this.reach('death declared by the launcher');
    });
  }

  private befall(fault: Fault): void {
    this.reach(`fault: ${fault.kind}`);
    this.rig.begin(fault);
  }

  private heal(): void {
    this.healed = true;
    this.rig.heal();
    for (const host of this.hosts) if (this.runOf(host) === undefined) this.onExit(host, 'healed');
  }

  private onCommit(written: Entry): void {
    const event = this.commits.of(written);
    if (event !== undefined) this.record(event);
    const entry = this.store.get(written.key)!;
    for (const host of this.hosts) {
      if (this.deaf.has(host) || (!this.healed && this.climate === 'laggy' && this.random.next() < 0.8)) continue;
      this.network.send('store', host, () => this.runOf(host)?.observed(entry));
    }
  }

  /** I19, and that calls are answered. */
  private demandProgress(): void {
    const { lostSuffix } = this.store;
    const fail = (message: string): void => {
      this.checker.fail('I19', message);
    };
    const onHold = [...this.runs.values()].some(({ alive, member }) => alive && member.view.hold !== undefined);
    if (onHold) {
      if (!lostSuffix) fail('a host is on hold though the store has lost nothing');
      return;
    }
    if (lostSuffix) return;
    const assignment = this.store.get('assign')?.value as Assignment | undefined;
    if (assignment === undefined) {
      fail('there is no assignment');
      return;
    }
    for (const [slot, { owner, epoch, wish }] of assignment.slots.entries()) {
      const run = owner && this.runOf(owner.host);
      if (!owner || !run || !sameHost(run.ref, owner)) fail(`slot ${slot} belongs to ${nameOf(owner) || 'nobody'}`);
      else if (!run.serves(slot, owner, epoch)) fail(`slot ${slot} does not run at ${nameOf(owner)}`);
      else if (wish) fail(`slot ${slot} still is to move from ${nameOf(owner)} to ${nameOf(wish.to)}`);
    }
    const before = this.history.length;
    this.quiet = true;
    const probes = 3 * ENTITIES;
    for (const host of this.hosts) for (let entity = 0; entity < ENTITIES; entity++) this.runOf(host)?.probe(entity);
    this.time.runUntil(this.time.now + 1000, () => this.checker.violations.length > 0);
    const runs = [...this.runs.values()].filter(({ alive }) => alive);
    for (const from of runs) for (const to of runs) from.recordLane(to);
    const served = this.history
      .slice(before)
      .filter((event) => event.kind === 'ended' && event.outcome === 'ok' && event.call.startsWith('probe')).length;
    if (served < probes) fail(`${probes - served} of ${probes} calls were not served after everything had healed`);
  }
}
