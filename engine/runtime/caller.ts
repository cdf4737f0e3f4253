import { writeEntityId } from '../../transport/codec/entity-id.ts';
import { MISMATCH, OVERFLOW, type Writer } from '../../transport/codec/writer.ts';
import type { Lane } from '../../transport/link.ts';
import { type EntityId, ID_BYTES_MAX } from '../base/entity-id.ts';
import { UnavailableError } from '../base/errors.ts';
import type { CallTarget, Proxy, Sender } from '../contract/proxy.ts';
import { admit, linkFull, WAIT_MS_MAX } from './admission.ts';
import { explainArguments } from './argument-errors.ts';
import { type CallContext, chainIn, signalsOf } from './call-context.ts';
import { gatewayGone, keepsNothing, nameOf, timeoutOf, withPlace } from './call-errors.ts';
import type { CallSource } from './call-failures.ts';
import { type Operation, RETURNS_VOID } from './catalogue.ts';
import type { Lineage } from './chain.ts';
import { conflateKey } from './conflate-key.ts';
import { ENGINE_OPERATIONS } from './engine-operations.ts';
import {
  chainBytes,
  completeRequest,
  END_ENTITY,
  END_GROUP,
  END_SESSION,
  endOfEndWord,
  endWordOf,
  FLAG_ABORTABLE,
  FLAG_CHAIN,
  FLAG_PRINCIPAL,
  HEADER_BYTES,
  ID_INT32,
  ID_OTHER,
  idKindOfEndWord,
  KIND_CANCEL,
  KIND_ONE_WAY,
  KIND_REQUEST,
  type Stamp,
  slotWordOf,
  typeOfEndWord,
  writeChain,
  writePlainRequest,
  writeRequest,
} from './frame.ts';
import type { NodeState } from './node-state.ts';
import { FULL } from './outbox.ts';

/** `CallOptions` as a proxy keeps them. */
export interface ProxyOptions {
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly lane: Lane | undefined;
  /** Of the header of its frames. */
  readonly flags: number;
  /** Of `call.getProxy`: carried whenever the proxy is used. */
  readonly context: CallContext | undefined;
}

/** Timeouts below it are counted from the very moment of the call. */
const SHORT_MS = 1000;
/** Some minutes less than a signed 32-bit difference can tell: the reader's clock is read at another time. */
const WIRE_MS_MAX = 0x7fff_0000 - 600_000;

/** Bytes that an id in the extras can take, with what stands before it. */
const ID_ROOM = ID_BYTES_MAX + 16;

/**
 * The caller's side of every call: one for each source of calls (an entity, the host, a client), because order, identity and
 * context belong to the source. Route: `open` finds the owner's link and writes the header, the proxy encodes in place, `call` or
 * `send` registers and commits.
 */
export class Caller implements Sender, Stamp, CallSource {
  readonly slotWord: number;
  readonly endWord: number;
  readonly sourceId: EntityId;
  protected readonly state: NodeState;
  /** Nothing of it stands behind the header, and none of its calls belongs to another when no slice of it runs. */
  protected isPlain: boolean;

  constructor(state: NodeState, end: number, type: number, id: EntityId, slot: number) {
    this.state = state;
    this.sourceId = id;
    const isInt32 = typeof id === 'number' && (id | 0) === id;
    this.slotWord = slotWordOf(slot);
    this.endWord = endWordOf(type, isInt32 ? ID_INT32 : ID_OTHER, end);
    this.isPlain = isInt32 && state.flow === undefined;
  }

  get intId(): number {
    return this.idInHeader ? (this.sourceId as number) : 0;
  }

  get sourceName(): string {
    if (endOfEndWord(this.endWord) === END_ENTITY) {
      return this.state.catalogue.entityTypes[typeOfEndWord(this.endWord)]?.name ?? '';
    }
    return this.principal === undefined ? 'host' : 'client';
  }

  protected get idInHeader(): boolean {
    return idKindOfEndWord(this.endWord) === ID_INT32;
  }

  /** Of the slot of an entity that sends, in a cluster. Throws UnavailableError (fenced) when that has another owner by now. */
  protected sourceEpoch(_epochs: Int32Array): number {
    return 0;
  }

  /** Of a client, as CBOR. */
  protected get principal(): Uint8Array | undefined {
    return undefined;
  }

  open(proxy: Proxy, code: number, bytes: number): Writer {
    const { state } = this;
    const operation = state.operations[code]!;
    if (proxy.$seen === state.routes.version && this.isPlain === true && state.turn === undefined) {
      const { outbox, epochs } = state;
      const sourceEpoch = epochs === undefined ? 0 : this.sourceEpoch(epochs);
      const out = outbox.begin(proxy.$owner, operation.lane, HEADER_BYTES + bytes);
      state.opened = undefined;
      const id = proxy.$id as number;
      writePlainRequest(out, operation.headWord, proxy.$slot, proxy.$epoch, id, this, sourceEpoch, state.incarnation);
      outbox.endHeader();
      return out;
    }
    if (proxy.$plain) this.lookUp(proxy);
    return this.openFrame(
      operation,
      proxy.$id,
      proxy.$slot,
      proxy.$end,
      proxy.$options as ProxyOptions | undefined,
      bytes,
    );
  }

  /**
   * Who owns the slot is kept in the proxy: the slot table is larger than a core's nearest cache, the proxy has just been loaded. The
   * version is read first: what is looked up may be newer than it, never older.
   */
  private lookUp(proxy: Proxy): void {
    const { routes } = this.state;
    proxy.$seen = routes.version;
    proxy.$owner = routes.ownerOf(proxy.$slot);
    proxy.$epoch = routes.epochOf(proxy.$slot);
  }

  /** Like `open`, for the engine's own operations, which have no proxy. */
  protected openFrame(
    operation: Operation,
    id: EntityId,
    slot: number,
    end: number,
    options: ProxyOptions | undefined,
    bytes: number,
  ): Writer {
    const state = this.state;
    let owner: number;
    let epoch = 0;
    if (slot >= 0) {
      owner = state.routes.ownerOf(slot);
      epoch = state.routes.epochOf(slot);
    } else {
      owner = -1 - slot;
      if (end === END_SESSION && !state.outbox.hasLink(owner)) throw gatewayGone(operation);
      if (end === END_GROUP && operation.returns !== RETURNS_VOID) {
        throw new TypeError(
          `${nameOf(operation)} returns a promise; a group has only the void operations of its contract.`,
        );
      }
    }
    let flags = 0;
    let lane = operation.lane;
    if (options !== undefined) {
      if (options.lane !== undefined) lane = options.lane;
      flags = options.flags;
    }
    const context = this.contextFor(options);
    let chain: Lineage | undefined;
    if (operation.returns !== RETURNS_VOID) {
      if (signalsOf(options?.signal, context).length > 0) flags |= FLAG_ABORTABLE;
      // Nobody waits for what is one way, and the engine's own operations pass no lock.
      if (end === END_ENTITY && operation.code < ENGINE_OPERATIONS) chain = chainIn(context);
    }
    let room = HEADER_BYTES + bytes;
    const targetInHeader = typeof id === 'number' && (id | 0) === id;
    if (!targetInHeader) room += ID_ROOM;
    if (!this.idInHeader) room += ID_ROOM;
    const principal = this.principal;
    if (principal !== undefined) {
      flags |= FLAG_PRINCIPAL;
      room += 4 + principal.length;
    }
    if (chain !== undefined) {
      flags |= FLAG_CHAIN;
      room += chainBytes(chain.ancestors);
    }
    const sourceEpoch = state.epochs === undefined ? 0 : this.sourceEpoch(state.epochs);
    const out = state.outbox.begin(owner, lane, room);
    // Not before: another frame may be open, of which this one is refused.
    state.opened = context;
    writeRequest(
      out,
      operation.returns === RETURNS_VOID ? KIND_ONE_WAY : KIND_REQUEST,
      flags,
      operation.code,
      slot,
      epoch,
      end,
      targetInHeader ? ID_INT32 : ID_OTHER,
      targetInHeader ? (id as number) : 0,
      this,
      sourceEpoch,
      state.incarnation,
    );
    if (!targetInHeader) writeEntityId(out, id);
    if (!this.idInHeader) writeEntityId(out, this.sourceId);
    if (principal !== undefined) {
      out.view.setUint32(out.at, principal.length, true);
      out.bytes.set(principal, out.at + 4);
      out.at += 4 + principal.length;
    }
    if (chain !== undefined) {
      const own = chain.hasLocks ? chain.number : undefined;
      writeChain(out, chain.ancestors, state.incarnation, own);
    }
    state.outbox.endHeader();
    return out;
  }

  openKept(_proxy: Proxy, code: number, _bytes: number): Writer {
    throw keepsNothing(this.state.operations[code]!);
  }

  keep(_proxy: Proxy, code: number): void {
    throw keepsNothing(this.state.operations[code]!);
  }

  grow(error: unknown): Writer {
    if (error !== OVERFLOW) throw error;
    return this.state.outbox.grow();
  }

  call(proxy: Proxy, code: number): Promise<unknown> {
    const { state } = this;
    const operation = state.operations[code]!;
    if (proxy.$plain === true && this.isPlain === true && state.turn === undefined) {
      if (operation.reliable === true && operation.timeoutMs >= SHORT_MS) return this.callPlainly(operation);
    }
    return this.callFrame(operation, proxy.$options as ProxyOptions | undefined, proxy);
  }

  /** `callFrame` for a call without options that belongs to no other: most calls, made after an await. */
  private callPlainly(operation: Operation): Promise<unknown> {
    const { state } = this;
    const { outbox, pending } = state;
    const now = state.freshNow();
    if (outbox.congestion.isAny) admit(state, operation, operation.timeoutMs, now);
    const deadline = now + operation.timeoutMs;
    const promise = pending.add(operation, this, deadline, outbox.target);
    const requestId = pending.lastId;
    const wire = wireDeadline(deadline, now);
    completeRequest(outbox.writer, outbox.frameStart, requestId, wire, state.incarnation, state.nextTrace());
    state.counters.callsSent++;
    if (outbox.commit() === FULL) {
      state.counters.refusedLinkFull++;
      pending.failCall(requestId, linkFull(operation, 0));
    }
    return promise;
  }

  protected callFrame(
    operation: Operation,
    options: ProxyOptions | undefined,
    proxy: CallTarget | undefined,
  ): Promise<unknown> {
    const state = this.state;
    const outbox = state.outbox;
    const timeoutMs = options?.timeoutMs ?? operation.timeoutMs;
    // The time of the round is that of its beginning; a short timeout must not pay for a long slice before the call.
    const now = timeoutMs < SHORT_MS ? state.clock.now() : state.freshNow();
    const context = state.opened;
    let deadline = now + timeoutMs;
    let traceHigh = state.incarnation;
    let traceLow: number;
    if (context === undefined) traceLow = state.nextTrace();
    else {
      if (context.deadline < deadline) deadline = context.deadline;
      traceHigh = context.traceHigh;
      traceLow = context.traceLow;
      if (deadline <= now) throw timeoutOf(operation);
    }
    const signals = signalsOf(options?.signal, context);
    for (const signal of signals) if (signal.aborted) throw signal.reason;
    if (outbox.congestion.isAny && operation.reliable) admit(state, operation, deadline - now, now);
    const promise = state.pending.add(operation, this, deadline, outbox.target);
    const requestId = state.pending.lastId;
    const turn = context?.lineage;
    if (turn?.turn !== undefined) state.pending.belongsTo(requestId, turn);
    const wire = wireDeadline(deadline, now);
    completeRequest(outbox.writer, outbox.frameStart, requestId, wire, traceHigh, traceLow);
    state.counters.callsSent++;
    if (outbox.hasRoom || operation.reliable) {
      if (outbox.commit() === FULL) {
        state.counters.refusedLinkFull++;
        state.pending.failCall(requestId, linkFull(operation, 0));
      }
    } else this.dropOrConflate(operation, proxy);
    if (signals.length > 0) this.watch(signals, requestId, operation, proxy);
    return promise;
  }

  send(proxy: Proxy, code: number): void {
    const operation = this.state.operations[code]!;
    this.sendFrame(operation, proxy);
  }

  protected sendFrame(operation: Operation, proxy: CallTarget | undefined): void {
    const state = this.state;
    const outbox = state.outbox;
    const context = state.opened;
    if (outbox.congestion.isAny && operation.reliable) admit(state, operation, WAIT_MS_MAX * 2, state.freshNow());
    completeRequest(
      outbox.writer,
      outbox.frameStart,
      0,
      0,
      context === undefined ? state.incarnation : context.traceHigh,
      context === undefined ? state.nextTrace() : context.traceLow,
    );
    state.counters.callsSent++;
    if (outbox.hasRoom || operation.reliable) {
      if (outbox.commit() === FULL) {
        state.counters.refusedLinkFull++;
        throw linkFull(operation, 0);
      }
    } else this.dropOrConflate(operation, proxy);
  }

  refuse(_proxy: Proxy, code: number, error: unknown, args: readonly unknown[]): Promise<never> {
    const operation = this.state.operations[code]!;
    this.state.outbox.abandonCall(code, error);
    const reason =
      error === MISMATCH ? explainArguments(this.state.catalogue.types, operation, args) : withPlace(error, operation);
    if (operation.returns === RETURNS_VOID) {
      if (!(reason instanceof UnavailableError && reason.code === 'no-session')) throw reason;
      // As at a gateway that has no such session.
      this.state.counters.clientPushesUndelivered++;
      return undefined as never;
    }
    this.state.failures.note(reason, operation, this);
    return Promise.reject(reason);
  }

  /** The link is full and the operation unreliable: nobody waits for it. The newest of a conflated one takes the place of the one before. */
  private dropOrConflate(operation: Operation, proxy: CallTarget | undefined): void {
    const { outbox, counters } = this.state;
    if (!operation.conflated || proxy === undefined) {
      outbox.drop();
      counters.droppedUnreliable++;
      return;
    }
    const outcome = outbox.conflate(conflateKey(this.endWord, this.sourceId, proxy, operation.code));
    if (outcome === 'replaced') counters.replacedUnreliable++;
    else if (outcome === 'full') counters.droppedUnreliable++;
  }

  /**
   * What the call is made on behalf of: stated by `call.getProxy`, the turn of this source whose first slice runs, or the one that holds
   * its entity for itself.
   */
  private contextFor(options: ProxyOptions | undefined): CallContext | undefined {
    if (options?.context !== undefined) return options.context;
    const turn = this.state.turn;
    if (turn !== undefined && turn.activation === this) return turn;
    return this.isPlain ? undefined : this.holder;
  }

  /** The turn that all calls of this source belong to at the moment. */
  protected get holder(): CallContext | undefined {
    return undefined;
  }

  /** Ends the call when a signal aborts, and tells the callee. Leaves the promise alone: if nobody else handles it, that must show. */
  private watch(
    signals: readonly AbortSignal[],
    requestId: number,
    operation: Operation,
    proxy: CallTarget | undefined,
  ): void {
    const { pending } = this.state;
    const abort = (event: Event): void => {
      const { reason } = event.target as AbortSignal;
      // Who was asked, not who owns the slot by now.
      const target = pending.targetOf(requestId);
      if (pending.giveUp(requestId, reason) && proxy !== undefined) this.cancel(requestId, operation, proxy, target!);
    };
    for (const signal of signals) signal.addEventListener('abort', abort, { once: true });
    pending.whenEnded(requestId, () => {
      for (const signal of signals) signal.removeEventListener('abort', abort);
    });
  }

  private cancel(requestId: number, operation: Operation, proxy: CallTarget, target: number): void {
    const { outbox } = this.state;
    const lane = (proxy.$options as ProxyOptions | undefined)?.lane ?? operation.lane;
    let out: Writer;
    try {
      out = outbox.begin(target, lane, HEADER_BYTES);
    } catch {
      // Aborted by a getter while another call is being encoded, or on a node that has stopped: the callee works in vain, no more.
      return;
    }
    writeRequest(
      out,
      KIND_CANCEL,
      0,
      operation.code,
      proxy.$slot,
      0,
      proxy.$end,
      ID_INT32,
      0,
      this,
      0,
      this.state.incarnation,
    );
    completeRequest(out, outbox.frameStart, requestId, 0, 0, 0);
    outbox.commit();
  }
}

/** Milliseconds on the host's clock, wrapped to 32 bits; 0, for none, when it is too far away for a signed difference. */
const wireDeadline = (deadline: number, now: number): number =>
  deadline - now < WIRE_MS_MAX ? Math.ceil(deadline) | 0 || 1 : 0;
