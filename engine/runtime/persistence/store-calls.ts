import { type EngineError, FencedError, OverloadedError, StoreError } from '../../base/errors.ts';
import type { Operation } from '../catalogue.ts';
import { STORE_CLAIM, STORE_KEYS, STORE_LOAD, STORE_SAVE } from '../engine-operations.ts';
import type { RecordSave, StoredRecord } from '../entity-store.ts';
import type { Router } from '../router.ts';
import type { KeepLevel } from './entity-record.ts';
import { bytesAbout, columnsOf } from './save-columns.ts';

/** A node as far as its store is concerned. */
export interface StoreAccess {
  /** How many threads had the index of this node before. */
  readonly life: number;
  /** Its host has claimed all slots for it. */
  readonly isClaimed: boolean;
  /** In a cluster, where slots come and go: the epoch in which this node runs a slot, 0 when it does not. */
  readonly openEpochOf?: (slot: number) => number;
  /** In a cluster: the records of this slot are in the own store of another host. */
  readonly isElsewhere?: (slot: number) => boolean;
}

interface Claim {
  readonly token: number;
  /** Undefined: it has failed. */
  done: Promise<void> | undefined;
}

/** Calls an operation of the engine at another node; a view of this one. */
export interface Asker {
  /** `bytesAbout` spares the encoder of large arguments to try with less. */
  ask(operation: Operation, id: number, slot: number, args: unknown[], bytesAbout?: number): Promise<unknown>;
}

/**
 * Tokens of claims: the epoch of a slot, and under it the lives of a node thread. A thread that takes the place of another claims anew, which
 * also puts it behind everything that the one before had sent to the store.
 */
export const LIVES_PER_EPOCH = 2 ** 20;

/** Loads of one node under way; the others wait here, where they hold nobody up, and not in the link. */
export const LOADS_MAX = 256;

/** Of slots that nobody owns: everybody may write there. */
const COMMON_TOKEN = 1;

/** How often a call is made again whose node was replaced meanwhile. */
const LOST_TRIES_MAX = 3;

/** How often a claim or a load waits until there is room on the way to the store, and how long it does, in ms. */
const ROOM_TRIES_MAX = 10;
const ROOM_MS_MAX = 500;

const CLAIMED = Promise.resolve();

/** The store as this node reaches it: calls to the node that holds it. */
export class StoreCalls {
  private readonly asker: Asker;
  private readonly router: Router;
  private readonly access: StoreAccess;
  private readonly pause: (ms: number) => Promise<void>;
  /** The last one of each slot: what is saved is saved under it, whatever the slot table says by now. */
  private readonly claims = new Map<number, Claim>();
  /** Alone: somebody with a later epoch has the store. A node learns it from the first claim that is refused, and loads nothing any more. */
  private lost: FencedError | undefined = undefined;
  private loads = 0;
  private readonly waiting: (() => void)[] = [];
  private waitingAt = 0;

  /** `pause` resolves after so many milliseconds. */
  constructor(asker: Asker, router: Router, access: StoreAccess, pause: (ms: number) => Promise<void>) {
    this.asker = asker;
    this.pause = pause;
    this.router = router;
    this.access = access;
  }

  /** What records of a slot are saved under that were loaded here. */
  tokenOf(slot: number): number {
    return this.claims.get(slot)?.token ?? this.token(this.router.epochOf(slot));
  }

  /** Its persistent entities cannot be had here. */
  isElsewhere(slot: number): boolean {
    return this.access.isElsewhere?.(slot) === true;
  }

  /** Once per slot and epoch. FencedError when somebody with a later epoch has it; StoreError when it is not known. */
  claimed(slot: number): Promise<void> {
    const { access } = this;
    if (this.lost !== undefined) return Promise.reject(this.lost);
    if (access.isClaimed) return CLAIMED;
    const epoch = this.epochHere(slot);
    if (epoch === 0) return Promise.reject(new FencedError('fenced', `Slot ${slot} is not here any more.`));
    const token = this.token(epoch);
    const claim = this.claims.get(slot);
    if (claim?.token === token) return this.claim(slot, claim);
    return this.claim(slot, { token, done: undefined });
  }

  /** The epoch in which this node runs a slot that is or was its own; 0 when it does not, or not yet. The table alone would not do: it may name the epoch of another owner already. */
  epochHere(slot: number): number {
    const { openEpochOf } = this.access;
    return openEpochOf === undefined ? this.router.epochOf(slot) : openEpochOf(slot);
  }

  /** Is it still ours? As `claimed`. */
  claimAgain(slot: number): Promise<void> {
    return this.claim(slot, { token: this.tokenOf(slot), done: undefined });
  }

  private token(epoch: number): number {
    return epoch * LIVES_PER_EPOCH + this.access.life;
  }

  private claim(slot: number, claim: Claim): Promise<void> {
    if (claim.done !== undefined) return claim.done;
    const done = this.asked(STORE_CLAIM, [slot, claim.token]).then(() => {});
    claim.done = done;
    this.claims.set(slot, claim);
    done.catch((error: unknown) => {
      claim.done = undefined;
      if (error instanceof FencedError && this.access.openEpochOf === undefined) this.lost = error;
    });
    return done;
  }

  /** StoreError, in whatever way it failed. */
  async load(key: string, slot: number): Promise<StoredRecord | undefined> {
    if (this.loads >= LOADS_MAX) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.loads++;
    try {
      return ((await this.asked(STORE_LOAD, [key, slot])) as StoredRecord | null) ?? undefined;
    } finally {
      this.passOn();
    }
  }

  /** Some of those that begin so, in order, behind one. StoreError. */
  async keys(prefix: string, after: string, count: number): Promise<string[]> {
    return (await this.asked(STORE_KEYS, [prefix, after, count])) as string[];
  }

  /** The new etags. Any EngineError. */
  async save(rows: readonly RecordSave[], level: KeepLevel): Promise<string[]> {
    const columns = columnsOf(rows, level);
    return (await this.ask(STORE_SAVE, columns, bytesAbout(columns))) as string[];
  }

  /** A record of no entity that is written once and never changed, whoever comes first: it is there once this resolves. StoreError. */
  async ensure(key: string, slot: number, bytes: Uint8Array): Promise<void> {
    if ((await this.load(key, slot)) !== undefined) return;
    await this.asked(STORE_CLAIM, [slot, COMMON_TOKEN]);
    try {
      await this.save([{ key, bytes, expectedEtag: null, slot, epoch: COMMON_TOKEN }], 'best');
    } catch (error) {
      if ((error as EngineError).code !== 'conflict') throw error;
    }
  }

  /** Changes (`null`: deletes) a record of no entity if it is there and `isWanted`; not when somebody else has at the same time. StoreError. */
  async replace(
    key: string,
    slot: number,
    isWanted: (bytes: Uint8Array) => boolean,
    bytes: Uint8Array | null,
  ): Promise<void> {
    const found = await this.load(key, slot);
    if (found === undefined || !isWanted(found.bytes)) return;
    await this.asked(STORE_CLAIM, [slot, COMMON_TOKEN]);
    try {
      await this.save([{ key, bytes, expectedEtag: found.etag, slot, epoch: COMMON_TOKEN }], 'best');
    } catch (error) {
      if ((error as EngineError).code !== 'conflict') throw error;
    }
  }

  /** Whoever waited longest for a load takes the place of one that is over. */
  private passOn(): void {
    const next = this.waiting[this.waitingAt];
    if (next === undefined) {
      this.loads--;
      return;
    }
    this.waitingAt++;
    if (this.waitingAt === this.waiting.length) {
      this.waiting.length = 0;
      this.waitingAt = 0;
    }
    next();
  }

  /** Claims and loads do nothing when done twice. */
  private async asked(operation: Operation, args: unknown[]): Promise<unknown> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.ask(operation, args);
      } catch (error) {
        const { code } = error as EngineError;
        if (code === 'node-lost' && tries < LOST_TRIES_MAX) continue;
        if (error instanceof OverloadedError && tries < ROOM_TRIES_MAX) {
          await this.pause(Math.min(error.retryAfterMs, ROOM_MS_MAX));
          continue;
        }
        if (error instanceof FencedError || error instanceof StoreError) throw error;
        throw new StoreError('timeout', `The store cannot be reached: ${(error as Error).message}`, {
          outcome: 'notExecuted',
          cause: error,
        });
      }
    }
  }

  private ask(operation: Operation, args: unknown[], about?: number): Promise<unknown> {
    return this.asker.ask(operation, 0, -1 - this.router.storeAt(), args, about);
  }
}
