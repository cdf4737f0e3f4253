import { type EngineError, FencedError, StoreError } from '../../base/errors.ts';
import type { Operation } from '../catalogue.ts';
import { STORE_CLAIM, STORE_LOAD, STORE_SAVE } from '../engine-operations.ts';
import type { StoredRecord } from '../entity-store.ts';
import type { Router } from '../router.ts';
import type { KeepLevel } from './entity-record.ts';

/** Calls an operation of the engine at another node; a view of this one. */
export interface Asker {
  ask(operation: Operation, id: number, slot: number, args: unknown[]): Promise<unknown>;
}

/** One record as it travels to the store's node. */
export type SaveRow = readonly [
  key: string,
  bytes: Uint8Array | null,
  expectedEtag: string | null,
  slot: number,
  token: number,
];

/**
 * Tokens of claims: the epoch of a slot, and under it the lives of a node thread. A thread that takes the place of another claims anew, which
 * also puts it behind everything that the one before had sent to the store.
 */
export const LIVES_PER_EPOCH = 2 ** 20;

/** How often a call is made again whose node was replaced meanwhile. */
const LOST_TRIES_MAX = 3;

/** The store as this node reaches it: calls to the node that holds it. */
export class StoreCalls {
  private readonly asker: Asker;
  private readonly router: Router;
  private readonly life: number;
  private readonly claims = new Map<number, Promise<void>>();

  /** `life` grows with every thread that has the index of this node, from 0 on. */
  constructor(asker: Asker, router: Router, life: number) {
    this.asker = asker;
    this.router = router;
    this.life = life;
  }

  tokenOf(slot: number): number {
    return this.router.epochOf(slot) * LIVES_PER_EPOCH + 1 + this.life;
  }

  /** Once per slot. FencedError when somebody with a later epoch has it; StoreError when it is not known. */
  claimed(slot: number): Promise<void> {
    let claim = this.claims.get(slot);
    if (claim === undefined) {
      claim = this.asked(STORE_CLAIM, [slot, this.tokenOf(slot)]).then(() => {});
      this.claims.set(slot, claim);
      claim.catch(() => this.claims.delete(slot));
    }
    return claim;
  }

  /** Is it still ours? As `claimed`. */
  claimAgain(slot: number): Promise<void> {
    this.claims.delete(slot);
    return this.claimed(slot);
  }

  /** StoreError, in whatever way it failed. */
  async load(key: string): Promise<StoredRecord | undefined> {
    return ((await this.asked(STORE_LOAD, [key])) as StoredRecord | null) ?? undefined;
  }

  /** The new etags. Any EngineError. */
  async save(rows: readonly SaveRow[], level: KeepLevel): Promise<string[]> {
    return (await this.ask(STORE_SAVE, [level, rows])) as string[];
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

  private ask(operation: Operation, args: unknown[]): Promise<unknown> {
    return this.asker.ask(operation, 0, -1 - this.router.storeAt(), args);
  }
}
