import {
  contract,
  type float32,
  type int8,
  type int16,
  type int32,
  type int64,
  type uint8,
  type uint16,
  type uint32,
  type uint64,
} from 'skerry';
import type { Item, Level, Shape, Tree } from './shapes.fixture.ts';

/** Every wire type once: each operation answers with what it was given. */
export interface Values {
  int8(value: int8): Promise<int8>;
  int16(value: int16): Promise<int16>;
  int32(value: int32): Promise<int32>;
  uint8(value: uint8): Promise<uint8>;
  uint16(value: uint16): Promise<uint16>;
  uint32(value: uint32): Promise<uint32>;
  float32(value: float32): Promise<float32>;
  number(value: number): Promise<number>;
  int64(value: int64): Promise<int64>;
  uint64(value: uint64): Promise<uint64>;
  string(value: string): Promise<string>;
  boolean(value: boolean): Promise<boolean>;
  bytes(value: Uint8Array): Promise<Uint8Array>;
  date(value: Date): Promise<Date>;
  nullable(value: string | null): Promise<string | null>;
  optional(a: int32, b?: string, c?: int32): Promise<[int32, string, string]>;
  array(value: int32[]): Promise<int32[]>;
  tuple(value: [int32, string, boolean]): Promise<[int32, string, boolean]>;
  map(value: Map<string, int32>): Promise<Map<string, int32>>;
  set(value: Set<string>): Promise<Set<string>>;
  record(value: Record<string, number>): Promise<Record<string, number>>;
  item(value: Item): Promise<Item>;
  shape(value: Shape): Promise<Shape>;
  tree(value: Tree): Promise<Tree>;
  level(value: Level): Promise<Level>;
  anything(value: unknown): Promise<unknown>;
  /** The same entity's proxy comes back. */
  proxy(value: Values): Promise<Values>;
  /** Remembers the item, changes it, and answers with what it remembers. */
  keep(value: Item): Promise<Item>;
  kept(): Promise<Item>;
  /** Sends an item to another entity, changes it behind the call, and answers with what arrived there. */
  changeBehind(other: Values): Promise<Item>;
  /** Passes itself as an argument; answers with the id that the other one saw. */
  passThis(other: Values): Promise<unknown>;
  idOf(value: Values): Promise<unknown>;
  /** Answers with `value`, whether or not it is an int8. */
  wrongResult(value: unknown): Promise<int8>;
  oneWay(value: int8): void;
}
export const Values = contract<Values>('Values', {
  int8: {},
  int16: {},
  int32: {},
  uint8: {},
  uint16: {},
  uint32: {},
  float32: {},
  number: {},
  int64: {},
  uint64: {},
  string: {},
  boolean: {},
  bytes: {},
  date: {},
  nullable: {},
  optional: {},
  array: {},
  tuple: {},
  map: {},
  set: {},
  record: {},
  item: {},
  shape: {},
  tree: {},
  level: {},
  anything: {},
  proxy: {},
  keep: {},
  kept: {},
  changeBehind: {},
  passThis: {},
  idOf: {},
  wrongResult: {},
  oneWay: {},
});

/** Lets other entities wait for a word from the test. */
export interface Gate {
  /** Resolves when the gate is open. */
  pass(name: string): Promise<void>;
  open(name: string): Promise<void>;
  /** Resolves when somebody waits at the gate. */
  reached(name: string): Promise<void>;
}
export const Gate = contract<Gate>('Gate', {
  pass: { timeout: '1h' },
  open: {},
  reached: {},
});

/** Calls of every kind, and what they are answered with. */
export interface Probe {
  note(text: string): void;
  journal(): Promise<string[]>;
  add(n: int32): Promise<int32>;
  /** Without `async`: answers at once. */
  addNow(n: int32): Promise<int32>;
  /** Notes `text`, passes the gate, notes `/text`. */
  hold(text: string, gate: string): Promise<void>;
  /** The same under locks. */
  exclusive(text: string, gate: string): Promise<void>;
  reading(text: string, gate: string): Promise<void>;
  single(text: string, gate: string): Promise<void>;
  fail(how: string): Promise<void>;
  failSoon(how: string): Promise<void>;
  failOneWay(how: string): void;
  failSoonOneWay(how: string): void;
  /** `fail` of another entity, not awaited; resolves when that has failed. */
  failUnawaited(other: Probe, how: string): Promise<void>;
  failThrough(other: Probe, how: string): Promise<void>;
  describeCall(): Promise<unknown>;
  describeThrough(other: Probe): Promise<unknown>;
  callAfterAwait(): Promise<unknown>;
  keepCall(): Promise<unknown>;
  impatient(gate: string): Promise<void>;
  /** Calls `hold` of the other one; answers with what that ended in. */
  waitFor(other: Probe, gate: string): Promise<string>;
  waitWithCall(other: Probe, gate: string): Promise<string>;
  /** Passes the gate after an await, by a call that is only its own. */
  holdLater(text: string, gate: string): Promise<void>;
  exclusiveLater(text: string, gate: string): Promise<void>;
  /** Calls `hold` of the other one with a signal of its own, and aborts that when told to, once the other one waits. */
  waitWithSignal(other: Probe, gate: string, abort: boolean): Promise<string>;
  unreliable(text: string): void;
  unreliableRequest(text: string): Promise<void>;
  newest(text: string): void;
  urgent(text: string): void;
  later(text: string): void;
  text(value: string): Promise<string>;
  /** Works without a pause. */
  spin(ms: int32): Promise<number>;
  napAfterSpin(spinMs: int32, napMs: int32): Promise<number>;
  /** Waits on a timer of Node's own, then calls. */
  pauseAndCall(other: Probe, ms: number): Promise<int32>;
  /** Answers from I/O. */
  readFile(): Promise<int32>;
  identity(): Promise<[string, boolean, boolean]>;
  dice(): Promise<[number, number]>;
}
export const Probe = contract<Probe>('Probe', {
  note: {},
  journal: {},
  add: {},
  addNow: {},
  hold: { timeout: '1h' },
  exclusive: { lock: 'entity', timeout: '1h' },
  reading: { lock: 'entity', readOnly: true, timeout: '1h' },
  single: { lock: 'method', timeout: '1h' },
  fail: {},
  failSoon: {},
  failOneWay: {},
  failSoonOneWay: {},
  failUnawaited: {},
  failThrough: {},
  describeCall: {},
  describeThrough: {},
  callAfterAwait: {},
  keepCall: {},
  impatient: { timeout: '50ms' },
  waitFor: { timeout: '1h' },
  waitWithCall: { timeout: '1h' },
  holdLater: { timeout: '1h' },
  exclusiveLater: { timeout: '1h', lock: 'entity' },
  waitWithSignal: { timeout: '1h' },
  unreliable: { reliability: 'unreliable' },
  unreliableRequest: { reliability: 'unreliable', timeout: '5s' },
  newest: { reliability: 'unreliableOrdered' },
  urgent: { priority: 'high' },
  later: { priority: 'low' },
  text: {},
  spin: {},
  napAfterSpin: {},
  pauseAndCall: {},
  readFile: {},
  identity: {},
  dice: {},
});

/** A second contract of the class that implements Probe. */
export interface ProbeToo {
  sameJournal(): Promise<string[]>;
}
export const ProbeToo = contract<ProbeToo>('ProbeToo', { sameJournal: {} });

/** Must be created. */
export interface Made {
  read(): Promise<unknown>;
  write(value: unknown): Promise<void>;
  hold(gate: string): Promise<void>;
}
export const Made = contract<Made>('Made', { read: {}, write: {}, hold: { timeout: '1h' } });

/** Its activation passes a gate with the name of its id, and fails as often as its id says: 'name:2' twice. */
export interface Brittle {
  note(text: string): void;
  journal(): Promise<string[]>;
  leaving(): Promise<void>;
}
export const Brittle = contract<Brittle>('Brittle', { note: {}, journal: {}, leaving: {} });

/** Takes four messages at a time. */
export interface Small {
  hold(gate: string): Promise<void>;
  add(n: int32): Promise<int32>;
  note(text: string): void;
}
export const Small = contract<Small>('Small', { hold: { lock: 'entity', timeout: '1h' }, add: {}, note: {} });

/** Tasks of every kind; `tick` is declared for the type. */
export interface Ticker {
  every(name: string, ms: number, method: string): Promise<void>;
  once(name: string, ms: number, method: string, args: unknown[]): Promise<void>;
  cron(name: string, expression: string): Promise<void>;
  cancel(name: string): Promise<boolean>;
  refused(how: string): Promise<string>;
  ticks(): Promise<number[]>;
  journal(): Promise<string[]>;
  hold(gate: string): Promise<void>;
  operation(): Promise<void>;
}
export const Ticker = contract<Ticker>('Ticker', {
  every: {},
  once: {},
  cron: {},
  cancel: {},
  refused: {},
  ticks: {},
  journal: {},
  hold: { lock: 'entity', timeout: '1h' },
  operation: {},
});

/** A declared cron task, on the hour. */
export interface Clockwork {
  wake(): Promise<void>;
  strike(): void;
  stay(): Promise<void>;
}
export const Clockwork = contract<Clockwork>('Clockwork', {
  wake: {},
  strike: { lock: 'method' },
  stay: { lock: 'entity', timeout: '1d' },
});

/** Live where their party lives. */
export interface Party {
  where(): Promise<int32>;
}
export const Party = contract<Party>('Party', { where: {} });
export interface Member {
  where(): Promise<int32>;
}
export const Member = contract<Member>('Member', { where: {} });

/** Nobody implements it. */
export interface Orphan {
  nothing(): Promise<void>;
}
export const Orphan = contract<Orphan>('Orphan', { nothing: {} });
