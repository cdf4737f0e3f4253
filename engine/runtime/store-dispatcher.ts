import type { Lane } from '../../transport/link.ts';
import { EngineError, InvalidMessageError, StoreError } from '../base/errors.ts';
import type { Operation } from './catalogue.ts';
import { STORE_CLAIM, STORE_KEYS, STORE_LOAD, STORE_SAVE } from './engine-operations.ts';
import type { EntityStore, SaveLevel } from './entity-store.ts';
import type { NodeState } from './node-state.ts';
import { rowsOf, type SaveColumns } from './persistence/save-columns.ts';
import type { Replies } from './reply.ts';

/** A scan that is under way, and the one that begins after it. */
interface KeyScan {
  running: Promise<string[]> | undefined;
  next: Promise<string[]> | undefined;
}

/** What nodes ask of the store, on the node that holds it. */
export class StoreDispatcher {
  private readonly replies: Replies;
  private readonly state: NodeState;
  private readonly store: EntityStore;
  private readonly best: SaveLevel;
  private readonly scans = new Map<string, KeyScan>();

  constructor(state: NodeState, replies: Replies, store: EntityStore) {
    this.state = state;
    this.replies = replies;
    this.store = store;
    this.best = store.caps.levels.includes('flushed') ? 'flushed' : 'committed';
  }

  /** Throws EngineError for what it cannot read, and for what is no operation of a store. */
  request(code: number, args: readonly unknown[], source: number, lane: Lane, requestId: number): void {
    switch (code) {
      case STORE_CLAIM.code: {
        const [slot, token] = args as [number, number];
        this.answer(
          STORE_CLAIM,
          this.run(() => this.store.claim(slot, token)),
          source,
          lane,
          requestId,
        );
        return;
      }
      case STORE_LOAD.code: {
        const [key, slot] = args as [string, number];
        this.state.counters.storeLoads++;
        this.answer(
          STORE_LOAD,
          this.run(() => this.store.load(key, slot)),
          source,
          lane,
          requestId,
        );
        return;
      }
      case STORE_SAVE.code: {
        if (!Array.isArray(args[1])) throw new InvalidMessageError('invalid', 'What is to be saved is malformed.');
        const [level] = args as SaveColumns;
        const batch = rowsOf(args as SaveColumns);
        this.state.counters.storeSaves++;
        this.state.counters.storeRecords += batch.length;
        const wanted = level === 'best' ? this.best : level;
        this.answer(
          STORE_SAVE,
          this.run(() => this.store.save(batch, wanted)),
          source,
          lane,
          requestId,
        );
        return;
      }
      case STORE_KEYS.code: {
        const [prefix, after, count] = args as [string, string, number];
        this.answer(
          STORE_KEYS,
          this.run(() => this.keys(prefix, after, count)),
          source,
          lane,
          requestId,
        );
        return;
      }
      default:
        throw new InvalidMessageError('invalid', `The store has no operation ${code}.`);
    }
  }

  /**
   * Some stores have to be read as a whole for it: all nodes that ask while one scan is under way share the next one. Not that one, which may
   * have passed by what was saved since.
   */
  private keys(prefix: string, after: string, count: number): Promise<string[]> {
    const what = `${prefix} ${after} ${count}`;
    const scan = this.scans.get(what) ?? { next: undefined, running: undefined };
    this.scans.set(what, scan);
    const begin = (): Promise<string[]> => {
      scan.next = undefined;
      const running = this.scanKeys(prefix, after, count);
      scan.running = running;
      const over = (): void => {
        if (scan.running === running) scan.running = undefined;
        if (scan.next === undefined && scan.running === undefined) this.scans.delete(what);
      };
      running.then(over, over);
      return running;
    };
    if (scan.running === undefined) return begin();
    scan.next ??= scan.running.then(begin, begin);
    return scan.next;
  }

  /** Stores have no order of their own: the least ones behind `after`. */
  private async scanKeys(prefix: string, after: string, count: number): Promise<string[]> {
    let keys: string[] = [];
    for await (const { key } of this.store.scan(prefix)) {
      if (key <= after) continue;
      keys.push(key);
      if (keys.length >= count * 2) keys = keys.sort().slice(0, count);
    }
    return keys.sort().slice(0, count);
  }

  /** Providers are not the engine's: one that throws instead of rejecting must not end a round. */
  private async run<T>(work: () => Promise<T>): Promise<T> {
    return await work();
  }

  private answer(operation: Operation, result: Promise<unknown>, source: number, lane: Lane, requestId: number): void {
    result.then(
      (value) => this.replies.result(source, lane, requestId, operation, value ?? null),
      (error: unknown) => {
        const known = error instanceof EngineError ? error : unexpected(error);
        if (known !== error) this.state.log.error({ err: error, operation: operation.name }, 'the store failed');
        this.replies.refusal(source, lane, requestId, operation.code, known);
      },
    );
  }
}

/** Whether it took effect nobody knows. */
const unexpected = (error: unknown): StoreError =>
  new StoreError('timeout', `The store failed: ${error instanceof Error ? error.message : String(error)}`, {
    cause: error,
  });
