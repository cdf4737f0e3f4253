import { decodeCbor } from '../../transport/codec/cbor.ts';
import type { EntityId } from '../base/entity-id.ts';
import { CallTimeoutError } from '../base/errors.ts';
import type { Contract } from '../contract/contract.ts';
import type { Principal } from '../contract/principal.ts';
import { type Abortables, callerLost } from './abortables.ts';
import type { CallerIdentity } from './call.ts';
import type { CallContext } from './call-context.ts';
import type { Lineage } from './chain.ts';
import { END_ENTITY, END_SESSION } from './frame.ts';
import type { CallOptions } from './node-ref.ts';
import type { NodeState } from './node-state.ts';
import type { NodeView } from './node-view.ts';
import { Timer } from './timing-wheel.ts';
import type { Turn, TurnCall } from './turn.ts';

/** The `Call` of a turn. The turn is pooled and the call may be kept, so everything is copied. */
export function callOf(turn: Turn, state: NodeState, view: NodeView, abortables: Abortables): TurnCall {
  return new CallOfTurn(turn, state, view, abortables);
}

class CallOfTurn implements TurnCall, CallContext {
  readonly caller: CallerIdentity;
  readonly deadline: number;
  readonly traceHigh: number;
  readonly traceLow: number;
  readonly lineage: Lineage | undefined;
  readonly client?: NonNullable<TurnCall['client']>;
  private readonly state: NodeState;
  private readonly view: NodeView;
  private readonly abortables: Abortables;
  /** Where the caller is, and how it knows the call; 0 when nobody waits for the turn, or not any more. */
  private readonly source: number;
  private requestId: number;
  /** The turn's when its caller can abort, else made by the first look at `signal`. */
  private controller: AbortController | undefined;
  private isListed = false;
  private expiry: Expiry | undefined = undefined;

  constructor(turn: Turn, state: NodeState, view: NodeView, abortables: Abortables) {
    this.state = state;
    this.view = view;
    this.abortables = abortables;
    this.source = turn.source;
    this.requestId = turn.requestId;
    this.deadline = turn.deadline;
    this.traceHigh = turn.traceHigh;
    this.traceLow = turn.traceLow;
    this.lineage = turn.lineage;
    this.caller = callerOf(turn, state);
    this.controller = turn.abort;
    if (turn.callerEnd === END_SESSION) {
      const node = state.outbox.nodeOf(turn.source);
      const session = turn.callerId as number;
      this.client = { getProxy: <I>(contract: Contract<I>): I => view.getSessionProxy(contract, node, session) };
    }
  }

  get remaining(): number {
    return Math.max(0, this.deadline - this.state.clock.now());
  }

  get signal(): AbortSignal {
    this.controller ??= this.listen();
    // Also aborts at the deadline: from then on nobody waits for the result.
    if (this.expiry === undefined && !this.controller.signal.aborted && Number.isFinite(this.deadline)) {
      this.expiry = new Expiry(this.controller);
      this.state.wheel.add(this.expiry, this.deadline);
    }
    return this.controller.signal;
  }

  ended(): void {
    if (this.expiry !== undefined) this.state.wheel.remove(this.expiry);
    if (this.isListed) this.abortables.delete(this.source, this.requestId);
    this.requestId = 0;
  }

  /** The caller cannot abort, but its node can be lost. */
  private listen(): AbortController {
    const controller = new AbortController();
    if (this.requestId === 0) return controller;
    if (this.state.outbox.isLost(this.source)) controller.abort(callerLost());
    else {
      this.abortables.add(this.source, this.requestId, controller);
      this.isListed = true;
    }
    return controller;
  }

  get abortSignal(): AbortSignal | undefined {
    return this.controller?.signal;
  }

  get traceId(): string {
    return hex(this.traceHigh) + hex(this.traceLow);
  }

  getProxy<I>(contract: Contract<I>, id?: EntityId, options?: CallOptions): I {
    return this.view.getProxyIn(this, contract, id, options);
  }
}

class Expiry extends Timer {
  private readonly controller: AbortController;

  constructor(controller: AbortController) {
    super();
    this.controller = controller;
  }

  fire(): void {
    this.controller.abort(new CallTimeoutError('timeout', 'The deadline of the call has passed.'));
  }
}

function callerOf(turn: Turn, state: NodeState): CallerIdentity {
  if (turn.callerEnd === END_ENTITY) {
    const contract = state.catalogue.entityTypes[turn.callerType]?.name ?? '';
    return { kind: 'entity', contract, id: turn.callerId };
  }
  if (turn.principal !== undefined) return { kind: 'client', principal: decodeCbor(turn.principal) as Principal };
  return { kind: 'host' };
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');
