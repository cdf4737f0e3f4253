import type { EntityId } from '../../base/entity-id.ts';
import {
  ContractMismatchError,
  EntityNotFoundError,
  InvalidMessageError,
  UnavailableError,
} from '../../base/errors.ts';
import { Alarm } from '../alarm.ts';
import type { EntityTypeEntry } from '../catalogue.ts';
import { DELIVER, FORGET } from '../engine-operations.ts';
import { END_ENTITY } from '../frame.ts';
import type { NodeState } from '../node-state.ts';
import { NodeView } from '../node-view.ts';
import type { Parcel, Parcels, Recipient } from './parcels.ts';
import { recordKey } from './record-key.ts';

/** Parcels for one receiver that are under way, once the first has arrived. */
const WINDOW = 16;
/** How long a receiver is left alone that could not be reached, at first and at most. */
const REST_MS_MIN = 50;
const REST_MS_MAX = 5_000;
/** After so many tries in vain somebody is told. */
const TRIES_TOLD = 6;
/** A receiver that has so often said another number of welcome is left alone for a while. */
const AGAIN_MAX = 3;

/** Whose parcels they are. */
export interface Sender {
  readonly type: EntityTypeEntry;
  readonly id: EntityId;
  readonly slot: number;
}

/** The record that they are in. */
export interface Ledger {
  /** Changes up to this one are flushed. */
  readonly flushed: number;
  /** Something has changed, which is to be flushed within `autosave`; its number. */
  change(): number;
  /** Nothing is left to be delivered. */
  allTaken(): void;
}

/** Calls of the entity that belong to none of its turns. */
class SenderView extends NodeView {
  private readonly sender: Sender;

  constructor(state: NodeState, sender: Sender) {
    super(state, END_ENTITY, sender.type.index, sender.id, sender.slot);
    this.sender = sender;
  }

  /** A receiver does not take what comes from an epoch that is over. */
  protected override sourceEpoch(epochs: Int32Array): number {
    const { type, id, slot } = this.sender;
    const epoch = epochs[slot]!;
    if (epoch !== 0) return epoch;
    throw new UnavailableError('fenced', `The slot of ${type.name}/${id} has another owner by now.`);
  }
}

/** How far it has come with one receiver. */
class Errand {
  readonly recipient: Recipient;
  readonly alarm: Alarm;
  /** What a first parcel has to bring. */
  welcome = 0;
  /** It has taken one: from then on several may be under way. */
  isKnown = false;
  underWay = 0;
  /** One has come back: nothing more is sent until all have, and then from the first on. */
  isBroken = false;
  againsInARow = 0;
  tries = 0;
  restMs = 0;

  constructor(recipient: Recipient, ring: (errand: Errand) => void) {
    this.recipient = recipient;
    this.alarm = new Alarm(() => ring(this));
  }
}

/**
 * Takes the parcels of one entity to their receivers, in order for each, as soon as they are flushed, until each is acknowledged; and then has
 * their marks forgotten, once it is flushed that nothing up to them is left here.
 */
export class Courier {
  private readonly state: NodeState;
  private readonly sender: Sender;
  private readonly parcels: Parcels;
  private readonly ledger: Ledger;
  private readonly errands = new Map<string, Errand>();
  private readonly view: SenderView;
  private isStopped = false;

  constructor(state: NodeState, sender: Sender, parcels: Parcels, ledger: Ledger) {
    this.state = state;
    this.sender = sender;
    this.parcels = parcels;
    this.ledger = ledger;
    this.view = new SenderView(state, sender);
  }

  /** More is flushed than before. */
  advance(): void {
    for (const recipient of [...this.parcels.recipients.values()]) this.work(this.errandOf(recipient));
  }

  stop(): void {
    this.isStopped = true;
    for (const { alarm } of this.errands.values()) this.state.wheel.remove(alarm);
    this.errands.clear();
  }

  /** As marks know it. */
  private get from(): string {
    return `${recordKey(this.sender.type.name, this.sender.id)}#${this.parcels.life}`;
  }

  private errandOf(recipient: Recipient): Errand {
    let errand = this.errands.get(recipient.key);
    if (errand?.recipient !== recipient) {
      errand = new Errand(recipient, (one) => this.work(one));
      this.errands.set(recipient.key, errand);
    }
    return errand;
  }

  private work(errand: Errand): void {
    if (this.isStopped || errand.alarm.scheduled) return;
    const { recipient } = errand;
    const { queue } = recipient;
    if (errand.isBroken) {
      if (errand.underWay > 0) return;
      errand.isBroken = false;
      for (const parcel of queue) parcel.isUnderWay = false;
    }
    const window = errand.isKnown ? WINDOW : 1;
    let after = 0;
    for (let i = 0; i < queue.length && errand.underWay < window; i++) {
      const parcel = queue[i]!;
      if (parcel.since > this.ledger.flushed) break;
      if (!parcel.isUnderWay) this.deliver(errand, parcel, after);
      after = parcel.number;
    }
    if (queue.length > 0 || errand.underWay > 0) return;
    if (recipient.taken === 0) this.end(errand);
    else if (recipient.takenSince <= this.ledger.flushed) this.forget(errand);
  }

  private deliver(errand: Errand, parcel: Parcel, after: number): void {
    const { contract, operation, fingerprint, id, payload } = parcel.message;
    parcel.isUnderWay = true;
    const args = [contract, operation, fingerprint, this.from, parcel.number, after, errand.welcome, payload];
    this.ask(errand, DELIVER, id, contract, args).then(
      (answer) => {
        errand.underWay--;
        if (this.isStopped) return;
        if (answer === 0) this.taken(errand, parcel);
        else this.again(errand, answer as number);
        this.work(errand);
      },
      (error: Error) => {
        errand.underWay--;
        if (this.isStopped) return;
        errand.isBroken = true;
        if (isFinal(error)) this.setAside(errand, parcel, error);
        else this.rest(errand, error);
        this.work(errand);
      },
    );
  }

  private forget(errand: Errand): void {
    const { recipient } = errand;
    const { contract, id, taken } = recipient;
    this.ask(errand, FORGET, id, contract, [contract, this.from, taken]).then(
      () => {
        errand.underWay--;
        if (this.isStopped) return;
        // More may have been sent meanwhile: what is behind it needs another mark.
        if (recipient.taken === taken) recipient.taken = 0;
        errand.isKnown = false;
        this.ledger.change();
        this.work(errand);
      },
      (error: Error) => {
        errand.underWay--;
        if (this.isStopped) return;
        // Whoever is gone remembers nothing.
        if (isFinal(error)) {
          recipient.taken = 0;
          this.ledger.change();
        } else this.rest(errand, error);
        this.work(errand);
      },
    );
  }

  /** What an `affinity` throws is a rejection like others. */
  private async ask(
    errand: Errand,
    operation: typeof DELIVER,
    id: EntityId,
    contract: string,
    args: unknown[],
  ): Promise<unknown> {
    errand.underWay++;
    const { type } = this.state.catalogue.entityContract(contract);
    return this.view.ask(operation, id, this.view.slotFor(type, id), args);
  }

  private taken(errand: Errand, parcel: Parcel): void {
    errand.isKnown = true;
    errand.againsInARow = 0;
    errand.tries = 0;
    errand.restMs = 0;
    if (parcel.number !== 0) this.parcels.taken(errand.recipient, parcel.number, this.ledger.change());
  }

  private again(errand: Errand, welcome: number): void {
    errand.welcome = welcome;
    errand.isBroken = true;
    this.state.counters.parcelsAgain++;
    if (++errand.againsInARow > AGAIN_MAX) this.rest(errand, undefined);
  }

  private setAside(errand: Errand, parcel: Parcel, error: Error): void {
    this.parcels.setAside(errand.recipient, parcel);
    this.ledger.change();
    this.state.counters.parcelsAside++;
    this.say('error', errand, error, 'a message cannot be delivered: it is set aside in the record of its sender');
  }

  private rest(errand: Errand, error: Error | undefined): void {
    this.state.counters.parcelsAgain++;
    if (++errand.tries === TRIES_TOLD && error !== undefined)
      this.say('warn', errand, error, 'messages wait for their receiver');
    errand.restMs = Math.min(Math.max(REST_MS_MIN, errand.restMs * 2), REST_MS_MAX);
    if (!errand.alarm.scheduled) this.state.wheel.add(errand.alarm, this.state.clock.now() + errand.restMs);
  }

  private end(errand: Errand): void {
    const { recipient } = errand;
    this.errands.delete(recipient.key);
    this.parcels.done(recipient);
    if (this.parcels.recipients.size === 0) this.ledger.allTaken();
  }

  private say(level: 'warn' | 'error', { recipient }: Errand, error: Error, what: string): void {
    const { type, id } = this.sender;
    const receiver = `${recipient.contract}/${recipient.id}`;
    this.state.log[level]({ err: error, entity: type.name, id: String(id), receiver }, what);
  }
}

/** Trying again as things are changes nothing: there is no such receiver, or none that understands it. */
const isFinal = (error: Error): boolean =>
  error instanceof EntityNotFoundError ||
  error instanceof ContractMismatchError ||
  error instanceof InvalidMessageError;
