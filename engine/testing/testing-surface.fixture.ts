/**
 * What 'skerry/testing' promises, as types, written down a second time: `testing-surface.test.ts` compares it with what is exported. Only
 * declarations; a test that compiles against these must compile against the engine.
 */
import type { Contract, EntityId, NodeEntity, NodeRef } from 'skerry';
import type { Client, ConnectOptions } from 'skerry/client';

type Duration = string | number;
type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface ClusterOptions {
  game: string | URL;
  nodes?: number;
  clock?: 'manual' | 'real';
  startsAt?: Date | string;
  seed?: number;
  args?: readonly string[];
  onStart?: boolean;
  print?: LogLevel;
}

export interface LogLine {
  readonly level: LogLevel;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface TurnRecord {
  readonly args: readonly unknown[];
  readonly result?: unknown;
  readonly error?: unknown;
}

export interface Inspection<E extends NodeEntity<any>> {
  readonly node: number;
  readonly active: boolean;
  readonly openTurns: number;
  readonly waiting: number;
  readonly state: E['state'] | undefined;
  readonly entity: E | undefined;
}

export interface TestCluster extends NodeRef {
  readonly seed: number;
  readonly nodes: number;
  readonly log: { readonly lines: readonly LogLine[]; readonly errors: readonly LogLine[] };
  readonly manifestChanged: boolean;
  node(index: number): NodeRef;
  idOn(node: number, contract: Contract<any>, from?: number): number;
  inspect<E extends NodeEntity<any> = NodeEntity<any>>(contract: Contract<any>, id?: EntityId): Inspection<E>;
  count(name: 'turnsRun' | 'turnsFailed' | 'tasksRun' | 'callsSent' | 'deadLetters'): number;
  connect(options?: ConnectOptions): Promise<Client>;
  now(): number;
  advance(duration: Duration): Promise<void>;
  settled(options?: { timeout?: Duration }): Promise<void>;
  until<T>(
    condition: () => T | Promise<T>,
    options?: { timeout?: Duration },
  ): Promise<Exclude<T, false | 0 | '' | null | undefined>>;
  nextTurn<I>(
    contract: Contract<I>,
    id: EntityId,
    method: string,
    options?: { timeout?: Duration },
  ): Promise<TurnRecord>;
  logged(match: string | RegExp | ((line: LogLine) => boolean), options?: { timeout?: Duration }): Promise<LogLine>;
  kill(node: number): Promise<void>;
  restart(node: number): Promise<void>;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export declare function startCluster(options: ClusterOptions): Promise<TestCluster>;
