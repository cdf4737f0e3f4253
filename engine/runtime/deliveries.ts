import { Reader } from '../../transport/codec/reader.ts';
import type { Lane } from '../../transport/link.ts';
import type { EntityId } from '../base/entity-id.ts';
import { ContractMismatchError, OverloadedError, UnavailableError, withoutTrace } from '../base/errors.ts';
import { type Activation, GONE } from './activation.ts';
import type { Activations } from './activations.ts';
import { nameOf } from './call-errors.ts';
import { type EntityTypeEntry, type Operation, RETURNS_VOID } from './catalogue.ts';
import { DELIVER, FORGET, readCborRest } from './engine-operations.ts';
import { slotOf } from './frame.ts';
import type { NodeState } from './node-state.ts';
import { MARKS_MAX } from './persistence/marks.ts';
import type { Replies } from './reply.ts';
import type { Scheduler } from './scheduler.ts';
import type { Turn } from './turn.ts';

/**
 * The receiver's side of `exactlyOnce`: from a DELIVER frame to a turn of its operation, if it has not run yet. The turn is like any other, with the
 * operation's lock and its place in the mailbox; it is answered when the record that it has changed is flushed, which may be after its end.
 */
export class Deliveries {
  private readonly state: NodeState;
  private readonly activations: Activations;
  private readonly scheduler: Scheduler;
  private readonly replies: Replies;
  /** How operations run that are delivered. */
  private readonly delivered = new Map<Operation, Operation>();
  private readonly forget: Operation;

  constructor(state: NodeState, activations: Activations, scheduler: Scheduler, replies: Replies) {
    this.state = state;
    this.activations = activations;
    this.scheduler = scheduler;
    this.replies = replies;
    this.forget = { ...FORGET, dispatch: (_entity, input) => this.forgets(input) };
  }

  /** A DELIVER or FORGET frame for an entity; `input` stands at its first byte. Throws EngineError: it did not run. */
  request(input: Reader, code: number, id: EntityId, args: readonly unknown[], source: number, lane: Lane): void {
    const { state } = this;
    const { type } = state.catalogue.entityContract(args[0] as string);
    const isForget = code === FORGET.code;
    const operation = isForget ? this.forget : this.operationOf(args);
    const slot = slotOf(input.view, input.at);
    if (state.router.ownerOf(slot) !== state.index) {
      throw new UnavailableError('no-owner', `Slot ${slot} is not here.`);
    }
    this.admit(type, id, operation);
    let activation = this.activations.roster.find(type, id, slot);
    if (activation === undefined) {
      if (state.draining) throw new UnavailableError('no-owner', 'The node is stopping.');
      activation = this.activations.activate(type, id, slot, type.autoCreate && !isForget ? 'any' : 'existing');
      if (activation.phase === GONE) throw activation.birth!.failure!;
    } else activation.used(state.now);
    this.scheduler.arrive(activation, operation, input, source, lane);
  }

  /** It is for the forgetful: an entity that does not exist remembers nothing. */
  isForget(operation: Operation): boolean {
    return operation === this.forget;
  }

  private admit(type: EntityTypeEntry, id: EntityId, operation: Operation): void {
    const { quarantine, counters } = this.state;
    if (quarantine.size !== 0 && quarantine.refuses(type.index, id, operation.code)) {
      counters.refusedQuarantined++;
      throw new UnavailableError('quarantined', `${nameOf(operation)} of ${type.name}/${id} is quarantined.`);
    }
    const { writer } = this.activations.persistence!;
    if (!writer.isFull) return;
    counters.refusedStoreBusy++;
    throw withoutTrace(() => writer.storeBusy(nameOf(operation)));
  }

  private operationOf(args: readonly unknown[]): Operation {
    const [contract, name, fingerprint] = args as [string, string, string];
    const bound = this.state.catalogue.entityContract(contract);
    const at = bound.operations.findIndex((one) => one.name === name);
    const operation = bound.operations[at];
    if (operation === undefined || operation.returns !== RETURNS_VOID || !bound.type.persistent) {
      throw new ContractMismatchError('unknown-operation', `${contract}.${name} is no operation that takes messages.`);
    }
    if (bound.generated.operations[at]!.fingerprint !== fingerprint) {
      throw new ContractMismatchError('incompatible', `${contract}.${name} has other parameters by now.`);
    }
    let delivered = this.delivered.get(operation);
    if (delivered === undefined) {
      delivered = { ...operation, dispatch: (entity, input) => this.arrives(operation, entity, input) };
      this.delivered.set(operation, delivered);
    }
    return delivered;
  }

  /** The first slice of the turn. */
  private arrives(operation: Operation, entity: unknown, input: Reader): unknown {
    const activation = input.references as Activation;
    const [, , , sender, number, after, welcome, payload] = readCborRest(input) as [
      string,
      string,
      string,
      string,
      number,
      number,
      number,
      Uint8Array,
    ];
    const { counters } = this.state;
    const exchange = activation.record!.needExchange();
    const answer = this.takeAnswer();
    switch (exchange.marks.judge(sender, number, after, welcome)) {
      case 'again':
        answer(exchange.marks.welcome);
        return undefined;
      case 'full':
        answer(new OverloadedError('mailbox-full', `${nameOf(operation)}: ${MARKS_MAX} senders are not through yet.`));
        return undefined;
      case 'taken':
        counters.parcelsRepeated++;
        exchange.acknowledge(() => answer(0), true);
        return undefined;
      default: {
        counters.parcelsArrived++;
        exchange.arrived(sender, number);
        exchange.acknowledge(() => answer(0), true);
        const arguments_ = new Reader(payload);
        arguments_.references = activation;
        return operation.dispatch(entity, arguments_);
      }
    }
  }

  private forgets(input: Reader): void {
    const exchange = (input.references as Activation).record!.needExchange();
    const [, sender, number] = readCborRest(input) as [string, string, number];
    const answer = this.takeAnswer();
    if (exchange.marks.forget(sender, number)) exchange.change();
    exchange.acknowledge(() => answer(0), false);
  }

  /** The turn that runs is not answered at its end. Nor has what it calls the deadline of this try. */
  private takeAnswer(): (answer: number | OverloadedError) => void {
    const turn = this.state.turn as Turn;
    const { requestId, source, lane } = turn;
    turn.requestId = 0;
    turn.deadline = Number.POSITIVE_INFINITY;
    return (answer) => {
      if (typeof answer === 'number') this.replies.result(source, lane, requestId, DELIVER, answer);
      else this.replies.refusal(source, lane, requestId, DELIVER.code, answer);
    };
  }
}
