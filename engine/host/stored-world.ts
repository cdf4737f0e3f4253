import type { HashKey } from '../cluster/keyspace.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import type { EntityStore } from '../runtime/entity-store.ts';
import type { Log } from '../runtime/log.ts';
import { openStore } from '../store/open-store.ts';
import { ClusterStore } from './cluster-store.ts';
import { RecordHolds } from './record-holds.ts';
import { FoundStore, type StoreIdentity } from './store-identity.ts';
import type { StoreStart } from './thread-messages.ts';
import { WatchedStore } from './watched-store.ts';

export interface WorldEvents {
  /** A host has started on the store that does not share it with this one. Once. */
  taken(): void;
  /** All slots that have records in this host's own store. */
  holds(slots: readonly number[]): void;
}

export interface ClaimStart {
  /** The key that the host goes by, in a cluster that of the cluster. */
  readonly hashKey: HashKey;
  /** Of a record's key; undefined for those of no slot. */
  readonly slotOf: (key: string) => number | undefined;
}

/** The store of a host on the thread that holds it: opened, found to be for this game, and claimed or joined once the host is sure to start. */
export class StoredWorld {
  readonly store: EntityStore;
  readonly identity: StoreIdentity;
  /** Once the host is sure to start, and in a cluster with every life of this thread. */
  readonly claim: (about: ClaimStart) => Promise<void>;
  /** Of a store that belongs to this host, in a cluster. */
  readonly holds: RecordHolds | undefined;

  private constructor(
    store: EntityStore,
    claim: (about: ClaimStart) => Promise<void>,
    identity: StoreIdentity,
    holds?: RecordHolds,
  ) {
    this.store = store;
    this.claim = claim;
    this.identity = identity;
    this.holds = holds;
  }

  /**
   * With `claimed`, for a host that has it already and lost the thread. Throws one clear line. A refused save makes it look whether somebody
   * has taken the store.
   */
  static async open({ game }: Catalogue, start: StoreStart, log: Log, events: WorldEvents): Promise<StoredWorld> {
    const { address, claimed, cluster } = start;
    const { taken } = events;
    if (cluster !== undefined && game.store === undefined && address.store === 'memory') throw new Error(IN_MEMORY);
    const opened = game.store ?? (await openStore(address, (line) => log.warn({}, line)));
    try {
      if (cluster !== undefined) return await StoredWorld.shared(opened, game.name, start, log, events);
      if (claimed !== undefined) await FoundStore.check(opened, game.name, claimed.epoch);
      const found = await FoundStore.read(opened, game.name);
      const identity = claimed ?? found.identity;
      const { epoch } = identity;
      const look = once(() => FoundStore.isTaken(opened, game.name, epoch), taken);
      const store = new WatchedStore(opened, look);
      return new StoredWorld(store, () => found.claim(), identity);
    } catch (error) {
      await opened.close().catch(() => {});
      throw error;
    }
  }

  private static async shared(
    opened: EntityStore,
    game: string,
    { claimed, cluster }: StoreStart,
    log: Log,
    { taken, holds: tell }: WorldEvents,
  ): Promise<StoredWorld> {
    if (opened.caps.fencing === 'none') throw new Error(UNFENCED);
    const holds = opened.caps.scope === 'host' ? new RecordHolds(tell) : undefined;
    const store = new ClusterStore(opened, game, cluster!, holds);
    const { identity } = await FoundStore.read(opened, game);
    const claim = async ({ hashKey, slotOf }: ClaimStart): Promise<void> => {
      await store.join(hashKey);
      if (holds === undefined) return;
      await store.findHolds(slotOf);
      log.warn({ slots: holds.size }, BOUND);
    };
    const look = once(() => store.isTaken(), taken);
    return new StoredWorld(new WatchedStore(store, look), claim, claimed ?? identity, holds);
  }
}

const BOUND =
  'the store belongs to this host: slots with records stay with it, and while it is away their persistent entities cannot be had (store-host-down)';
const IN_MEMORY =
  'a store in memory is gone with its host, so hosts of a cluster cannot rely on it: take --store=nats, or start this one without --nats';
const UNFENCED =
  "The store of this game does not refuse writes of hosts that have lost a slot (fencing: 'none'), so hosts of a cluster cannot share it: start it without --nats";

/** Asks `is`, one question at a time, until it is so, which `then` hears. */
function once(is: () => Promise<boolean>, then: () => void): () => void {
  let isDone = false;
  let isAsking = false;
  return () => {
    if (isDone || isAsking) return;
    isAsking = true;
    is()
      .then((isSo) => {
        isDone = isSo;
        if (isSo) then();
      })
      // Whoever is refused next asks again.
      .catch(() => {})
      .finally(() => {
        isAsking = false;
      });
  };
}
