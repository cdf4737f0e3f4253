import { notImplemented } from '../base/errors.ts';
import type { HashKey } from '../cluster/keyspace.ts';
import type { Catalogue } from '../runtime/catalogue.ts';
import type { EntityStore } from '../runtime/entity-store.ts';
import type { Log } from '../runtime/log.ts';
import { openStore } from '../store/open-store.ts';
import { ClusterStore } from './cluster-store.ts';
import { FoundStore, type StoreIdentity } from './store-identity.ts';
import type { StoreStart } from './thread-messages.ts';

/** The store of a host on the thread that holds it: opened, found to be for this game, and claimed or joined once the host is sure to start. */
export class StoredWorld {
  readonly store: EntityStore;
  readonly identity: StoreIdentity;
  private readonly found: FoundStore;

  private constructor(store: EntityStore, found: FoundStore, identity: StoreIdentity) {
    this.store = store;
    this.found = found;
    this.identity = identity;
  }

  /** With `claimed`, for a host that has it already and lost the thread. Throws one clear line. */
  static async open({ game }: Catalogue, start: StoreStart, log: Log): Promise<StoredWorld> {
    const { address, claimed, cluster } = start;
    const opened = game.store ?? (await openStore(address, (line) => log.warn({}, line)));
    try {
      if (cluster === undefined) {
        if (claimed !== undefined) await FoundStore.check(opened, game.name, claimed.epoch);
        const found = await FoundStore.read(opened, game.name);
        return new StoredWorld(opened, found, claimed ?? found.identity);
      }
      if (opened.caps.fencing === 'none') {
        throw new Error(
          `The store of this game does not refuse writes of hosts that have lost a slot (fencing: 'none'), so hosts of a cluster cannot share it: start it without --nats`,
        );
      }
      if (opened.caps.scope === 'host')
        throw notImplemented('a store that belongs to one host, in a cluster (--store=nats)');
      const store = new ClusterStore(opened, game.name, cluster);
      if (claimed !== undefined) await store.join(claimed.hashKey);
      const found = await FoundStore.read(opened, game.name);
      return new StoredWorld(store, found, claimed ?? found.identity);
    } catch (error) {
      await opened.close().catch(() => {});
      throw error;
    }
  }

  /** With the key of the cluster, in one. */
  async claim(hashKey: HashKey): Promise<void> {
    if (this.store instanceof ClusterStore) await this.store.join(hashKey);
    else await this.found.claim();
  }
}
