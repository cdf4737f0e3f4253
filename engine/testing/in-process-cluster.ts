import { setTimeout as pause } from 'node:timers/promises';
import { type Duration, milliseconds } from '../base/duration.ts';
import { checkEntityId, type EntityId } from '../base/entity-id.ts';
import type { Client } from '../client/client.ts';
import { type ConnectOptions, connectWith } from '../client/connect.ts';
import type { Contract } from '../contract/contract.ts';
import type { Gateway } from '../gateway/gateway.ts';
import { ACTIVE } from '../runtime/activation.ts';
import type { NodeEntity } from '../runtime/entity.ts';
import { END_HOST } from '../runtime/frame.ts';
import type { NodeRef } from '../runtime/node-ref.ts';
import { NodeView } from '../runtime/node-view.ts';
import type { LogLine } from './captured-log.ts';
import { ClusterTime } from './cluster-time.ts';
import type { InlineCompute } from './inline-compute.ts';
import type { LocalHost } from './local-host.ts';
import { ManualClock } from './manual-clock.ts';
import { ObservedTurns, type TurnRecord } from './observed-turns.ts';
import { LocalNetwork } from './socket-pair.ts';
import { Standstill } from './standstill.ts';
import type { CounterName, Inspection, LogMatch, TestCluster, TestLog, Truthy, WaitOptions } from './test-cluster.ts';

const WAIT_DEFAULT = '10s';
const QUIET_TURNS = 3;
/** What `stop` gives to entities that leave, in real time, and to turns that have not ended when the clock is real. */
const DRAIN_MS = 500;
/** How long `stop` waits for what does not come to rest. */
const REST_MS = 200;
const LINES_SHOWN = 5;
const CONDITION_SHOWN = 200;

/** What a cluster is composed of. */
export interface ClusterParts {
  readonly host: LocalHost;
  readonly gateway: Gateway;
  readonly functions: InlineCompute;
  readonly turns: ObservedTurns;
  readonly nodes: number;
  readonly seed: number;
  readonly manifestChanged: boolean;
}

/** `TestCluster` as it is: a host in one thread, somebody who moves its clock, and sockets that lead nowhere else. */
export class InProcessCluster extends NodeView implements TestCluster {
  readonly seed: number;
  readonly nodes: number;
  readonly manifestChanged: boolean;
  readonly log: TestLog;
  private readonly host: LocalHost;
  private readonly gateway: Gateway;
  private readonly functions: InlineCompute;
  private readonly turns: ObservedTurns;
  private readonly network: LocalNetwork;
  private readonly time: ClusterTime;
  private readonly standstill: Standstill;
  private readonly clients = new Set<Client>();
  /** Ends of waits that are not over. */
  private readonly waits = new Set<(error: Error) => void>();
  private stopped: Promise<void> | undefined;

  constructor({ host, gateway, functions, turns, nodes, seed, manifestChanged }: ClusterParts) {
    super(host.nodes[nodes]!.state, END_HOST, 0xffff, 0, 0);
    this.host = host;
    this.gateway = gateway;
    this.functions = functions;
    this.turns = turns;
    this.nodes = nodes;
    this.seed = seed;
    this.manifestChanged = manifestChanged;
    const { log } = host;
    this.log = {
      get lines() {
        return log.lines;
      },
      get errors() {
        return log.lines.filter(({ level }) => level === 'error');
      },
    };
    this.network = new LocalNetwork((socket) => gateway.attach(socket));
    this.time = new ClusterTime({
      clock: host.clock,
      settled: () => this.settled(),
      nextDue: () => host.nextDue(),
      tick: () => host.tick(),
    });
    this.standstill = new Standstill(host, () => !this.time.isMoving && !this.isBusy());
  }

  node(index: number): NodeRef {
    if (!Number.isInteger(index) || index < 0 || index >= this.nodes) {
      throw new RangeError(`There is no node ${index}: this cluster has nodes 0 to ${this.nodes - 1}.`);
    }
    return this.host.view(index);
  }

  idOn(node: number, contract: Contract<any>, from = 1): number {
    this.node(node);
    return this.host.idOn(node, contract, from);
  }

  inspect<E extends NodeEntity<any> = NodeEntity<any>>(contract: Contract<any>, id: EntityId = 0): Inspection<E> {
    checkEntityId(id);
    const activation = this.host.find(contract, id);
    const entity = activation?.entity as E | undefined;
    return {
      node: this.host.ownerOf(contract, id),
      active: activation?.phase === ACTIVE,
      openTurns: activation?.openTurns ?? 0,
      waiting: activation?.waiting ?? 0,
      state: entity?.state,
      entity,
    };
  }

  count(name: CounterName): number {
    const sum = this.host.count(name);
    if (sum === undefined || Number.isNaN(sum)) throw new TypeError(`There is no counter '${String(name)}'.`);
    return sum;
  }

  async connect(options: ConnectOptions = {}): Promise<Client> {
    if (this.stopped) throw this.isOver();
    const client = await connectWith(this.network.open)('ws://cluster', options);
    this.clients.add(client);
    client.on('closed', () => this.clients.delete(client));
    return client;
  }

  now(): number {
    return this.host.clock.wallNow();
  }

  async advance(duration: Duration): Promise<void> {
    const ms = milliseconds(duration, 'advance');
    if (!(this.host.clock instanceof ManualClock)) {
      throw new TypeError("advance() moves a manual clock; this cluster has clock: 'real'.");
    }
    if (this.stopped) throw this.isOver();
    await this.time.pass(ms);
  }

  async settled({ timeout = WAIT_DEFAULT }: WaitOptions = {}): Promise<void> {
    const ms = milliseconds(timeout, 'settled: timeout');
    const giveUpAt = performance.now() + ms;
    const turnsBefore = this.host.count('turnsRun');
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (!this.isBusy()) continue;
      quiet = -1;
      if (performance.now() < giveUpAt) continue;
      const turns = this.host.count('turnsRun') - turnsBefore;
      const busiest = this.host.busiest();
      const who = busiest === undefined ? '' : `, and most messages wait for ${busiest}`;
      throw this.failure(`The cluster has not come to rest within ${ms} ms: ${turns} turns have run${who}`);
    }
  }

  async until<T>(condition: () => T | Promise<T>, { timeout = WAIT_DEFAULT }: WaitOptions = {}): Promise<Truthy<T>> {
    const ms = milliseconds(timeout, 'until: timeout');
    if (typeof condition !== 'function') throw new TypeError('until() takes a function that says whether it is so.');
    if (this.stopped) throw this.isOver();
    const from = this.log.errors.length;
    let answer: T | undefined;
    const isTrue = (value: T): boolean => {
      answer = value;
      return Boolean(value);
    };
    const cameTrue = await this.time.until(ms, () => {
      const value = condition();
      return value instanceof Promise ? value.then(isTrue) : isTrue(value as T);
    });
    if (cameTrue) return answer as Truthy<T>;
    const asked = String(condition).replace(/\s+/g, ' ').slice(0, CONDITION_SHOWN);
    const within = typeof timeout === 'number' ? `${timeout} ms` : timeout;
    throw this.failure(`It did not come true within ${within}: ${asked}`, from);
  }

  nextTurn<I>(contract: Contract<I>, id: EntityId, method: string, options: WaitOptions = {}): Promise<TurnRecord> {
    const { type } = this.state.catalogue.entityContract(contract);
    checkEntityId(id);
    if (!ObservedTurns.has(type.cls, method)) throw new TypeError(`${type.cls.name} has no method '${method}'.`);
    return this.wait(`a turn of ${type.name}/${id}.${method}`, options, (heard) =>
      this.turns.next(type.name, id, method, heard),
    );
  }

  logged(match: LogMatch, options: WaitOptions = {}): Promise<LogLine> {
    const matches = matcherOf(match);
    const present = this.log.lines.find(matches);
    if (present !== undefined) return Promise.resolve(present);
    return this.wait(`a log line with ${match}`, options, (heard) =>
      this.host.log.listen((line) => {
        if (matches(line)) heard(line);
      }),
    );
  }

  async kill(node: number): Promise<void> {
    this.node(node);
    if (!this.host.isKilled(node)) this.host.kill(node);
    await this.settled();
  }

  async restart(node: number): Promise<void> {
    await this.kill(node);
    this.host.replace(node);
    await this.settled();
  }

  stop(): Promise<void> {
    this.stopped ??= this.stopOnce();
    return this.stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  private async stopOnce(): Promise<void> {
    this.standstill.stop();
    this.time.stop(this.isOver());
    for (const end of [...this.waits]) end(this.isOver());
    await Promise.all([...this.clients].map((client) => client.close()));
    await this.gateway.close(0);
    await this.settled({ timeout: REST_MS }).catch(() => {});
    await this.drain();
    this.host.abandon();
  }

  /**
   * Entities leave. A manual clock stands still meanwhile, but for what draining itself waits for: a loop of game code that sleeps is not
   * woken to find its world gone.
   */
  private async drain(): Promise<void> {
    const { clock } = this.host;
    const nodes = this.host.living();
    if (!(clock instanceof ManualClock)) {
      await Promise.all(nodes.map((node) => node.drain(DRAIN_MS)));
      return;
    }
    let isDrained = false;
    // Whose state is kept leaves once the store has it, which takes a look more.
    const graceMs = this.state.catalogue.hasPersistent ? 1 : 0;
    void Promise.all(nodes.map((node) => node.drain(graceMs))).then(() => {
      isDrained = true;
    });
    for (;;) {
      await this.settled({ timeout: REST_MS }).catch(() => {});
      if (isDrained) break;
      clock.move(1);
      this.host.tick();
    }
    const giveUpAt = performance.now() + DRAIN_MS;
    while (this.host.isAnyLeaving() && performance.now() < giveUpAt) await pause(1);
  }

  private isBusy(): boolean {
    return this.network.isBusy || this.host.isBusy() || this.functions.running > 0;
  }

  /** Waits for one thing to be heard; `listen` returns how to stop listening. In real time. */
  private wait<T>(
    what: string,
    { timeout = WAIT_DEFAULT }: WaitOptions,
    listen: (heard: (one: T) => void) => () => void,
  ): Promise<T> {
    const ms = milliseconds(timeout, 'timeout');
    if (this.stopped) return Promise.reject(this.isOver());
    const from = this.log.errors.length;
    const waiting = new Promise<T>((resolve, reject) => {
      const over = (): void => {
        clearTimeout(timer);
        stop();
        this.waits.delete(fail);
      };
      const fail = (error: Error): void => {
        over();
        reject(error);
      };
      const timer = setTimeout(() => fail(this.failure(`Waited ${ms} ms in vain for ${what}`, from)), ms);
      const stop = listen((one) => {
        over();
        resolve(one);
      });
      this.waits.add(fail);
    });
    // Whoever does not await it does not care.
    waiting.catch(() => {});
    return waiting;
  }

  /** With what was logged as an error since, which may say why. */
  private failure(what: string, from = this.log.errors.length): Error {
    const errors = this.log.errors.slice(from);
    const shown = errors.slice(0, LINES_SHOWN).map(({ message, fields }) => {
      const { err, entity, id, operation } = fields as Record<string, any>;
      return `\n  logged: ${[entity, id, operation, message].filter((part) => part !== undefined).join(' ')}: ${err?.message ?? ''}`;
    });
    return new Error(`${what} (seed ${this.seed}).${shown.join('')}`);
  }

  private isOver(): Error {
    return new Error('The cluster was stopped.');
  }
}

function matcherOf(match: LogMatch): (line: LogLine) => boolean {
  if (typeof match === 'function') return match;
  if (typeof match === 'string') return ({ message }) => message.includes(match);
  if (match instanceof RegExp) return ({ message }) => message.search(match) >= 0;
  throw new TypeError('logged() takes a text, a regular expression or a function.');
}
