import { randomBytes } from 'node:crypto';
import { decodeCbor, encodeCbor } from '../../transport/codec/cbor.ts';
import { StoreError } from '../base/errors.ts';
import { type HashKey, SLOTS } from '../cluster/keyspace.ts';
import type { EntityStore } from '../runtime/entity-store.ts';
import { LIVES_PER_EPOCH } from '../runtime/persistence/store-calls.ts';

/** The engine's own record: what must be the same for all hosts that ever work on a store. */
export const IDENTITY_KEY = 'engine';
/** Of no entity. */
const IDENTITY_SLOT = SLOTS;
const FORM = 1;
const CLAIMS_AT_ONCE = 256;

/** What a host takes over from those before it. */
export interface StoreIdentity {
  readonly hashKey: HashKey;
  /** Of the host that starts with it: one more than that of the last. */
  readonly epoch: number;
}

/** A store as the host that is about to start on it found it. */
export class FoundStore {
  readonly identity: StoreIdentity;
  private readonly store: EntityStore;
  private readonly game: string;
  private readonly etag: string | null;

  private constructor(store: EntityStore, game: string, identity: StoreIdentity, etag: string | null) {
    this.store = store;
    this.game = game;
    this.identity = identity;
    this.etag = etag;
  }

  /** Changes nothing. Throws StoreError, and Error for a store of another game. */
  static async read(store: EntityStore, game: string): Promise<FoundStore> {
    const found = await store.load(IDENTITY_KEY, IDENTITY_SLOT);
    if (found === undefined) {
      const key = randomBytes(8);
      const hashKey: HashKey = [key.readUInt32LE(0), key.readUInt32LE(4)];
      return new FoundStore(store, game, { hashKey, epoch: 1 }, null);
    }
    const { hashKey, epoch } = identityOf(found.bytes, game);
    return new FoundStore(store, game, { hashKey, epoch: epoch + 1 }, found.etag);
  }

  /** Has somebody started since the host that has this epoch? StoreError when it is not known. */
  static async isTaken(store: EntityStore, game: string, epoch: number): Promise<boolean> {
    const found = await store.load(IDENTITY_KEY, IDENTITY_SLOT);
    return found !== undefined && identityOf(found.bytes, game).epoch > epoch;
  }

  /** Has nobody started since the host that has this epoch? For a thread that takes the store over from one that died. */
  static async check(store: EntityStore, game: string, epoch: number): Promise<void> {
    const found = await store.load(IDENTITY_KEY, IDENTITY_SLOT);
    if (found === undefined) throw new Error('The store has lost what it held: its records are gone.');
    if (identityOf(found.bytes, game).epoch === epoch) return;
    throw new Error('Another host has started on this store.');
  }

  /** From now on whoever worked on this store is refused by it. */
  async claim(): Promise<void> {
    const { store, game, identity } = this;
    const { hashKey, epoch } = identity;
    await store.claim(IDENTITY_SLOT, epoch);
    const bytes = encodeCbor({ form: FORM, hashKey, epoch, game });
    const row = { key: IDENTITY_KEY, bytes, expectedEtag: this.etag, slot: IDENTITY_SLOT, epoch };
    try {
      await store.save([row], store.caps.levels.includes('flushed') ? 'flushed' : 'committed');
    } catch (error) {
      if ((error as StoreError).code !== 'conflict') throw error;
      throw new Error('Another host has started on this store at the same time.');
    }
    for (let slot = 0; slot < SLOTS; slot += CLAIMS_AT_ONCE) {
      const some = Array.from({ length: CLAIMS_AT_ONCE }, (_, i) => store.claim(slot + i, epoch * LIVES_PER_EPOCH));
      await Promise.all(some);
    }
  }
}

function identityOf(bytes: Uint8Array, game: string): StoreIdentity {
  let found: { form?: unknown; hashKey?: unknown; epoch?: unknown; game?: unknown };
  try {
    found = decodeCbor(bytes) as typeof found;
  } catch (error) {
    throw damaged(error);
  }
  if (found?.form !== FORM) {
    if (!Number.isInteger(found?.form)) throw damaged(undefined);
    throw new StoreError('newer-version', `The store has form ${found.form}; this engine knows ${FORM}.`);
  }
  const { hashKey, epoch } = found;
  const isKey = Array.isArray(hashKey) && hashKey.length === 2 && hashKey.every((word) => Number.isInteger(word));
  if (!isKey || !Number.isSafeInteger(epoch)) throw damaged(undefined);
  if (found.game !== game) {
    throw new Error(`The store holds the game '${found.game}', not '${game}': choose another with --data or --store.`);
  }
  return { hashKey: hashKey as unknown as HashKey, epoch: epoch as number };
}

const damaged = (cause: unknown): StoreError =>
  new StoreError('corrupt', `Record ${IDENTITY_KEY} of the store is damaged; nothing can be found without it.`, {
    cause,
  });
