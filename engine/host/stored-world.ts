import { notImplemented } from '../base/errors.ts';
import type { HashKey } from '../cluster/keyspace.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import type { EntityStore } from '../runtime/entity-store.ts';
import type { Log } from '../runtime/log.ts';
import { openStore } from '../store/open-store.ts';
import { ClusterStore } from './cluster-store.ts';
import { FoundStore, type StoreIdentity } from './store-identity.ts';
import type { StoreStart } from './thread-messages.ts';
import { WatchedStore } from './watched-store.ts';

/** The store of a host on the thread that holds it: opened, found to be for this game, and claimed or joined once the host is sure to start. */
export class StoredWorld {
  readonly store: EntityStore;
  readonly identity: StoreIdentity;
  /** Once the host is sure to start: with the key that it goes by, in a cluster that of the cluster. Throws one clear line. */
  readonly claim: (hashKey: HashKey) => Promise<void>;

  private constructor(store: EntityStore, claim: (hashKey: HashKey) => Promise<void>, identity: StoreIdentity) {
    this.store = store;
    this.claim = claim;
    this.identity = identity;
  }

  /**
   * With `claimed`, for a host that has it already and lost the thread. Throws one clear line. `taken` is called, once, when a host has started
   * on the store that does not share it with this one: a refused save is what makes it look.
   */
  static async open({ game }: Catalogue, start: StoreStart, log: Log, taken: () => void): Promise<StoredWorld> {
    const { address, claimed, cluster } = start;
    const opened = game.store ?? (await openStore(address, (line) => log.warn({}, line)));
    try {
      if (cluster !== undefined) return await StoredWorld.shared(opened, game.name, cluster, claimed, taken);
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
    cluster: string,
    claimed: StoreIdentity | undefined,
    taken: () => void,
  ): Promise<StoredWorld> {
    if (opened.caps.fencing === 'none') throw new Error(UNFENCED);
    if (opened.caps.scope === 'host') {
      throw notImplemented('a store that belongs to one host, in a cluster (take --store=nats)');
    }
    const store = new ClusterStore(opened, game, cluster);
    if (claimed !== undefined) await store.join(claimed.hashKey);
    const { identity } = await FoundStore.read(opened, game);
    const look = once(() => store.isTaken(), taken);
    return new StoredWorld(new WatchedStore(store, look), (hashKey) => store.join(hashKey), claimed ?? identity);
  }
}

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
