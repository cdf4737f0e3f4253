import { onWire } from '../../transport/client/extensions.ts';
import { CALL, CANCEL, nextSeq, RETURNS, SEND } from '../../transport/client/frames.ts';
import type { MessagePack } from '../../transport/client/msgpack.ts';
import { type PrepareRules, prepare } from '../../transport/client/prepare.ts';
import type { EntityId } from '../base/entity-id.ts';
import { InvalidMessageError, OverloadedError, UnavailableError } from '../base/errors.ts';
import type { ProxyOperation, ProxyOptions, ProxyTarget } from './client-proxy.ts';
import type { FrameSender } from './frame-sender.ts';
import { PendingCalls } from './pending-calls.ts';
import { errorFromWire } from './wire-error.ts';

/** Bytes on their way to the server beyond which nothing more is taken. */
const BUFFERED_BYTES_MAX = 1024 * 1024;
const RETRY_MS = 100;
/** One-way frames whose operation is remembered, in case the server refuses one. */
const SENT_MAX = 256;
const REPORTS_MAX = 64;

const VOID = RETURNS.indexOf('void');
const VALUE = RETURNS.indexOf('value');

export interface OutgoingContext {
  readonly sender: FrameSender;
  readonly messagePack: MessagePack;
  readonly rules: PrepareRules;
  /** Contract → operation → how it answers, from the welcome. */
  readonly operations: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly callsMax: number;
}

/** Everything that this client says to the world, numbered; and the calls among it that wait for an answer. */
export class OutgoingCalls implements ProxyTarget {
  /** Unreliable void calls that were not sent because too much was on its way. */
  dropped = 0;
  /** Void calls that the server refused. */
  refused = 0;
  private readonly context: OutgoingContext;
  private readonly pending: PendingCalls;
  private readonly sent: string[] = [];
  private readonly reported = new Set<string>();
  private opSeq = 0;
  private open = true;

  constructor(context: OutgoingContext) {
    this.context = context;
    this.pending = new PendingCalls(
      () => performance.now(),
      (about) => void this.send([CANCEL, 0, about]),
    );
  }

  call(operation: ProxyOperation, id: EntityId, args: unknown[], options: ProxyOptions): Promise<unknown> | undefined {
    // An operation that the server did not list is called as if it had a result, so that its refusal reaches somebody.
    const returns = this.returns(operation);
    try {
      if (returns !== VOID)
        return this.request(operation, id, args, options, returns === VALUE || returns === undefined);
      this.oneWay(operation, id, args);
      return undefined;
    } catch (error) {
      if (returns === VOID) throw error;
      return Promise.reject(error);
    }
  }

  /**
   * Numbers a frame (its second item) and sends it. Throws UnavailableError, and InvalidMessageError for a frame larger than a message
   * may be; the number is only used up when it is sent.
   */
  send(frame: unknown[]): number {
    if (!this.open) throw new UnavailableError('no-session', 'The connection is closed.');
    const opSeq = nextSeq(this.opSeq);
    frame[1] = opSeq;
    if (!this.context.sender.add(this.context.messagePack.encode(frame))) {
      const limit = this.context.sender.messageBytesMax;
      throw new InvalidMessageError('too-large', `A message to the server has up to ${limit} bytes.`);
    }
    this.opSeq = opSeq;
    return opSeq;
  }

  onResult(opSeq: number, value: unknown): void {
    this.pending.resolve(opSeq, value);
  }

  onError(opSeq: number, body: unknown): void {
    if (this.pending.reject(opSeq, (where) => errorFromWire(body, where))) return;
    const label = this.sent[opSeq % SENT_MAX];
    if (label === undefined) return;
    this.refused++;
    // Nobody waits for it, so it is said aloud; once is enough.
    const error = errorFromWire(body, label);
    if (this.reported.has(error.message) || this.reported.size >= REPORTS_MAX) return;
    this.reported.add(error.message);
    console.warn(`A one-way call was refused. ${error.name}: ${error.message}`);
  }

  /** Nothing goes out any more; whoever waits gets this error. */
  end(errorOf: (where: string) => Error): void {
    this.open = false;
    this.pending.rejectAll(errorOf);
  }

  private request(
    operation: ProxyOperation,
    id: EntityId,
    args: unknown[],
    { timeoutMs, signal }: ProxyOptions,
    hasValue: boolean,
  ): Promise<unknown> {
    signal?.throwIfAborted();
    if (this.pending.size >= this.context.callsMax) {
      throw new OverloadedError('calls-exhausted', `${operation.label}: ${this.pending.size} calls are under way.`, {
        retryAfterMs: RETRY_MS,
      });
    }
    this.checkRoom(operation);
    const frame: unknown[] = [CALL, 0, operation.contract, operation.name, onWire(id), this.prepared(operation, args)];
    // Says that a CANCEL can follow. The contract's own timeout the server knows and keeps by itself.
    if (timeoutMs !== undefined || signal !== undefined) frame.push(timeoutMs ?? operation.timeoutMs);
    const opSeq = this.send(frame);
    delete this.sent[opSeq % SENT_MAX];
    return this.pending.add(opSeq, operation.label, hasValue, timeoutMs ?? operation.timeoutMs, signal);
  }

  private oneWay(operation: ProxyOperation, id: EntityId, args: unknown[]): void {
    if (operation.droppable && this.context.sender.bufferedBytes > BUFFERED_BYTES_MAX) {
      this.dropped++;
      return;
    }
    this.checkRoom(operation);
    const opSeq = this.send([SEND, 0, operation.contract, operation.name, onWire(id), this.prepared(operation, args)]);
    this.sent[opSeq % SENT_MAX] = operation.label;
  }

  private checkRoom(operation: ProxyOperation): void {
    if (this.context.sender.bufferedBytes <= BUFFERED_BYTES_MAX) return;
    throw new OverloadedError(
      'link-full',
      `${operation.label}: more than ${BUFFERED_BYTES_MAX} bytes are on their way.`,
      {
        retryAfterMs: RETRY_MS,
      },
    );
  }

  /** Trailing arguments that are undefined were left out, as far as anybody can tell. */
  private prepared(operation: ProxyOperation, args: unknown[]): unknown {
    let count = args.length;
    while (count > 0 && args[count - 1] === undefined) count--;
    return prepare(count === args.length ? args : args.slice(0, count), this.context.rules, operation.label);
  }

  private returns({ contract, name }: ProxyOperation): number | undefined {
    const { operations } = this.context;
    if (!Object.hasOwn(operations, contract) || !Object.hasOwn(operations[contract]!, name)) return undefined;
    return operations[contract]![name];
  }
}
