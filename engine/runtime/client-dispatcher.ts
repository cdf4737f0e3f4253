import { readEntityId } from '../../transport/codec/entity-id.ts';
import type { Reader, References } from '../../transport/codec/reader.ts';
import type { Lane } from '../../transport/link.ts';
import type { EntityId } from '../base/entity-id.ts';
import { ContractMismatchError, EngineError, InvalidMessageError } from '../base/errors.ts';
import type { Operation } from './catalogue.ts';
import type { ClientSink, ClientTarget } from './client-sink.ts';
import { GATEWAY_NEWS, GROUP_ADD, GROUP_REMOVE } from './engine-operations.ts';
import {
  deadlineOf,
  END_GROUP,
  END_PRINCIPAL,
  END_SESSION,
  endsOf,
  FLAG_PASSED_ON,
  flagsOf,
  HEADER_BYTES,
  ID_INT32,
  idKindsOf,
  KIND_REQUEST,
  kindOf,
  requestIdOf,
  sourceIdOf,
  targetIdOf,
} from './frame.ts';
import type { NodeState } from './node-state.ts';
import { PassOn } from './pass-on.ts';
import type { Replies } from './reply.ts';

/** Frames for game clients, on the node whose gateway holds them: decoded by the generated dispatchers, handed to the sink as values. */
export class ClientDispatcher {
  private readonly state: NodeState;
  private readonly replies: Replies;
  private readonly sink: ClientSink;
  private readonly references: References;
  private readonly passOn: PassOn;
  /** One per contract: takes the place of an entity and remembers the arguments. */
  private readonly captors = new Map<string, Captor>();

  constructor(state: NodeState, replies: Replies, sink: ClientSink, references: References) {
    this.state = state;
    this.replies = replies;
    this.sink = sink;
    this.references = references;
    this.passOn = new PassOn(state);
  }

  request(input: Reader, operation: Operation, source: number, lane: Lane): void {
    const { view, at } = input;
    const { counters } = this.state;
    const requestId = kindOf(view, at) === KIND_REQUEST ? requestIdOf(view, at) : 0;
    const end = endsOf(view, at) & 15;
    counters.clientPushes++;
    try {
      const idKinds = idKindsOf(view, at);
      input.at = at + HEADER_BYTES;
      const id = (idKinds & 15) === ID_INT32 ? targetIdOf(view, at) : readEntityId(input);
      if (idKinds >> 4 === ID_INT32) sourceIdOf(view, at);
      else readEntityId(input);
      const isPassedOn = (flagsOf(view, at) & FLAG_PASSED_ON) !== 0;
      const payload = input.at;
      if (end === END_GROUP) {
        const group = String(id);
        const gateways = this.sink.groupPush(group, operation, this.argumentsOf(operation, input), isPassedOn);
        if (isPassedOn) return;
        for (const node of gateways) {
          input.at = payload;
          this.passToMembers(input, at, node, operation, group, lane);
        }
        return;
      }
      const gateway = end === END_PRINCIPAL && !isPassedOn ? this.sink.elsewhere(id) : undefined;
      if (gateway !== undefined) {
        counters.clientPushesPassedOn++;
        this.answer(this.passOn.pass(input, at, gateway, operation, end, id, lane), source, lane, requestId, operation);
        return;
      }
      const args = this.argumentsOf(operation, input);
      const target: ClientTarget = end === END_SESSION ? { session: Number(id) } : { principal: id, isPassedOn };
      const wire = deadlineOf(view, at);
      const remaining = wire === 0 ? operation.timeoutMs : (wire - (this.state.now | 0)) | 0;
      this.answer(this.sink.push(target, operation, args, remaining), source, lane, requestId, operation);
    } catch (error) {
      if (requestId !== 0) this.failed(source, lane, requestId, operation, error);
      else {
        counters.clientPushesUndelivered++;
        if (error instanceof InvalidMessageError) counters.invalidMessages++;
      }
    }
  }

  engineRequest(code: number, args: readonly unknown[], source: number, lane: Lane, requestId: number): void {
    if (code === GATEWAY_NEWS.code) {
      this.sink.hear(this.state.outbox.nodeOf(source), args);
      this.replies.result(source, lane, requestId, GATEWAY_NEWS, null);
      return;
    }
    if (code !== GROUP_ADD.code && code !== GROUP_REMOVE.code) {
      throw new ContractMismatchError('unknown-operation', `There is no operation ${code} here.`);
    }
    const [contract, group, principal] = args as [string, string, EntityId];
    const isAdd = code === GROUP_ADD.code;
    const known = isAdd
      ? this.sink.groupAdd(contract, group, principal)
      : this.sink.groupRemove(contract, group, principal);
    const done = (): void => this.replies.result(source, lane, requestId, isAdd ? GROUP_ADD : GROUP_REMOVE, null);
    if (known === undefined) done();
    else void known.then(done);
  }

  private passToMembers(
    input: Reader,
    at: number,
    node: number,
    operation: Operation,
    group: string,
    lane: Lane,
  ): void {
    const { counters } = this.state;
    try {
      counters.clientPushesPassedOn++;
      this.passOn.pass(input, at, node, operation, END_GROUP, group, lane);
    } catch (error) {
      // The others still get it.
      if (!(error instanceof EngineError)) throw error;
      counters.clientPushesUndelivered++;
    }
  }

  /** Nobody waits for a reply when there is no request id. */
  private answer(
    reply: Promise<unknown> | undefined,
    source: number,
    lane: Lane,
    requestId: number,
    operation: Operation,
  ): void {
    if (requestId === 0) return;
    Promise.resolve(reply).then(
      (value) => this.replies.result(source, lane, requestId, operation, value),
      (error) => this.failed(source, lane, requestId, operation, error),
    );
  }

  private failed(source: number, lane: Lane, requestId: number, operation: Operation, error: unknown): void {
    this.state.counters.clientPushesUndelivered++;
    if (error instanceof EngineError) this.replies.refusal(source, lane, requestId, operation.code, error);
    else this.replies.thrown(source, lane, requestId, operation, error);
  }

  private argumentsOf(operation: Operation, input: Reader): unknown[] {
    let captor = this.captors.get(operation.contract.name);
    if (captor === undefined) {
      captor = new Captor(operation.contract.operations.map(({ name }) => name));
      this.captors.set(operation.contract.name, captor);
    }
    input.references = this.references;
    operation.dispatch(captor.target, input);
    return captor.taken;
  }
}

class Captor {
  taken: unknown[] = [];
  readonly target: Record<string, (...args: unknown[]) => void> = Object.create(null);

  constructor(operations: readonly string[]) {
    for (const name of operations) {
      this.target[name] = (...args) => {
        this.taken = args;
      };
    }
  }
}
