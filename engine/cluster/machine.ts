import type { Prng } from '../base/prng.ts';
import type { ControlKey, ControlValue, Entry } from './control-record.ts';
import type { Instant } from './instant.ts';

/** What a machine may know of the world in one step. Machines keep no clock, no timer and no chance of their own. */
export interface Env {
  readonly now: Instant;
  readonly random: Prng;
}

/** Where a step puts its effects, in the order in which they are to be carried out. */
export interface Out<E> {
  push(...effects: E[]): unknown;
}

/** What machines ask of the control store. Every request is answered exactly once, by a time-out if by nothing else. */
export type StoreEffect =
  | { readonly kind: 'read'; readonly request: number; readonly key: ControlKey }
  /** Writes if the key's revision is still `expected`; 0: if the key does not exist. */
  | {
      readonly kind: 'cas';
      readonly request: number;
      readonly key: ControlKey;
      readonly expected: number;
      readonly value: ControlValue;
    }
  /** Read every key. */
  | { readonly kind: 'poll' };

export type StoreEvent =
  | { readonly kind: 'read-done'; readonly request: number; readonly entry: Entry | undefined }
  | { readonly kind: 'read-failed'; readonly request: number }
  | { readonly kind: 'cas-done'; readonly request: number; readonly revision: number }
  | { readonly kind: 'cas-conflict'; readonly request: number }
  /** Timed out, or the connection is lost: it may have been applied, or may be applied later. */
  | { readonly kind: 'cas-unknown'; readonly request: number }
  /** All keys, as they were at some moment. */
  | { readonly kind: 'polled'; readonly entries: readonly Entry[] }
  /** What a watch told. A hint: it may be late, or missing. */
  | { readonly kind: 'observed'; readonly entry: Entry };
