import { randomBytes } from 'node:crypto';
import { type HashKey, Keyspace } from '../cluster/keyspace.ts';
import { SlotTable } from '../cluster/slot-table.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import type { RootLog } from '../runtime/log.ts';
import { describeStore } from '../store/store-address.ts';
import { OTHER_KEY } from './cluster-store.ts';
import type { HostConfig } from './config.ts';
import { ControlPlane, hashKeyOf, randomHashKey } from './control-plane.ts';
import { FolderLock } from './folder-lock.ts';
import { keptHostId, newHostId } from './host-id.ts';
import type { Launch } from './launcher-port.ts';
import { Mesh, type PeerLinks } from './mesh.ts';
import type { ThreadEnvironment } from './node-thread.ts';
import { NO_QUARANTINE } from './quarantine.ts';
import type { StoreIdentity } from './store-identity.ts';
import { Supervision } from './supervision.ts';
import type { ThreadStart } from './thread-messages.ts';
import { Threads } from './threads.ts';
import { watchLimits } from './watchdog.ts';

/** How long the others may take to learn that this host has left. */
const LEFT_MS_MAX = 2000;

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
  private readonly fenced: (isFenced: boolean) => void;
  private plane: ControlPlane | undefined = undefined;

  /**
   * `peerReplaced`: the node on this thread learns of another's next life. `fenced`: this host has no lease, or has one again. Throws when another host has the
   * store's folder.
   */
  constructor(task: HostTask, peerReplaced: (links: PeerLinks) => void, fenced: (isFenced: boolean) => void) {
    const { config, catalogue, log, launch } = task;
    this.task = task;
    const isInFolder = catalogue.hasPersistent && catalogue.game.store === undefined && config.store === 'lmdb';
    this.lock = isInFolder ? FolderLock.take(config.data) : undefined;
    try {
      // In a cluster the slots whose records are in the folder go by this name.
      const isBound = isInFolder && config.nats !== undefined;
      this.hostId = isBound ? keptHostId(config.data, config.hostId) : (config.hostId ?? newHostId());
    } catch (error) {
      this.lock?.release();
      throw error;
    }
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
      nextStart: (index) => this.nextStart(index),
      holds: (slots) => this.plane?.hold(slots),
    });
    this.fenced = fenced;
  }

  /** For people. */
  get store(): string {
    const { config, catalogue } = this.task;
    if (!catalogue.hasPersistent) return 'none: this game has no persistent entities';
    return catalogue.game.store === undefined ? describeStore(config) : 'the one that the game brings';
  }

  /** In a cluster, once it is open. */
  get control(): ControlPlane | undefined {
    return this.plane;
  }

  /** Opens the store, when there is one, and resolves with the keyspace. Nothing in it is changed. Rejects with one line. */
  async open(): Promise<Keyspace> {
    const { config, gameArgs } = this.task;
    const { store, data, nats, cluster, workers } = config;
    let found: StoreIdentity | undefined;
    if (this.storeNode !== undefined) {
      const about = {
        address: { store, data, nats, cluster },
        claimed: undefined,
        cluster: nats === undefined ? undefined : cluster,
      };
      const start = { ...this.startOf(this.storeNode), store: about };
      found = await this.threads.openStore(start, { gameArgs, env: process.env, heapMb: undefined });
      this.hashKey = found.hashKey;
    }
    if (nats === undefined) this.slots.spread(workers, found?.epoch);
    else this.hashKey = await this.meet(nats, found);
    return new Keyspace(this.hashKey);
  }

  /** In a cluster the control thread says who has which slot, and all hosts hash alike: by the key of the first one's store. */
  private async meet(nats: string, found: StoreIdentity | undefined): Promise<HashKey> {
    const { config, catalogue, launch, log } = this.task;
    const own = found?.isNew === false ? found.hashKey : undefined;
    this.plane = new ControlPlane({
      config: { ...config, nats },
      game: catalogue.game.name,
      host: this.hostId,
      seed: this.seed,
      slots: this.slots,
      mesh: this.mesh,
      locals: this.mesh.bells.length,
      hashKey: own,
      epochFloor: found === undefined ? 0 : found.epoch - 1,
      isSupervised: launch !== undefined,
      log,
      held: (count) => this.threads.held(this.storeNode!, count),
      endThreads: (nodes) => this.threads.endSlices(nodes),
      fenced: this.fenced,
    });
    const agreed = hashKeyOf(await this.plane.open());
    if (own?.some((word, i) => word !== agreed[i])) throw new Error(OTHER_KEY);
    return agreed;
  }

  /** From now on this host has the store, and calls are served once it resolves. */
  async start(env: NodeJS.ProcessEnv): Promise<void> {
    const { config, gameArgs, launch } = this.task;
    if (this.storeNode !== undefined) await this.threads.claimStore(this.storeNode, this.hashKey);
    const environment: ThreadEnvironment = { gameArgs, env, heapMb: config.heapMb };
    const starts = Array.from({ length: config.workers }, (_, index) => this.startOf(index));
    await this.threads.start(starts, environment);
    if (this.control === undefined) return;
    launch?.port.joins(this.control.run);
    this.control.join();
  }

  /** In a cluster: entities leave, the slots go to others, as far as `graceMs` lets them; then the others know that nothing runs here any more. */
  async leave(graceMs: number): Promise<void> {
    const { control } = this;
    if (control === undefined) return;
    const emptied = control.drain();
    await this.threads.empty(graceMs);
    await withinMs(emptied, graceMs);
    await withinMs(control.retire(), LEFT_MS_MAX);
  }

  /** What nodes have is saved, as far as `graceMs` lets them; then they end. */
  async stop(graceMs: number): Promise<void> {
    await this.threads.stop(graceMs);
    await this.control?.end();
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
      ...(this.hasLinks(index) && { cluster: this.control!.startOf(index) }),
    };
  }

  /** What the next life of a node's thread has that the one before had not. */
  private nextStart(index: number): Partial<ThreadStart> {
    return this.hasLinks(index) ? { cluster: this.control!.replaced(index, this.mesh) } : {};
  }

  /** The store's node has none to other hosts. */
  private hasLinks(index: number): boolean {
    return this.control !== undefined && index <= this.task.config.workers;
  }
}

export const newIncarnation = (): number => randomBytes(4).readUInt32LE() & 0x7fff_ffff || 1;

async function withinMs(done: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([done, impatience]);
  clearTimeout(timer);
}
