import type { Duration } from '../base/duration.ts';
import type { EntityId } from '../base/entity-id.ts';
import type { Client } from '../client/client.ts';
import type { ConnectOptions } from '../client/connect.ts';
import type { Contract } from '../contract/contract.ts';
import type { Counters } from '../runtime/counters.ts';
import type { NodeEntity } from '../runtime/entity.ts';
import type { NodeRef } from '../runtime/node-ref.ts';
import type { LogLine } from './captured-log.ts';
import type { TurnRecord } from './observed-turns.ts';

/** A cluster in the process of its test; its calls come from outside of all nodes. See docs/testing.md. */
export interface TestCluster extends NodeRef {
  /** What decides the dice and where entities live. */
  readonly seed: number;
  /** How many nodes own entities. */
  readonly nodes: number;
  readonly log: TestLog;
  /** The wire of the game is another one than its manifest said; the manifest was written anew. */
  readonly manifestChanged: boolean;

  /** A node as its `onStart` would see it. Throws RangeError. */
  node(index: number): NodeRef;
  /** The first whole number from `from` (1 when left out) on whose entity lives on that node. */
  idOn(node: number, contract: Contract<any>, from?: number): number;
  /** The entity as it is in memory; wakes nobody. An id left out is 0. */
  inspect<E extends NodeEntity<any> = NodeEntity<any>>(contract: Contract<any>, id?: EntityId): Inspection<E>;
  /** A counter of all nodes together. */
  count(name: CounterName): number;

  /** A client, through the game's `authenticate` and the gateway, without a socket. Rejects as `connect` of skerry/client does. */
  connect(options?: ConnectOptions): Promise<Client>;

  /** Milliseconds since 1970, as `this.now()` has it. */
  now(): number;
  /** Moves a manual clock from one timer to the next; resolves when everything that was caused has happened. */
  advance(duration: Duration): Promise<void>;
  /** Resolves when nothing is under way that goes on without time. Rejects after `timeout` of real time, 10 s when left out. */
  settled(options?: WaitOptions): Promise<void>;
  /**
   * The first truthy answer. Time passes meanwhile, a manual clock's from timer to timer; `timeout` is on that clock, 10 s when left out. At
   * its end it rejects.
   */
  until<T>(condition: () => T | Promise<T>, options?: WaitOptions): Promise<Truthy<T>>;

  /** The next run of a method (an operation, a task or a hook) that begins from now on, once it has ended. */
  nextTurn<I>(
    contract: Contract<I>,
    id: EntityId,
    method: (keyof I & string) | (string & {}),
    options?: WaitOptions,
  ): Promise<TurnRecord>;
  /** The first log line, past or future, whose message contains the text or fits the expression, or that the function says yes to. */
  logged(match: LogMatch, options?: WaitOptions): Promise<LogLine>;

  /**
   * Ends a node as a crash of its thread does: entities and volatile state are gone, calls that it had begun end in NodeDownError once it is
   * restarted, and what was on its way to it waits until then.
   */
  kill(node: number): Promise<void>;
  /** A fresh node takes the place of this one, killed now if it was not before; what waited for it runs. */
  restart(node: number): Promise<void>;

  /** Clients are closed, what can end ends, entities are deactivated ('shutdown'); nothing is left. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface WaitOptions {
  timeout?: Duration;
}

export type LogMatch = string | RegExp | ((line: LogLine) => boolean);

export interface TestLog {
  /** The newest last. */
  readonly lines: readonly LogLine[];
  /** Those of level error. */
  readonly errors: readonly LogLine[];
}

/** A counter as `/metrics` has it, in camel case without `skerry_` and `_total`. */
export type CounterName = keyof Counters;

/** An entity as it is in memory. */
export interface Inspection<E extends NodeEntity<any>> {
  /** Index of the node that owns it. */
  readonly node: number;
  /** Whether it lives there. */
  readonly active: boolean;
  /** Operations and tasks that have begun and not ended. */
  readonly openTurns: number;
  /** Messages in its mailbox. */
  readonly waiting: number;
  readonly state: E['state'] | undefined;
  /** The living object itself; only tests may see it, and they change nothing through it. */
  readonly entity: E | undefined;
}

/** `until` never answers with one of these. */
export type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>;
