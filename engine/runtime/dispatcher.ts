import { readEntityId } from '../../transport/codec/entity-id.ts';
import { Reader } from '../../transport/codec/reader.ts';
import type { Lane } from '../../transport/link.ts';
import {
  ContractMismatchError,
  EngineError,
  EntityExistsError,
  EntityNotFoundError,
  InvalidMessageError,
  UnavailableError,
  withoutTrace,
} from '../base/errors.ts';
import { ACTIVE, type Activation, DEACTIVATING, GONE } from './activation.ts';
import type { Activations } from './activations.ts';
import { nameOf } from './call-errors.ts';
import type { EntityTypeEntry, Operation } from './catalogue.ts';
import type { ClientDispatcher } from './client-dispatcher.ts';
import type { ComputeDispatcher } from './compute-dispatcher.ts';
import { Deliveries } from './deliveries.ts';
import {
  COMPUTE,
  CREATE,
  DEADLOCKS,
  DELIVER,
  DESTROY,
  ENGINE_OPERATIONS,
  FORGET,
  isStoreOperation,
  LIST,
  readCborRest,
} from './engine-operations.ts';
import {
  END_ENTITY,
  END_HOST,
  endsOf,
  FLAG_ONLY_IF_ACTIVE,
  flagsOf,
  HEADER_BYTES,
  ID_INT32,
  idKindsOf,
  isExpired,
  KIND_REQUEST,
  kindOf,
  makeOneWay,
  operationOf,
  requestIdOf,
  slotOf,
  sourceIdOf,
  sourceTypeOf,
  targetIdOf,
} from './frame.ts';
import type { ListCursor } from './list-page.ts';
import type { Gate } from './moves/gate.ts';
import type { NodeState } from './node-state.ts';
import type { Replies } from './reply.ts';
import type { Scheduler } from './scheduler.ts';
import type { StoreDispatcher } from './store-dispatcher.ts';
import type { Waiting } from './waiting.ts';

const LIST_PAGE_IDS = 1024;

/** What is no entity and can be addressed, on the nodes that have it. */
export interface BeyondEntities {
  readonly clients: ClientDispatcher | undefined;
  readonly computing: ComputeDispatcher | undefined;
  readonly stores: StoreDispatcher | undefined;
}

/** From a request frame to the activation that it is for: is the slot mine, is the entity here, may it be made. */
export class Dispatcher {
  private readonly state: NodeState;
  private readonly activations: Activations;
  private readonly scheduler: Scheduler;
  private readonly replies: Replies;
  private readonly clients: ClientDispatcher | undefined;
  private readonly computing: ComputeDispatcher | undefined;
  private readonly stores: StoreDispatcher | undefined;
  /** Undefined in games without `exactlyOnce`. */
  private readonly deliveries: Deliveries | undefined;
  /** In a cluster only. */
  private readonly gate: Gate | undefined;

  constructor(
    state: NodeState,
    activations: Activations,
    scheduler: Scheduler,
    replies: Replies,
    beyond: BeyondEntities,
    gate: Gate | undefined,
  ) {
    this.gate = gate;
    this.state = state;
    this.activations = activations;
    this.scheduler = scheduler;
    this.replies = replies;
    this.clients = beyond.clients;
    this.computing = beyond.computing;
    this.stores = beyond.stores;
    this.deliveries = state.catalogue.hasParcels ? new Deliveries(state, activations, scheduler, replies) : undefined;
  }

  /** A request or one-way frame; `input` stands at its first byte. */
  request(input: Reader, source: number, lane: Lane): void {
    const { view, at } = input;
    const { state } = this;
    if (isExpired(view, at, state.now)) {
      state.counters.expiredBeforeRun++;
      return;
    }
    const code = operationOf(view, at);
    const end = endsOf(view, at) & 15;
    const { gate } = this;
    if (gate !== undefined && end === END_ENTITY && !gate.takes(input, source, lane, state.operations[code])) return;
    if (code >= ENGINE_OPERATIONS) {
      this.engineRequest(input, code, end, source, lane);
      return;
    }
    const operation = state.operations[code];
    const type = operation?.contract.type;
    if (end !== END_ENTITY) {
      if (operation !== undefined && this.clients !== undefined) this.clients.request(input, operation, source, lane);
      else this.refuse(input, source, lane, operation, noGateway());
      return;
    }
    if (operation === undefined || type === undefined) {
      this.refuse(input, source, lane, operation, unknownOperation(code));
      return;
    }
    const slot = slotOf(view, at);
    let id: number | bigint | string;
    if ((idKindsOf(view, at) & 15) === ID_INT32) id = targetIdOf(view, at);
    else {
      input.at = at + HEADER_BYTES;
      try {
        id = readEntityId(input);
      } catch (error) {
        this.refuse(input, source, lane, operation, error as EngineError);
        return;
      } finally {
        input.at = at;
      }
    }
    if (state.quarantine.size !== 0 && state.quarantine.refuses(type.index, id, code)) {
      state.counters.refusedQuarantined++;
      this.refuse(input, source, lane, operation, quarantined(`${type.name}/${id}`, operation));
      return;
    }
    if (
      type.persistent === true &&
      operation.readOnly === false &&
      this.isStoreBehind(input, operation, source, lane)
    ) {
      return;
    }
    let activation = this.activations.roster.find(type, id, slot);
    // Who was found here under this version of the slot table still belongs here.
    const { version } = state.router;
    if (activation === undefined || activation.ownedAt !== version) {
      if (gate === undefined && state.router.ownerOf(slot) !== state.index) {
        this.refuse(input, source, lane, operation, notHere(slot));
        return;
      }
      if (activation !== undefined) activation.ownedAt = version;
    }
    if (activation === undefined) {
      const isWantedIfActive = (flagsOf(view, at) & FLAG_ONLY_IF_ACTIVE) !== 0;
      // A persistent one may exist without being here.
      if (isWantedIfActive || !(type.autoCreate || type.persistent)) {
        const error = new EntityNotFoundError('not-found', `${type.name}/${id} does not exist.`);
        this.refuse(input, source, lane, operation, error);
        return;
      }
      if (state.draining) {
        // Whoever has the slot next may have it.
        if (gate !== undefined) gate.bounce(input, source, lane, operation);
        else this.refuse(input, source, lane, operation, stopping());
        return;
      }
      activation = this.activations.activate(type, id, slot, type.autoCreate ? 'any' : 'existing');
      if (activation.phase === GONE) {
        this.refuse(input, source, lane, operation, activation.birth!.failure!);
        return;
      }
    } else if ((flagsOf(view, at) & FLAG_ONLY_IF_ACTIVE) === 0) activation.used(state.now);
    this.scheduler.arrive(activation, operation, input, source, lane);
  }

  /** Frames that waited for an activation which is gone: from the start again, each in its order. */
  redispatch(waiting: readonly Waiting[]): void {
    for (const one of waiting) {
      this.scheduler.room.forget(one);
      if (one.frame !== undefined) this.request(new Reader(one.frame), one.source, one.lane);
    }
  }

  /** Frames that waited for an activation which failed. */
  refuseAll(waiting: readonly Waiting[], error: EngineError): void {
    for (const one of waiting) {
      this.scheduler.room.forget(one);
      if (one.frame !== undefined) this.refuse(new Reader(one.frame), one.source, one.lane, one.operation, error);
    }
  }

  /** What waited for an entity that turned out not to exist. */
  missing({ type, id }: Activation, waiting: readonly Waiting[]): void {
    const error = new EntityNotFoundError('not-found', `${type.name}/${id} does not exist.`);
    // By one of them that makes it; those behind that find it.
    let isMade = false;
    for (const one of waiting) {
      this.scheduler.room.forget(one);
      if (one.frame === undefined) continue;
      const input = new Reader(one.frame);
      const isDestroy = one.operation === DESTROY;
      const isForget = this.deliveries?.isForget(one.operation) === true;
      isMade ||= one.operation === CREATE || (type.autoCreate && !isDestroy && !isForget);
      if (isMade) this.request(input, one.source, one.lane);
      else if (isDestroy) this.replies.result(one.source, one.lane, requestIdOf(input.view, 0), DESTROY, false);
      else this.refuse(input, one.source, one.lane, one.operation, error);
    }
  }

  /** More waits to be saved than may: whatever could make it even more is refused. */
  private isStoreBehind(input: Reader, operation: Operation, source: number, lane: Lane): boolean {
    const { writer } = this.activations.persistence!;
    if (!writer.isFull) return false;
    this.state.counters.refusedStoreBusy++;
    const error = withoutTrace(() => writer.storeBusy(nameOf(operation)));
    this.refuse(input, source, lane, operation, error);
    return true;
  }

  private engineRequest(input: Reader, code: number, end: number, source: number, lane: Lane): void {
    const { view, at } = input;
    const idKinds = idKindsOf(view, at);
    const requestId = requestIdOf(view, at);
    try {
      if (code === COMPUTE.code) {
        if (this.computing === undefined) throw new UnavailableError('no-owner', 'This node has no compute threads.');
        this.computing.request(input, source, lane);
        return;
      }
      input.at = at + HEADER_BYTES;
      const id = (idKinds & 15) === ID_INT32 ? targetIdOf(view, at) : readEntityId(input);
      if (idKinds >> 4 === ID_INT32) sourceIdOf(view, at);
      else readEntityId(input);
      const args = readCborRest(input);
      input.at = at;
      if (!Array.isArray(args))
        throw new InvalidMessageError('invalid', 'Arguments of an engine operation are malformed.');
      if (code === CREATE.code) this.create(input, this.typeOf(args[0]), id, args, source, lane);
      else if (code === DESTROY.code) this.destroy(input, this.typeOf(args[0]), id, source, lane);
      else if (code === LIST.code) {
        const page = this.activations.roster.page(this.typeOf(args[0]), args[1] as ListCursor, LIST_PAGE_IDS);
        this.replies.result(source, lane, requestId, LIST, page);
      } else if (isStoreOperation(code) && this.stores !== undefined) {
        this.stores.request(code, args, source, lane, requestId);
      } else if (this.deliveries !== undefined && (code === DELIVER.code || code === FORGET.code)) {
        this.deliveries.request(input, code, id, args, source, lane);
      } else if (code === DEADLOCKS.code) this.scheduler.room.deadlocks?.receive(args);
      else if (end === END_HOST && this.clients !== undefined) {
        this.clients.engineRequest(code, args, source, lane, requestId);
      } else throw unknownOperation(code);
    } catch (error) {
      input.at = at;
      if (!(error instanceof EngineError)) throw error;
      this.refuse(input, source, lane, undefined, error);
    }
  }

  private create(
    input: Reader,
    type: EntityTypeEntry,
    id: number | bigint | string,
    args: unknown[],
    source: number,
    lane: Lane,
  ): void {
    const { view, at } = input;
    const requestId = requestIdOf(view, at);
    const slot = slotOf(view, at);
    const present = this.activations.roster.find(type, id, slot);
    if (present !== undefined) {
      if (!isEnding(present) && present.birth?.isLoading !== true) throw existsAlready(type, id);
      // Behind the destroy that was sent before it; from the start again once that is done.
      this.scheduler.arrive(present, CREATE, input, source, lane);
      return;
    }
    this.checkHere(slot);
    if (this.state.draining) {
      if (this.gate === undefined) throw stopping();
      this.gate.bounce(input, source, lane, CREATE);
      return;
    }
    if (this.state.quarantine.refusesAll(type.index, id)) throw quarantined(`${type.name}/${id}`, undefined);
    const given = args[1] === true ? { initial: args[2] } : undefined;
    const activation = this.activations.activate(type, id, slot, 'new', given);
    if (!type.persistent) activation.pin();
    activation.whenSettled((failure) => {
      const refuse = (error: EngineError): void => this.replies.refusal(source, lane, requestId, CREATE.code, error);
      const done = (): void => this.replies.result(source, lane, requestId, CREATE, null);
      const { record, birth } = activation;
      if (failure !== undefined) refuse(failure);
      else if (birth?.existed) refuse(existsAlready(type, id));
      else if (record === undefined) done();
      // It exists once its record does.
      else this.activations.persistence!.keepNew(record).then(done, refuse);
    });
  }

  private destroy(
    input: Reader,
    type: EntityTypeEntry,
    id: number | bigint | string,
    source: number,
    lane: Lane,
  ): void {
    const slot = slotOf(input.view, input.at);
    this.checkHere(slot);
    let activation = this.activations.roster.find(type, id, slot);
    if (activation === undefined && this.state.draining && this.gate !== undefined) {
      this.gate.bounce(input, source, lane, DESTROY);
      return;
    }
    if (activation === undefined && type.persistent && !this.state.draining) {
      activation = this.activations.activate(type, id, slot, 'existing');
    }
    const requestId = requestIdOf(input.view, input.at);
    if (activation === undefined) {
      if (requestId !== 0) this.replies.result(source, lane, requestId, DESTROY, false);
      return;
    }
    const isFree = activation.phase === ACTIVE && activation.openTurns === 0;
    if (!isFree && activation.waiting < type.mailboxMax && isItsOwn(activation, input)) {
      // It may be awaited by the very turn that it waits for. What is certain by now can be told.
      this.replies.result(source, lane, requestId, DESTROY, true);
      makeOneWay(input.view, input.at);
    }
    this.scheduler.arrive(activation, DESTROY, input, source, lane);
  }

  private checkHere(slot: number): void {
    if (this.gate === undefined && this.state.router.ownerOf(slot) !== this.state.index) throw notHere(slot);
  }

  private typeOf(name: unknown): EntityTypeEntry {
    return this.state.catalogue.entityContract(String(name)).type;
  }

  private refuse(
    input: Reader,
    source: number,
    lane: Lane,
    operation: Operation | undefined,
    error: EngineError,
  ): void {
    this.scheduler.refuse(input, source, lane, operation, error);
  }
}

const unknownOperation = (code: number): EngineError =>
  new ContractMismatchError('unknown-operation', `There is no operation ${code} here.`);

const notHere = (slot: number): EngineError => new UnavailableError('no-owner', `Slot ${slot} is not here.`);

const stopping = (): EngineError => new UnavailableError('no-owner', 'The node is stopping.');

const quarantined = (entity: string, operation: Operation | undefined): EngineError => {
  const what = operation === undefined ? entity : `${nameOf(operation)} of ${entity}`;
  return new UnavailableError('quarantined', `${what} is quarantined: nodes died of it. An operator can release it.`);
};

const existsAlready = (type: EntityTypeEntry, id: number | bigint | string): EngineError =>
  new EntityExistsError('exists', `${type.name}/${id} exists already.`);

/** On its way out, or about to be. */
const isEnding = (activation: Activation): boolean =>
  activation.phase === DEACTIVATING || activation.mailbox?.some((waiting) => waiting.operation === DESTROY) === true;

/** Sent by the entity that it is for, and waited for. */
function isItsOwn({ type, id }: Activation, input: Reader): boolean {
  const { view, at } = input;
  if (
    kindOf(view, at) !== KIND_REQUEST ||
    endsOf(view, at) >> 4 !== END_ENTITY ||
    sourceTypeOf(view, at) !== type.index
  ) {
    return false;
  }
  const idKinds = idKindsOf(view, at);
  if (idKinds >> 4 === ID_INT32) return sourceIdOf(view, at) === id;
  input.at = at + HEADER_BYTES;
  if ((idKinds & 15) !== ID_INT32) readEntityId(input);
  const source = readEntityId(input);
  input.at = at;
  return source === id;
}

const noGateway = (): EngineError => new UnavailableError('no-session', 'This node has no gateway.');
