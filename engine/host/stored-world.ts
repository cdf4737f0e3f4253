import type { Catalogue } from '../runtime/catalogue.ts';
import type { EntityStore } from '../runtime/entity-store.ts';
import type { Log } from '../runtime/log.ts';
import { openStore } from '../store/open-store.ts';
import { FoundStore, type StoreIdentity } from './store-identity.ts';
import type { StoreStart } from './thread-messages.ts';
import { WatchedStore } from './watched-store.ts';

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

  /**
   * With `claimed`, for a host that has it already and lost the thread. Throws one clear line. `taken` is called, once, when another host has
   * started on a store that only one may work on: a refused save is what makes it look.
   */
  static async open(
    { game }: Catalogue,
    { address, claimed, sole }: StoreStart,
    log: Log,
    taken: () => void,
  ): Promise<StoredWorld> {
    const store = game.store ?? (await openStore(address, (line) => log.warn({}, line)));
    try {
      if (claimed !== undefined) await FoundStore.check(store, game.name, claimed.epoch);
      const found = await FoundStore.read(store, game.name);
      const identity = claimed ?? found.identity;
      const { epoch } = identity;
      const look = once(() => FoundStore.isTaken(store, game.name, epoch), taken);
      return new StoredWorld(sole ? new WatchedStore(store, look) : store, found, identity);
    } catch (error) {
      await store.close().catch(() => {});
      throw error;
    }
  }

  claim(): Promise<void> {
    return this.found.claim();
  }
}

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
