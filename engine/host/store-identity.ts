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
/** Each is one write; a store has few flushes for all of them. */
const CLAIMS_AT_ONCE = 1024;

/** What a host takes over from those before it. */
export interface StoreIdentity {
  readonly hashKey: HashKey;
  /** Of the host that starts with it: one more than anybody before may have used. */
  readonly epoch: number;
  /** Nothing is in it: whatever the key is, it will do. */
  readonly isNew: boolean;
}

/** The record's content. */
export interface IdentityRecord {
  readonly hashKey: HashKey;
  /** Nobody has used a higher one. */
  readonly epoch: number;
  /** The cluster whose hosts share it; undefined: the last one to start on it was a host alone. */
  readonly cluster: string | undefined;
}

export interface StoredIdentity extends IdentityRecord {
  readonly etag: string;
}

/** Throws StoreError, and Error for a store of another game. */
export async function readIdentity(store: EntityStore, game: string): Promise<StoredIdentity | undefined> {
  const found = await store.load(IDENTITY_KEY, IDENTITY_SLOT);
  return found && { ...identityOf(found.bytes, game), etag: found.etag };
}

/** `token`: the epoch that it is claimed with. Throws FencedError and StoreError (`conflict`) when it is not what it was any more. */
export async function writeIdentity(
  store: EntityStore,
  game: string,
  identity: IdentityRecord,
  etag: string | null,
  token: number,
): Promise<void> {
  const { hashKey, epoch, cluster } = identity;
  await store.claim(IDENTITY_SLOT, token);
  const bytes = encodeCbor({ form: FORM, hashKey, epoch, game, ...(cluster !== undefined && { cluster }) });
  const row = { key: IDENTITY_KEY, bytes, expectedEtag: etag, slot: IDENTITY_SLOT, epoch: token };
  await store.save([row], store.caps.levels.includes('flushed') ? 'flushed' : 'committed');
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
    const found = await readIdentity(store, game);
    if (found === undefined) {
      const key = randomBytes(8);
      const hashKey: HashKey = [key.readUInt32LE(0), key.readUInt32LE(4)];
      return new FoundStore(store, game, { hashKey, epoch: 1, isNew: true }, null);
    }
    const { hashKey, epoch, etag } = found;
    return new FoundStore(store, game, { hashKey, epoch: epoch + 1, isNew: false }, etag);
  }

  /** Has somebody started since the host that has this epoch? StoreError when it is not known. */
  static async isTaken(store: EntityStore, game: string, epoch: number): Promise<boolean> {
    const found = await store.load(IDENTITY_KEY, IDENTITY_SLOT);
    return found !== undefined && identityOf(found.bytes, game).epoch > epoch;
  }

  /** Has nobody started since the host that has this epoch? For a thread that takes the store over from one that died. */
  static async check(store: EntityStore, game: string, epoch: number): Promise<void> {
    const found = await readIdentity(store, game);
    if (found === undefined) throw new Error('The store has lost what it held: its records are gone.');
    if (found.epoch === epoch) return;
    throw new Error('Another host has started on this store.');
  }

  /** From now on whoever worked on this store is refused by it. For a host alone. */
  async claim(): Promise<void> {
    const { store, game, identity, etag } = this;
    const { hashKey, epoch } = identity;
    try {
      await writeIdentity(store, game, { hashKey, epoch, cluster: undefined }, etag, epoch);
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

function identityOf(bytes: Uint8Array, game: string): IdentityRecord {
  let found: { form?: unknown; hashKey?: unknown; epoch?: unknown; game?: unknown; cluster?: unknown };
  try {
    found = decodeCbor(bytes) as typeof found;
  } catch (error) {
    throw damaged(error);
  }
  if (found?.form !== FORM) {
    if (!Number.isInteger(found?.form)) throw damaged(undefined);
    throw new StoreError('newer-version', `The store has form ${found.form}; this engine knows ${FORM}.`);
  }
  const { hashKey, epoch, cluster } = found;
  const isKey = Array.isArray(hashKey) && hashKey.length === 2 && hashKey.every((word) => Number.isInteger(word));
  const isCluster = cluster === undefined || typeof cluster === 'string';
  if (!isKey || !Number.isSafeInteger(epoch) || !isCluster) throw damaged(undefined);
  if (found.game !== game) {
    throw new Error(`The store holds the game '${found.game}', not '${game}': choose another with --data or --store.`);
  }
  return { hashKey: hashKey as unknown as HashKey, epoch: epoch as number, cluster };
}

const damaged = (cause: unknown): StoreError =>
  new StoreError('corrupt', `Record ${IDENTITY_KEY} of the store is damaged; nothing can be found without it.`, {
    cause,
  });
