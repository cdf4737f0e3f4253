import type { Catalogue } from '../runtime/catalogue.ts';
import type { EntityStore } from '../runtime/entity-store.ts';
import type { Log } from '../runtime/log.ts';
import { openStore } from '../store/open-store.ts';
import { FoundStore, type StoreIdentity } from './store-identity.ts';
import type { StoreStart } from './thread-messages.ts';

/** The store of a host on the thread that holds it: opened, found to be for this game, and claimed once the host is sure to start. */
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
  static async open({ game }: Catalogue, { address, claimed }: StoreStart, log: Log): Promise<StoredWorld> {
    const store = game.store ?? (await openStore(address, (line) => log.warn({}, line)));
    try {
      if (claimed !== undefined) await FoundStore.check(store, game.name, claimed.epoch);
      const found = await FoundStore.read(store, game.name);
      return new StoredWorld(store, found, claimed ?? found.identity);
    } catch (error) {
      await store.close().catch(() => {});
      throw error;
    }
  }

  claim(): Promise<void> {
    return this.found.claim();
  }
}
