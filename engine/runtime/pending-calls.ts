import { OverloadedError } from '../base/errors.ts';

export const PENDING_MAX_DEFAULT = 131_072;
const INDEX_BITS = 17;
const INDEX_MASK = (1 << INDEX_BITS) - 1;

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
 * Deadlines cost one store and one comparison a call: nothing is sorted. `nextDeadline` is never later than the earliest one; when it
 * passes, one sweep ends what expired and finds the next. With equal timeouts a sweep happens about once a timeout.
 */
export class PendingCalls<O extends PendingOperation, C = unknown> {
  private readonly max: number;
  private readonly resolves: (Settle | undefined)[] = [];
  private readonly rejects: (Settle | undefined)[] = [];
  private readonly operations: (O | undefined)[] = [];
  private readonly callers: (C | undefined)[] = [];
  private readonly generations: Uint16Array;
  private readonly deadlines: Float64Array;
  private readonly free: Int32Array;
  private freeCount = 0;
  private used = 0;
  private resolve!: Settle;
  private reject!: Settle;
  private readonly executor = (resolve: Settle, reject: Settle): void => {
    this.resolve = resolve;
    this.reject = reject;
  };
  /** Milliseconds on the node's clock; Infinity when nothing waits. */
  nextDeadline = Number.POSITIVE_INFINITY;
  size = 0;
  /** The id that the last `add` gave. */
  lastId = 0;

  constructor(max: number = PENDING_MAX_DEFAULT) {
    if (max > INDEX_MASK + 1) throw new RangeError(`At most ${INDEX_MASK + 1} pending calls.`);
    this.max = max;
    this.generations = new Uint16Array(max);
    this.deadlines = new Float64Array(max);
    this.free = new Int32Array(max);
  }

  /** The promise of the reply; its id is in `lastId`. Throws OverloadedError (calls-exhausted). */
  add(operation: O, caller: C, deadline: number): Promise<unknown> {
    let index: number;
    if (this.freeCount > 0) index = this.free[--this.freeCount]!;
    else if (this.used < this.max) {
      index = this.used++;
      this.resolves.push(undefined);
      this.rejects.push(undefined);
      this.operations.push(undefined);
      this.callers.push(undefined);
    } else {
      throw new OverloadedError('calls-exhausted', `${this.max} calls of this node wait for replies already.`);
    }
    const promise = new Promise(this.executor);
    this.resolves[index] = this.resolve;
    this.rejects[index] = this.reject;
    this.operations[index] = operation;
    this.callers[index] = caller;
    this.deadlines[index] = deadline;
    if (deadline < this.nextDeadline) this.nextDeadline = deadline;
    this.size++;
    // Id 0 is never given: generations begin at 1.
    const generation = this.generations[index]! || (this.generations[index] = 1);
    this.lastId = (index | (generation << INDEX_BITS)) >>> 0;
    return promise;
  }

  /** The operation of a call that still waits; undefined when the reply is late or wrong. */
  operationOf(id: number): O | undefined {
    const index = id & INDEX_MASK;
    if (index >= this.used || (this.generations[index]! & 0x7fff) !== id >>> INDEX_BITS) return undefined;
    return this.operations[index];
  }

  /** Who made a call that still waits. */
  callerOf(id: number): C | undefined {
    return this.callers[id & INDEX_MASK];
  }

  /** Only after `operationOf(id)` gave one. */
  resolveCall(id: number, value: unknown): void {
    const index = id & INDEX_MASK;
    const resolve = this.resolves[index]!;
    this.release(index);
    resolve(value);
  }

  /** Whether the call still waited. */
  rejectCall(id: number, error: unknown): boolean {
    if (this.operationOf(id) === undefined) return false;
    const index = id & INDEX_MASK;
    const reject = this.rejects[index]!;
    this.release(index);
    reject(error);
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
      const reject = this.rejects[index]!;
      this.release(index);
      reject(errorFor(operation));
      ended++;
    }
    this.nextDeadline = next;
    return ended;
  }

  /** Ends every call; for a node that stops. */
  rejectAll(errorFor: (operation: O) => Error): void {
    this.expire(Number.POSITIVE_INFINITY, errorFor);
  }

  private release(index: number): void {
    this.resolves[index] = undefined;
    this.rejects[index] = undefined;
    this.operations[index] = undefined;
    this.callers[index] = undefined;
    const generation = (this.generations[index]! + 1) & 0x7fff;
    this.generations[index] = generation === 0 ? 1 : generation;
    this.free[this.freeCount++] = index;
    this.size--;
  }
}
