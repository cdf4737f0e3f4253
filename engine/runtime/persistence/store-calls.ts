import { type EngineError, FencedError, StoreError } from '../../base/errors.ts';
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

const CLAIMED = Promise.resolve();

/** The store as this node reaches it: calls to the node that holds it. */
export class StoreCalls {
  private readonly asker: Asker;
  private readonly router: Router;
  private readonly access: StoreAccess;
  private readonly claims = new Map<number, Promise<void>>();
  /** Somebody with a later epoch has the store: a node learns it from the first claim that is refused, and loads nothing any more. */
  private lost: FencedError | undefined = undefined;
  private loads = 0;
  private readonly waiting: (() => void)[] = [];
  private waitingAt = 0;

  constructor(asker: Asker, router: Router, access: StoreAccess) {
    this.asker = asker;
    this.router = router;
    this.access = access;
  }

  tokenOf(slot: number): number {
    return this.router.epochOf(slot) * LIVES_PER_EPOCH + this.access.life;
  }

  /** Once per slot. FencedError when somebody with a later epoch has it; StoreError when it is not known. */
  claimed(slot: number): Promise<void> {
    if (this.lost !== undefined) return Promise.reject(this.lost);
    if (this.access.isClaimed) return CLAIMED;
    return this.claim(slot);
  }

  private claim(slot: number): Promise<void> {
    let claim = this.claims.get(slot);
    if (claim === undefined) {
      claim = this.asked(STORE_CLAIM, [slot, this.tokenOf(slot)]).then(() => {});
      this.claims.set(slot, claim);
      claim.catch((error: unknown) => {
        this.claims.delete(slot);
        if (error instanceof FencedError) this.lost = error;
      });
    }
    return claim;
  }

  /** Is it still ours? As `claimed`. */
  claimAgain(slot: number): Promise<void> {
    this.claims.delete(slot);
    return this.claim(slot);
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
