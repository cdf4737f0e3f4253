import { OverloadedError, withoutTrace } from '../base/errors.ts';
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

/** Where one call waits. One object and not a column in each of five arrays: a call touches one line or two, and loads one array. */
class Place<O, C> {
  /** A young function in an old object, which the collector is told of at every call: so `reject` is not kept as well. */
  resolve: Settle | undefined = undefined;
  /** Undefined: nobody waits here. */
  operation: O | undefined = undefined;
  caller: C | undefined = undefined;
  generation = 1;
  /** Milliseconds on the node's clock. */
  deadline = Number.POSITIVE_INFINITY;
  /** Index of the node that was asked. */
  target = 0;
}

/**
 * The calls of one node that wait for a reply. A request id is the index of a place and a generation that tells a late
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
  private readonly places: Place<O, C>[] = [];
  private readonly free: Int32Array;
  private freeCount = 0;
  /** Indexes whose call ended without its reply, oldest first; the reply may still come. */
  private readonly retired: Int32Array;
  private retiredFirst = 0;
  private retiredCount = 0;
  /** What is to be done when a call ends; few have it. */
  private readonly endings = new Map<number, () => void>();
  private readonly rejected: (error: unknown, operation: O, caller: C) => void;
  /** Undefined in games without locks. */
  readonly byTurn: TurnCalls | undefined;
  /** Where the call stands that is being added. */
  private adding: Place<O, C> = new Place();
  private readonly executor = (resolve: Settle): void => {
    this.adding.resolve = resolve;
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
    this.free = new Int32Array(max);
    this.retired = new Int32Array(max);
    this.rejected = rejected;
    this.byTurn = byTurn;
  }

  /** The promise of the reply of node `target`; its id is in `lastId`. Throws OverloadedError (calls-exhausted). */
  add(operation: O, caller: C, deadline: number, target: number): Promise<unknown> {
    const index = this.freeCount > 0 ? this.free[--this.freeCount]! : this.another();
    const place = this.places[index]!;
    place.operation = operation;
    place.caller = caller;
    place.deadline = deadline;
    place.target = target;
    if (deadline < this.nextDeadline) this.nextDeadline = deadline;
    this.size++;
    this.lastId = index | (place.generation << INDEX_BITS);
    this.adding = place;
    return new Promise(this.executor);
  }

  /** An index when none is free: a new one, or the one that rests longest. */
  private another(): number {
    const { length } = this.places;
    if (length < this.max) {
      this.places.push(new Place());
      return length;
    }
    if (this.retiredCount === 0) {
      throw withoutTrace(
        () => new OverloadedError('calls-exhausted', `${this.max} calls of this node wait for replies already.`),
      );
    }
    const index = this.retired[this.retiredFirst]!;
    this.retiredFirst = (this.retiredFirst + 1) % this.max;
    this.retiredCount--;
    return index;
  }

  /** The operation of a call that still waits; undefined when the reply is late or wrong. */
  operationOf(id: number): O | undefined {
    const index = id & INDEX_MASK;
    if (index >= this.places.length) return undefined;
    const place = this.places[index]!;
    return place.generation === id >>> INDEX_BITS ? place.operation : undefined;
  }

  /** A call that still waits is with another node now. */
  retarget(id: number, target: number): void {
    if (this.operationOf(id) !== undefined) this.places[id & INDEX_MASK]!.target = target;
  }

  /** Who made a call that still waits. */
  callerOf(id: number): C | undefined {
    return this.places[id & INDEX_MASK]?.caller;
  }

  /** Index of the node that was asked; undefined when the call has ended. */
  targetOf(id: number): number | undefined {
    return this.operationOf(id) === undefined ? undefined : this.places[id & INDEX_MASK]!.target;
  }

  /** A call that was just added was made in a turn. */
  belongsTo(id: number, turn: Lineage): void {
    this.byTurn?.add(id & INDEX_MASK, id, turn);
  }

  /** `ending` runs when a call that still waits ends, in whatever way. */
  whenEnded(id: number, ending: () => void): void {
    if (this.operationOf(id) === undefined) ending();
    else this.endings.set(id & INDEX_MASK, ending);
  }

  /** Its reply has come. Only after `operationOf(id)` gave one. */
  resolveCall(id: number, value: unknown): void {
    const index = id & INDEX_MASK;
    const place = this.places[index]!;
    const resolve = place.resolve!;
    this.release(index, place);
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

  /** Ends every call whose deadline is not after `now` with the error that `errorFor` makes, which is told the node that was asked; returns how many. */
  expire(now: number, errorFor: (operation: O, target: number) => Error): number {
    let ended = 0;
    let next = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.places.length; index++) {
      const { operation, deadline, target } = this.places[index]!;
      if (operation === undefined) continue;
      if (deadline > now) {
        if (deadline < next) next = deadline;
        continue;
      }
      this.rejectAt(index, errorFor(operation, target));
      this.retire(index);
      ended++;
    }
    this.nextDeadline = next;
    return ended;
  }

  /** Ends every call to a node that was lost, but for those that are asked again; returns how many. */
  lose(target: number, askedAgain: ReadonlySet<number>, errorFor: (operation: O) => Error): number {
    let ended = 0;
    for (let index = 0; index < this.places.length; index++) {
      const { operation, target: asked, generation } = this.places[index]!;
      if (operation === undefined || asked !== target) continue;
      if (askedAgain.has(index | (generation << INDEX_BITS))) continue;
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

  /** Ends the calls of one caller. */
  rejectOf(caller: C, errorFor: (operation: O) => Error): void {
    for (let index = 0; index < this.places.length; index++) {
      const place = this.places[index]!;
      if (place.operation === undefined || place.caller !== caller) continue;
      this.rejectAt(index, errorFor(place.operation));
      this.retire(index);
    }
  }

  private rejectAt(index: number, error: unknown): void {
    const place = this.places[index]!;
    const resolve = place.resolve!;
    this.rejected(error, place.operation!, place.caller!);
    this.release(index, place);
    resolve(Promise.reject(error));
  }

  private retire(index: number): void {
    this.retired[(this.retiredFirst + this.retiredCount++) % this.max] = index;
  }

  private release(index: number, place: Place<O, C>): void {
    if (this.endings.size > 0) {
      this.endings.get(index)?.();
      this.endings.delete(index);
    }
    if (this.byTurn !== undefined) this.byTurn.remove(index);
    place.resolve = undefined;
    place.operation = undefined;
    place.caller = undefined;
    const generation = (place.generation + 1) & GENERATION_MASK;
    // Id 0 is never given: it means a one-way frame.
    place.generation = generation === 0 ? 1 : generation;
    this.size--;
  }
}
