import { ERROR, PUSH, PUSH_CALL, RESULT, type WelcomeBody } from '../../transport/client/frames.ts';
import { MessagePack } from '../../transport/client/msgpack.ts';
import { type PrepareRules, prepare } from '../../transport/client/prepare.ts';
import type { OpenSocket } from '../../transport/client/socket.ts';
import type { EntityId } from '../base/entity-id.ts';
import { NodeDownError, UnavailableError } from '../base/errors.ts';
import type { Contract } from '../contract/contract.ts';
import { ADDRESS, type Addressed } from '../contract/proxy.ts';
import { DEPTH_MAX } from '../contract/wire-type.ts';
import type { CallOptions } from './call-options.ts';
import { type CloseDetail, Connection } from './connection.ts';
import { IncomingPushes } from './incoming-pushes.ts';
import { type ClientEvent, type Listener, Listeners } from './listeners.ts';
import { OutgoingCalls } from './outgoing-calls.ts';
import { Proxies } from './proxies.ts';
import { errorFromWire } from './wire-error.ts';

/** A connection to the world, as one principal. */
export interface Client {
  readonly principalId: EntityId;
  readonly counters: Readonly<ClientCounters>;
  /** An id left out is 0. Void operations throw, others reject, with the errors of `skerry`. */
  getProxy<I>(contract: Contract<I>, id?: EntityId, options?: CallOptions): I;
  /** What the server may call here; a later registration for the same contract replaces an earlier one. Returns how to take it back. */
  implement<I>(contract: Contract<I>, handlers: Partial<I>): () => void;
  on(event: ClientEvent, listener: Listener): () => void;
  /** Resolves when the connection is gone. Calls that still wait end in UnavailableError. */
  close(): Promise<void>;
}

export interface ClientCounters {
  /** Pushes that nobody here implements. */
  pushesUnknown: number;
  /** Handlers that threw. */
  handlersFailed: number;
  /** Void calls that the server refused. */
  sendsRefused: number;
  /** Unreliable void calls that were not sent because too much was on its way. */
  sendsDropped: number;
}

const RULES: PrepareRules = {
  // Around a value: the list of arguments.
  depthMax: DEPTH_MAX + 1,
  finite: true,
  isReference: (value) => typeof (value as Partial<Addressed>)[ADDRESS] === 'function',
};

/** `Client` as it is made: everything that one connection has, from the first byte to the last. */
export class ConnectedClient implements Client {
  /** Rejects when there is no welcome. */
  readonly ready: Promise<this>;
  private readonly connection: Connection;
  private readonly messagePack: MessagePack;
  private readonly listeners = new Listeners();
  private readonly pushes: IncomingPushes;
  private readonly settle: { resolve(client: ConnectedClient): void; reject(error: unknown): void };
  private readonly url: string;
  private welcome: WelcomeBody | undefined;
  private calls: OutgoingCalls | undefined;
  private proxies: Proxies | undefined;
  private refusal: Error | undefined;
  private state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';
  private readonly whenClosed: (() => void)[] = [];

  /** Throws TypeError for a ticket that does not travel. */
  constructor(openSocket: OpenSocket, url: string, ticket: unknown) {
    this.url = url;
    let settle: ConnectedClient['settle'];
    this.ready = new Promise((resolve, reject) => {
      settle = { resolve: resolve as (client: ConnectedClient) => void, reject };
    });
    this.settle = settle!;
    this.messagePack = new MessagePack({
      addressOf(value) {
        const answer = (value as Partial<Addressed>)[ADDRESS]?.();
        return answer && { contract: answer.contracts[0]!, id: answer.id };
      },
      reference: (contract, id) => this.proxies?.reference(contract, id),
    });
    this.pushes = new IncomingPushes(RULES, (frame) => this.open().calls.send(frame));
    const prepared = prepare(ticket, RULES, 'the ticket');
    this.connection = new Connection(openSocket, url, prepared, this.messagePack, {
      onWelcome: (welcome) => this.onWelcome(welcome),
      onFrame: (kind, frame) => this.onFrame(kind, frame),
      onClose: (detail) => this.onClose(detail),
    });
  }

  get principalId(): EntityId {
    return this.welcome!.principalId;
  }

  get counters(): ClientCounters {
    return {
      pushesUnknown: this.pushes.unknown,
      handlersFailed: this.pushes.failed,
      sendsRefused: this.calls?.refused ?? 0,
      sendsDropped: this.calls?.dropped ?? 0,
    };
  }

  getProxy<I>(contract: Contract<I>, id: EntityId = 0, options?: CallOptions): I {
    return this.open().proxies.get(contract, id, options) as I;
  }

  implement<I>(contract: Contract<I>, handlers: Partial<I>): () => void {
    return this.pushes.register(contract, handlers);
  }

  on(event: ClientEvent, listener: Listener): () => void {
    return this.listeners.add(event, listener);
  }

  close(): Promise<void> {
    if (this.state === 'closed') return Promise.resolve();
    const closed = new Promise<void>((resolve) => this.whenClosed.push(resolve));
    if (this.state !== 'closing') {
      this.state = 'closing';
      this.connection.close();
      this.calls?.end((where) => {
        const message = `${where}: the client was closed before the answer came.`;
        return new UnavailableError('no-session', message, { outcome: 'unknown' });
      });
    }
    return closed;
  }

  /** Before the welcome: nobody waits for it any more. */
  abandon(error: unknown): void {
    this.settle.reject(error);
    this.connection.terminate();
  }

  private open(): { calls: OutgoingCalls; proxies: Proxies } {
    const { calls, proxies } = this;
    if (calls === undefined || proxies === undefined) throw new UnavailableError('no-session', 'Not connected.');
    return { calls, proxies };
  }

  private onWelcome(welcome: WelcomeBody): void {
    this.welcome = welcome;
    this.state = 'open';
    const { sender } = this.connection;
    const { operations, callsMax } = welcome;
    this.calls = new OutgoingCalls({ sender, messagePack: this.messagePack, rules: RULES, operations, callsMax });
    this.proxies = new Proxies(this.calls, operations);
    this.settle.resolve(this);
    setTimeout(() => this.listeners.emit('open'), 0);
  }

  private onFrame(kind: number, frame: unknown[]): void {
    switch (kind) {
      case RESULT:
        this.calls?.onResult(frame[1] as number, frame[2]);
        return;
      case ERROR:
        // Number 0 is the connection itself: why the hello was refused.
        if (frame[1] === 0) this.refusal = errorFromWire(frame[2], `Connecting to ${this.url}`);
        else this.calls?.onError(frame[1] as number, frame[2]);
        return;
      case PUSH:
        this.connection.pushSeq = frame[1] as number;
        this.pushes.onPush(frame[2] as string, frame[3] as string, frame[4] as unknown[]);
        return;
      case PUSH_CALL:
        this.connection.pushSeq = frame[1] as number;
        void this.pushes.onPushCall(frame[1] as number, frame[2] as string, frame[3] as string, frame[4] as unknown[]);
        return;
      default:
      // Kinds that a newer server knows are not for this client.
    }
  }

  private onClose(detail: CloseDetail): void {
    const wasOpen = this.state === 'open';
    this.state = 'closed';
    const why = detail.reason === '' ? `code ${detail.code}` : detail.reason;
    this.settle.reject(
      this.refusal ?? new UnavailableError('no-session', `Connecting to ${this.url} failed: ${why}.`, pause(detail)),
    );
    this.calls?.end((where) => new NodeDownError('node-lost', `${where}: the connection was lost (${why}).`));
    if (wasOpen) this.listeners.emit('lost', detail);
    if (this.welcome !== undefined) this.listeners.emit('closed', detail);
    for (const resolve of this.whenClosed) resolve();
  }
}

function pause({ retryAfterMs }: CloseDetail): { retryAfterMs?: number } {
  return retryAfterMs === undefined ? {} : { retryAfterMs };
}
