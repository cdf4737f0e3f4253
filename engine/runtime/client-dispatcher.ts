import { readEntityId } from '../../transport/codec/entity-id.ts';
import type { Reader, References } from '../../transport/codec/reader.ts';
import type { Lane } from '../../transport/link.ts';
import type { EntityId } from '../base/entity-id.ts';
import { ContractMismatchError, EngineError, InvalidMessageError } from '../base/errors.ts';
import type { Operation } from './catalogue.ts';
import type { ClientSink, ClientTarget } from './client-sink.ts';
import { GROUP_ADD, GROUP_REMOVE } from './engine-operations.ts';
import {
  deadlineOf,
  END_GROUP,
  END_SESSION,
  endsOf,
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
import type { Replies } from './reply.ts';

/** Frames for game clients, on the node whose gateway holds them: decoded by the generated dispatchers, handed to the sink as values. */
export class ClientDispatcher {
  private readonly state: NodeState;
  private readonly replies: Replies;
  private readonly sink: ClientSink;
  private readonly references: References;
  /** One per contract: takes the place of an entity and remembers the arguments. */
  private readonly captors = new Map<string, Captor>();

  constructor(state: NodeState, replies: Replies, sink: ClientSink, references: References) {
    this.state = state;
    this.replies = replies;
    this.sink = sink;
    this.references = references;
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
      const args = this.argumentsOf(operation, input);
      if (end === END_GROUP) {
        this.sink.groupPush(String(id), operation, args);
        return;
      }
      const target: ClientTarget = end === END_SESSION ? { session: Number(id) } : { principal: id };
      const wire = deadlineOf(view, at);
      const remaining = wire === 0 ? operation.timeoutMs : (wire - (this.state.now | 0)) | 0;
      const reply = this.sink.push(target, operation, args, remaining);
      if (requestId === 0) return;
      Promise.resolve(reply).then(
        (value) => this.replies.result(source, lane, requestId, operation, value),
        (error) => this.failed(source, lane, requestId, operation, error),
      );
    } catch (error) {
      if (requestId !== 0) this.failed(source, lane, requestId, operation, error);
      else {
        counters.clientPushesUndelivered++;
        if (error instanceof InvalidMessageError) counters.invalidMessages++;
      }
    }
  }

  engineRequest(code: number, args: readonly unknown[], source: number, lane: Lane, requestId: number): void {
    const [contract, group, principal] = args as [string, string, EntityId];
    if (code === GROUP_ADD.code) {
      this.sink.groupAdd(contract, group, principal);
      this.replies.result(source, lane, requestId, GROUP_ADD, null);
    } else if (code === GROUP_REMOVE.code) {
      this.sink.groupRemove(contract, group, principal);
      this.replies.result(source, lane, requestId, GROUP_REMOVE, null);
    } else throw new ContractMismatchError('unknown-operation', `There is no operation ${code} here.`);
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
