import { randomBytes } from 'node:crypto';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { type HashKey, SLOTS } from '../cluster/keyspace.ts';
import { LeaseCell } from '../cluster/lease-cell.ts';
import type { ExitReason } from '../cluster/lease-owner.ts';
import { LEASE_PROFILES } from '../cluster/lease-profile.ts';
import { INCARNATIONS } from '../cluster/link-end.ts';
import type { ClusterSettings } from '../cluster/nats-control-store.ts';
import { PeerTable } from '../cluster/peer-table.ts';
import type { SlotTable } from '../cluster/slot-table.ts';
import type { RootLog } from '../runtime/log.ts';
import type { ClusterReport } from './cluster-report.ts';
import type { HostConfig } from './config.ts';
import type { ControlStart, FromControlThread, LocalNodeStart, ToControlThread } from './control-messages.ts';
import type { WatchedRun } from './death-witness.ts';
import { EXIT_LOST, HostLost } from './host-lost.ts';
import type { MeshMemory } from './mesh.ts';
import { flagsOf } from './thread-flags.ts';
import type { ClusterStart } from './thread-messages.ts';

/** What hosts say to each other; one that speaks another version cannot join. */
const PROTOCOL = 1;
const REPORT_MS_MAX = 2000;

export interface ControlPlaneOptions {
  readonly config: HostConfig & { readonly nats: string };
  /** Hosts of one cluster serve the same game. */
  readonly game: string;
  readonly host: string;
  readonly seed: number;
  readonly slots: SlotTable;
  readonly mesh: MeshMemory;
  /** All nodes of this host. */
  readonly locals: number;
  /** What the store of this host goes by; undefined: nothing yet. */
  readonly hashKey: HashKey | undefined;
  /** Epochs that were used in that store. */
  readonly epochFloor: number;
  /** A launcher watches over this process: NATS may come later. */
  readonly isSupervised: boolean;
  readonly log: RootLog;
  /** The other hosts know of so many slots that have records in this host's own store. */
  readonly held: (count: number) => void;
  /** Slices of these nodes run behind the lease. */
  readonly endThreads: (nodes: readonly number[]) => void;
  /** The lease ended: nothing runs. Or it goes on. */
  readonly fenced: (isFenced: boolean) => void;
}

/** Something that happens once. */
class Once<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: Error) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Not everything is waited for in every life of a host.
    this.promise.catch(() => {});
  }
}

/** The control thread, as the main thread sees it. */
export class ControlPlane {
  readonly inc = randomBytes(5).readUIntLE(0, 5) % INCARNATIONS || 1;
  readonly lease = new LeaseCell();
  readonly peers = new PeerTable();
  private readonly options: ControlPlaneOptions;
  private readonly opened = new Once<ClusterSettings>();
  private readonly served = new Once<{ readonly founds: boolean }>();
  private readonly emptied = new Once<void>();
  private readonly left = new Once<void>();
  private readonly over = new Once<HostLost>();
  private readonly worker: Worker;
  /** Of each node: the end that it gets. */
  private readonly ports: MessagePort[] = [];
  private readonly reports = new Map<number, (report: ClusterReport | undefined) => void>();
  private questions = 0;
  private isRetired = false;
  private isEnding = false;
  /** For whoever watches over this process. */
  readonly run: WatchedRun;

  constructor(options: ControlPlaneOptions) {
    this.options = options;
    const { config, mesh } = options;
    const nodes: LocalNodeStart[] = [];
    for (let node = 0; node <= config.workers; node++) nodes.push(this.newStart(node, mesh));
    const settings = { protocol: PROTOCOL, game: options.game, slots: SLOTS, profile: config.leaseProfile };
    this.run = {
      nats: config.nats,
      cluster: config.cluster,
      host: options.host,
      inc: this.inc,
      settings,
      timeoutMs: LEASE_PROFILES[config.leaseProfile].storeTimeoutMs,
    };
    const start: ControlStart = {
      nats: config.nats,
      cluster: config.cluster,
      host: options.host,
      inc: this.inc,
      profile: config.leaseProfile,
      settings,
      drawn: settingsOf(options.hashKey ?? randomHashKey()),
      epochFloor: options.epochFloor,
      isPatient: options.isSupervised,
      workers: config.workers,
      locals: options.locals,
      slotTable: options.slots.memory,
      peers: this.peers.memory,
      lease: this.lease.memory,
      nodes,
      seed: options.seed,
      log: { logLevel: config.logLevel, logFormat: config.logFormat },
    };
    this.worker = new Worker(new URL('./control-thread.js', import.meta.url), {
      workerData: start,
      transferList: nodes.map(({ port }) => port),
      ...flagsOf(process.execArgv),
      name: 'control',
    });
    this.worker.on('message', (message: FromControlThread) => this.onMessage(message));
    let crash: Error | undefined;
    this.worker.once('error', (error) => {
      crash = error;
    });
    this.worker.once('exit', () => this.onExit(crash));
  }

  /** Resolves with what the hosts of this cluster have agreed on. Rejects with one line for the operator. */
  open(): Promise<ClusterSettings> {
    return this.opened.promise;
  }

  /** Resolves once calls are served: whether this host is to start the game. */
  get serving(): Promise<{ readonly founds: boolean }> {
    return this.served.promise;
  }

  /** Resolves when this run of the host is over, and nothing of it may go on. */
  get lost(): Promise<HostLost> {
    return this.over.promise;
  }

  /** What a node of this host has beside the others. Its port is given away: once for each life of its thread. */
  startOf(node: number): ClusterStart {
    const { config } = this.options;
    const { inc, peers, lease } = this;
    const control = this.ports[node]!;
    return { nats: config.nats, name: config.cluster, inc, peers: peers.memory, lease: lease.memory, control };
  }

  /** The thread of a node was replaced: what its next one gets. */
  replaced(node: number, mesh: MeshMemory): ClusterStart {
    const start = this.newStart(node, mesh);
    this.post({ kind: 'life', node, life: mesh.lives[node]!, start }, [start.port]);
    return this.startOf(node);
  }

  /** The nodes run: this host takes part. */
  join(): void {
    this.post({ kind: 'join' });
  }

  /** All slots that have records in this host's own store. */
  hold(slots: readonly number[]): void {
    this.post({ kind: 'holds', slots });
  }

  /** Gives the slots to others. Resolves when all have gone, or nobody is there to take them. */
  drain(): Promise<void> {
    this.post({ kind: 'drain' });
    return this.emptied.promise;
  }

  /** Nothing runs here any more. Resolves when the others know that. */
  retire(): Promise<void> {
    this.isRetired = true;
    this.post({ kind: 'retired' });
    return this.left.promise;
  }

  /** Undefined: the control thread does not answer. */
  async report(): Promise<ClusterReport | undefined> {
    const id = ++this.questions;
    const answer = await new Promise<ClusterReport | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), REPORT_MS_MAX);
      this.reports.set(id, (report) => {
        clearTimeout(timer);
        resolve(report);
      });
      this.post({ kind: 'report', id });
    });
    this.reports.delete(id);
    return answer;
  }

  /** At the end of the host. */
  async end(): Promise<void> {
    this.isEnding = true;
    await this.worker.terminate();
  }

  private post(message: ToControlThread, transfer: MessagePort[] = []): void {
    this.worker.postMessage(message, transfer);
  }

  private newStart(node: number, mesh: MeshMemory): LocalNodeStart {
    const { port1, port2 } = new MessageChannel();
    this.ports[node] = port2;
    return { port: port1, bell: mesh.bells[node]!, box: mesh.boxes[node]! };
  }

  private onMessage(message: FromControlThread): void {
    const { log, endThreads, fenced } = this.options;
    switch (message.kind) {
      case 'opened':
        this.opened.resolve(message.agreed);
        return;
      case 'failed':
        this.opened.reject(new Error(message.message));
        this.over.resolve(new HostLost(message.message, 1));
        return;
      case 'serving':
        this.served.resolve({ founds: message.founds });
        return;
      case 'fenced':
        // Whoever leaves gives the lease up.
        if (!this.isRetired) log.error({}, 'no lease: NATS has not answered in time. Nothing runs here until it does');
        fenced(true);
        return;
      case 'resumed':
        log.warn({}, 'the lease goes on: everything runs again, with memory as it was');
        fenced(false);
        return;
      case 'emptied':
        this.emptied.resolve();
        return;
      case 'held':
        this.options.held(message.count);
        return;
      case 'hold':
        log.error({ reason: message.reason }, HOLD);
        return;
      case 'end-threads':
        endThreads(message.nodes);
        return;
      case 'exit':
        this.onEnd(message.reason);
        return;
      case 'report':
        this.reports.get(message.id)?.(message.report);
    }
  }

  private onEnd(reason: ExitReason): void {
    this.post({ kind: 'exit-heard' });
    if (reason === 'left') {
      this.left.resolve();
      if (this.isEnding) return;
    }
    const { host, config } = this.options;
    const said = `host ${host} was declared dead by the others of cluster ${config.cluster}: its slots run elsewhere. Start it again`;
    if (reason === 'declared-dead') this.over.resolve(new HostLost(said, EXIT_LOST));
  }

  private onExit(crash: Error | undefined): void {
    // Nobody renews it any more.
    this.lease.close();
    const message = `the control thread ended: ${crash?.stack ?? 'for no known reason'}`;
    this.opened.reject(new Error(message));
    this.left.resolve();
    this.emptied.resolve();
    if (!this.isEnding) this.over.resolve(new HostLost(message, 1));
  }
}

const HOLD =
  'the control store has forgotten what it had promised: nothing is reconfigured any more until an operator has seen to it';

/** The members of the settings that hold the key under which all hosts of a cluster hash ids. */
export function hashKeyOf(agreed: ClusterSettings): HashKey {
  return [Number(agreed.hashKey0), Number(agreed.hashKey1)];
}

function settingsOf([hashKey0, hashKey1]: HashKey): ClusterSettings {
  return { hashKey0, hashKey1 };
}

export function randomHashKey(): HashKey {
  const key = randomBytes(8);
  return [key.readUInt32LE(0), key.readUInt32LE(4)];
}
