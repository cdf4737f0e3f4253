import type { Writer } from '../../transport/codec/writer.ts';
import type { EntityId } from '../base/entity-id.ts';

/** Where something that can stand as a proxy argument answers for what it is. */
export const ADDRESS: unique symbol = Symbol('skerry.address');

/** An entity or a proxy of one. */
export interface Addressed {
  [ADDRESS](): { contracts: readonly string[]; id: EntityId };
}

/**
 * What generated proxies send through. One claim is open at a time, from `open` or `openKept` to `call`, `send`, `keep` or `refuse`.
 * `operation` is the code that the generator gave the operation.
 */
export interface Sender {
  /** Header written, room for at least `bytes` of payload. Throws EngineErrors. */
  open(proxy: Proxy, operation: number, bytes: number): Writer;
  /** Like `open`, for a message of an `exactlyOnce` operation. TypeError from who is no persistent entity. */
  openKept(proxy: Proxy, operation: number, bytes: number): Writer;
  /** Takes it into what is saved of the sender; it leaves later. */
  keep(proxy: Proxy, operation: number): void;
  /** After OVERFLOW: the same frame in a larger place, to be encoded again from the start. Gives the claim up and rethrows anything else. */
  grow(error: unknown): Writer;
  /** Commits the frame at the writer's `at` and waits for the reply. */
  call(proxy: Proxy, operation: number): Promise<unknown>;
  /** Commits a one-way frame. */
  send(proxy: Proxy, operation: number): void;
  /** Gives up the claim, if any; throws from a void operation, rejects from one with a promise. MISMATCH is explained with `args`. */
  refuse(proxy: Proxy, operation: number, error: unknown, args: readonly unknown[]): Promise<never>;
}

/**
 * Base of generated proxies: a real object with one method per operation, never thenable, cheap to make and to keep.
 * The fields begin with $ so that they meet no operation of a contract.
 */
export abstract class Proxy implements Addressed {
  readonly $sender: Sender;
  readonly $id: EntityId;
  readonly $slot: number;
  /** Owner and epoch of the slot as of this version of the slot table; -1 when none was looked up. The sender's, like the next two. */
  $seen = -1;
  $owner = 0;
  $epoch = 0;
  /** An entity behind an int32 id, called as its contract says: what nearly every proxy is. */
  readonly $plain: boolean;
  readonly $end: number;
  readonly $options: object | undefined;
  /** The contract's name; generated classes define it on their prototype. */
  declare readonly $contract: string;

  constructor(sender: Sender, id: EntityId, slot = -1, end = 0, options: object | undefined = undefined) {
    this.$sender = sender;
    this.$id = id;
    this.$slot = slot;
    this.$plain = options === undefined && slot >= 0 && typeof id === 'number' && (id | 0) === id;
    this.$end = end;
    this.$options = options;
  }

  [ADDRESS](): { contracts: readonly string[]; id: EntityId } {
    return { contracts: [this.$contract], id: this.$id };
  }
}

/** What a call is made to: a proxy, or what stands for one when the engine itself calls. */
export type CallTarget = Pick<Proxy, '$id' | '$slot' | '$end' | '$options'>;
