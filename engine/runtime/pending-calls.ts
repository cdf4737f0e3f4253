import { OverloadedError } from '../base/errors.ts';
import type { Lineage } from './chain.ts';
import type { TurnCalls } from './turn-calls.ts';

export const PENDING_MAX_DEFAULT = 131_072;
const INDEX_BITS = 17;
const INDEX_MASK = (1 << INDEX_BITS) - 1;
/** 14 bits: an id stays a small integer. */
const GENERATION_MASK = 0x3fff;

type Settle = (value: any) => void;

/** What a pending call needs to know about its operation when the reply or the deadline comes. */
export interface PendingOperation {
  readonly name: string;
  readonly contract: { readonly name: string };
}

/**
 * The calls of one node that wait for a reply. A request id is an index into parallel arrays and a generation that tells a late
 * reply from one for the call that has the place now; nothing but the promise is allocated for a call.
 *
 * Generations are few and a busy index runs through them in milliseconds, so the index of a call that ended without its reply is
 * retired: it comes back only when there is no other, the longest retired first.
 *
 * Deadlines cost one store and one comparison a call: nothing is sorted. `nextDeadline` is never later than the earliest one; when it
 * passes, one sweep ends what expired and finds the next. With equal timeouts a sweep happens about once a timeout.
 */
export class PendingCalls<O extends PendingOperation, C = unknown> {
  private readonly max: number;
  private readonly resolves: (Settle | undefined)[] = [];
  private readonly operations: (O | undefined)[] = [];
  private readonly callers: (C | undefined)[] = [];
  private readonly generations: Uint16Array;
  private readonly deadlines: Float64Array;
  /** Indexes of the nodes that were asked. */
  private readonly targets: Uint16Array;
  private readonly free: Int32Array;
  private freeCount = 0;
  private used = 0;
  /** Indexes whose call ended without its reply, oldest first; the reply may still come. */
  private readonly retired: Int32Array;
  private retiredFirst = 0;
  private retiredCount = 0;
  /** What is to be done when a call ends; few have it. */
  private readonly endings = new Map<number, () => void>();
  private readonly rejected: (error: unknown, operation: O, caller: C) => void;
  /** Undefined in games without locks. */
  readonly byTurn: TurnCalls | undefined;
  private resolve!: Settle;
  private readonly executor = (resolve: Settle): void => {
    this.resolve = resolve;
  };
  /** Milliseconds on the node's clock; Infinity when nothing waits. */
  nextDeadline = Number.POSITIVE_INFINITY;
  size = 0;
  /** The id that the last `add` gave. */
  lastId = 0;

  /** `rejected` hears of every call that fails, before its promise does. */
  constructor(
    max: number = PENDING_MAX_DEFAULT,
    rejected: (error: unknown, operation: O, caller: C) => void = () => {},
    byTurn?: TurnCalls,
  ) {
    if (max > INDEX_MASK + 1) throw new RangeError(`At most ${INDEX_MASK + 1} pending calls.`);
    this.max = max;
    // Id 0 is never given: it means a one-way frame.
    this.generations = new Uint16Array(max).fill(1);
    this.deadlines = new Float64Array(max);
    this.targets = new Uint16Array(max);
    this.free = new Int32Array(max);
    this.retired = new Int32Array(max);
    this.rejected = rejected;
    this.byTurn = byTurn;
  }

  /** The promise of the reply of node `target`; its id is in `lastId`. Throws OverloadedError (calls-exhausted). */
  add(operation: O, caller: C, deadline: number, target: number): Promise<unknown> {
    let index: number;
    if (this.freeCount > 0) index = this.free[--this.freeCount]!;
    else if (this.used < this.max) {
      index = this.used++;
      this.resolves.push(undefined);
      this.operations.push(undefined);
      this.callers.push(undefined);
    } else if (this.retiredCount > 0) {
      index = this.retired[this.retiredFirst]!;
      this.retiredFirst = (this.retiredFirst + 1) % this.max;
      this.retiredCount--;
    } else {
      throw new OverloadedError('calls-exhausted', `${this.max} calls of this node wait for replies already.`);
    }
    const promise = new Promise(this.executor);
    this.resolves[index] = this.resolve;
    this.operations[index] = operation;
    this.callers[index] = caller;
    this.deadlines[index] = deadline;
    this.targets[index] = target;
    if (deadline < this.nextDeadline) this.nextDeadline = deadline;
    this.size++;
    this.lastId = index | (this.generations[index]! << INDEX_BITS);
    return promise;
  }

  /** The operation of a call that still waits; undefined when the reply is late or wrong. */
  operationOf(id: number): O | undefined {
    const index = id & INDEX_MASK;
    if (index >= this.used || this.generations[index] !== id >>> INDEX_BITS) return undefined;
    return this.operations[index];
  }

  /** Who made a call that still waits. */
  callerOf(id: number): C | undefined {
    return this.callers[id & INDEX_MASK];
  }

  /** A call that was just added was made in a turn, to a node. */
  belongsTo(id: number, turn: Lineage, target: number): void {
    this.byTurn?.add(id & INDEX_MASK, id, turn, target);
  }

  /** `ending` runs when a call that still waits ends, in whatever way. */
  whenEnded(id: number, ending: () => void): void {
    if (this.operationOf(id) === undefined) ending();
    else this.endings.set(id & INDEX_MASK, ending);
  }

  /** Its reply has come. Only after `operationOf(id)` gave one. */
  resolveCall(id: number, value: unknown): void {
    const index = id & INDEX_MASK;
    const resolve = this.resolves[index]!;
    this.release(index);
    this.free[this.freeCount++] = index;
    resolve(value);
  }

  /** Its reply has come, and is an error. Only after `operationOf(id)` gave one. */
  failCall(id: number, error: unknown): void {
    const index = id & INDEX_MASK;
    this.rejectAt(index, error);
    this.free[this.freeCount++] = index;
  }

  /** Ends a call without its reply. Whether it still waited. */
  giveUp(id: number, error: unknown): boolean {
    if (this.operationOf(id) === undefined) return false;
    const index = id & INDEX_MASK;
    this.rejectAt(index, error);
    this.retire(index);
    return true;
  }

  /** Ends every call whose deadline is not after `now` with the error that `errorFor` makes; returns how many. */
  expire(now: number, errorFor: (operation: O) => Error): number {
    let ended = 0;
    let next = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.used; index++) {
      const operation = this.operations[index];
      if (operation === undefined) continue;
      const deadline = this.deadlines[index]!;
      if (deadline > now) {
        if (deadline < next) next = deadline;
        continue;
      }
      this.rejectAt(index, errorFor(operation));
      this.retire(index);
      ended++;
    }
    this.nextDeadline = next;
    return ended;
  }

  /** Ends every call to a node that was lost, but for those that are asked again; returns how many. */
  lose(target: number, askedAgain: ReadonlySet<number>, errorFor: (operation: O) => Error): number {
    let ended = 0;
    for (let index = 0; index < this.used; index++) {
      const operation = this.operations[index];
      if (operation === undefined || this.targets[index] !== target) continue;
      if (askedAgain.has(index | (this.generations[index]! << INDEX_BITS))) continue;
      this.rejectAt(index, errorFor(operation));
      this.retire(index);
      ended++;
    }
    return ended;
  }

  /** Ends every call; for a node that stops. */
  rejectAll(errorFor: (operation: O) => Error): void {
    this.expire(Number.POSITIVE_INFINITY, errorFor);
  }

  /** `reject` is not kept for the few calls that fail: storing a young function into an old array has its price. */
  private rejectAt(index: number, error: unknown): void {
    const resolve = this.resolves[index]!;
    this.rejected(error, this.operations[index]!, this.callers[index]!);
    this.release(index);
    resolve(Promise.reject(error));
  }

  private retire(index: number): void {
    this.retired[(this.retiredFirst + this.retiredCount++) % this.max] = index;
  }

  private release(index: number): void {
    if (this.endings.size > 0) {
      this.endings.get(index)?.();
      this.endings.delete(index);
    }
    if (this.byTurn !== undefined) this.byTurn.remove(index);
    this.resolves[index] = undefined;
    this.operations[index] = undefined;
    this.callers[index] = undefined;
    const generation = (this.generations[index]! + 1) & GENERATION_MASK;
    this.generations[index] = generation === 0 ? 1 : generation;
    this.size--;
  }
}
