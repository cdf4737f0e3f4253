import { randomBytes } from 'node:crypto';
import { type HashKey, Keyspace } from '../cluster/keyspace.ts';
import { SlotTable } from '../cluster/slot-table.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import type { RootLog } from '../runtime/log.ts';
import { describeStore } from '../store/store-address.ts';
import type { HostConfig } from './config.ts';
import { FolderLock } from './folder-lock.ts';
import type { Launch } from './launcher-port.ts';
import { Mesh, type PeerLinks } from './mesh.ts';
import type { ThreadEnvironment } from './node-thread.ts';
import { NO_QUARANTINE } from './quarantine.ts';
import { Supervision } from './supervision.ts';
import type { ThreadStart } from './thread-messages.ts';
import { Threads } from './threads.ts';
import { watchLimits } from './watchdog.ts';

/** What a process is made of: its game and what it was told. */
export interface HostTask {
  readonly config: HostConfig;
  readonly catalogue: Catalogue;
  readonly log: RootLog;
  readonly launch: Launch | undefined;
  readonly game: Pick<ThreadStart, 'gameUrl' | 'generatedUrl'>;
  readonly gameArgs: readonly string[];
}

/** The threads of a host with what they share, and its store: it knows what key the keyspace has. */
export class HostThreads {
  readonly hostId: string;
  readonly seed = randomBytes(4).readUInt32LE();
  readonly slots = new SlotTable();
  readonly mesh: Mesh;
  readonly threads: Threads;
  readonly supervision: Supervision;
  /** Index of the node that holds the store; undefined for a game that keeps nothing. */
  readonly storeNode: number | undefined;
  private readonly task: HostTask;
  private readonly lock: FolderLock | undefined;
  private hashKey: HashKey = randomHashKey();

  /** `peerReplaced`: the node on this thread learns of another's next life. Throws when another host has the store's folder. */
  constructor(task: HostTask, peerReplaced: (links: PeerLinks) => void) {
    const { config, catalogue, log, launch } = task;
    this.task = task;
    this.hostId = config.hostId ?? `host-${randomBytes(4).toString('hex')}`;
    this.storeNode = catalogue.hasPersistent ? config.workers + 1 : undefined;
    this.mesh = new Mesh(config.workers + (catalogue.hasPersistent ? 2 : 1));
    this.supervision = new Supervision({
      catalogue,
      log,
      limits: watchLimits(config.hangMs),
      launcher: launch?.port,
      quarantine: launch?.quarantine ?? NO_QUARANTINE,
    });
    this.threads = new Threads({
      mesh: this.mesh,
      supervision: this.supervision,
      newIncarnation,
      mainNode: config.workers,
      peerReplaced,
    });
    const isInFolder = catalogue.hasPersistent && catalogue.game.store === undefined && config.store === 'lmdb';
    this.lock = isInFolder ? FolderLock.take(config.data) : undefined;
  }

  /** For people. */
  get store(): string {
    const { config, catalogue } = this.task;
    if (!catalogue.hasPersistent) return 'none: this game has no persistent entities';
    return catalogue.game.store === undefined ? describeStore(config) : 'the one that the game brings';
  }

  /** Opens the store, when there is one, and resolves with the keyspace. Nothing in it is changed. Rejects with one line. */
  async open(): Promise<Keyspace> {
    const { config, gameArgs } = this.task;
    let epoch: number | undefined;
    if (this.storeNode !== undefined) {
      const { store, data, nats, cluster } = config;
      const address = { store, data, nats, cluster };
      const start = { ...this.startOf(this.storeNode), store: { address, claimed: undefined } };
      const found = await this.threads.openStore(start, { gameArgs, env: process.env, heapMb: undefined });
      this.hashKey = found.hashKey;
      epoch = found.epoch;
    }
    this.slots.spread(config.workers, epoch);
    return new Keyspace(this.hashKey);
  }

  /** From now on this host has the store, and calls are served once it resolves. */
  async start(env: NodeJS.ProcessEnv): Promise<void> {
    const { config, gameArgs } = this.task;
    if (this.storeNode !== undefined) await this.threads.claimStore(this.storeNode);
    const environment: ThreadEnvironment = { gameArgs, env, heapMb: config.heapMb };
    const starts = Array.from({ length: config.workers }, (_, index) => this.startOf(index));
    await this.threads.start(starts, environment);
  }

  /** What nodes have is saved, as far as `graceMs` lets them; then they end. */
  async stop(graceMs: number): Promise<void> {
    await this.threads.stop(graceMs);
    this.lock?.release();
  }

  private startOf(index: number): ThreadStart {
    const { config, game } = this.task;
    return {
      ...game,
      ...this.mesh.memory,
      quarantined: this.supervision.quarantined,
      index,
      workers: config.workers,
      hostId: this.hostId,
      incarnation: newIncarnation(),
      seed: (this.seed + index) >>> 0,
      hashKey: this.hashKey,
      slotTable: this.slots.memory,
      log: config,
    };
  }
}

export const newIncarnation = (): number => randomBytes(4).readUInt32LE() & 0x7fff_ffff || 1;

function randomHashKey(): HashKey {
  const key = randomBytes(8);
  return [key.readUInt32LE(0), key.readUInt32LE(4)];
}
