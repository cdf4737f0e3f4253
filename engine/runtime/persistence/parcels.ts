import type { EntityId } from '../../base/entity-id.ts';
import { InvalidMessageError, OverloadedError, StoreError } from '../../base/errors.ts';
import { recordKey } from './record-key.ts';

/** That one entity has at a time, those set aside included, and the bytes of their arguments. */
export const PARCELS_MAX = 1024;
export const PARCEL_BYTES_MAX = 1024 * 1024;

/** Of the arguments: what generated code writes for one fingerprint. Another one when the codec writes the same shape in another way. */
const FORM = 1;

/** A message of an `exactlyOnce` operation. */
export interface Message {
  /** Names as they are on the wire; the fingerprint is that of the operation whose arguments these bytes are. */
  readonly contract: string;
  readonly operation: string;
  readonly fingerprint: string;
  readonly id: EntityId;
  readonly payload: Uint8Array;
}

/** A message that is part of its sender's record until the receiver's record has its effect. */
export class Parcel {
  readonly message: Message;
  /** One above the one before it, whoever that was for; 0 while it is set aside. */
  number: number;
  /** The change of the record that it came with: it leaves once that is flushed. */
  readonly since: number;
  isUnderWay = false;

  constructor(message: Message, number: number, since: number) {
    this.message = message;
    this.number = number;
    this.since = since;
  }
}

/** An entity that parcels are for, until it has them all and has forgotten that it had. */
export class Recipient {
  readonly key: string;
  readonly contract: string;
  readonly id: EntityId;
  /** In order. */
  readonly queue: Parcel[] = [];
  /** The highest one that it has, and the change with which that was noted; 0 while it has none. */
  taken = 0;
  takenSince = 0;

  constructor(key: string, contract: string, id: EntityId) {
    this.key = key;
    this.contract = contract;
    this.id = id;
  }
}

/** What an entity has sent with `exactlyOnce` and is not through with. */
export class Parcels {
  /** By the key of the receiver's record: order is kept per receiver, whatever contract it is called by. */
  readonly recipients = new Map<string, Recipient>();
  /** What nobody can take as it is. The next activation tries again. */
  readonly aside: Parcel[] = [];
  private readonly typeOf: (contract: string) => string | undefined;
  private lifeNow: string;
  private last = 0;
  private count = 0;
  private bytes = 0;

  /** `typeOf` answers with the name of the entity type behind a contract. `life` tells numbers of this sender from those of one of the same name. */
  constructor(life: string, typeOf: (contract: string) => string | undefined) {
    this.lifeNow = life;
    this.typeOf = typeOf;
  }

  get life(): string {
    return this.lifeNow;
  }

  get isEmpty(): boolean {
    return this.recipients.size === 0 && this.aside.length === 0;
  }

  /** Throws OverloadedError (`store-busy`) when there are too many, InvalidMessageError (`too-large`). */
  add(message: Message, since: number): Recipient {
    const { length } = message.payload;
    const what = `${message.contract}.${message.operation}`;
    if (length > PARCEL_BYTES_MAX) {
      throw new InvalidMessageError('too-large', `${what}: the arguments take more than ${PARCEL_BYTES_MAX} bytes.`);
    }
    if (this.count >= PARCELS_MAX || this.bytes + length > PARCEL_BYTES_MAX) {
      throw new OverloadedError('store-busy', `${what}: ${this.count} messages of this entity have not arrived yet.`);
    }
    const recipient = this.recipientOf(message.contract, message.id)!;
    recipient.queue.push(new Parcel(message, ++this.last, since));
    this.count++;
    this.bytes += length;
    return recipient;
  }

  /** It has everything up to this one. */
  taken(recipient: Recipient, number: number, since: number): void {
    const { queue } = recipient;
    let count = 0;
    while (count < queue.length && queue[count]!.number <= number) this.dropped(queue[count++]!);
    queue.splice(0, count);
    if (number <= recipient.taken) return;
    recipient.taken = number;
    recipient.takenSince = since;
  }

  setAside(recipient: Recipient, parcel: Parcel): void {
    const at = recipient.queue.indexOf(parcel);
    if (at < 0) return;
    recipient.queue.splice(at, 1);
    parcel.number = 0;
    parcel.isUnderWay = false;
    this.aside.push(parcel);
  }

  /** Nothing is left to be done about it. */
  done(recipient: Recipient): void {
    if (this.recipients.get(recipient.key) === recipient) this.recipients.delete(recipient.key);
  }

  /** What is saved of it; undefined when there is nothing. */
  toStored(): unknown {
    if (this.isEmpty) return undefined;
    const rows: unknown[] = [];
    for (const { contract, id, queue, taken } of this.recipients.values()) {
      if (taken > 0) rows.push([taken, contract, id]);
      for (const parcel of queue) rows.push(rowOf(parcel));
    }
    for (const parcel of this.aside) rows.push(rowOf(parcel));
    return [FORM, this.lifeNow, this.last, ...rows];
  }

  /** Throws StoreError (`corrupt`, `newer-version`), which names the record. */
  restore(key: string, stored: unknown, since: number): void {
    if (!Array.isArray(stored)) throw corrupt(key);
    const [form, life, last, ...rows] = stored as unknown[];
    if (typeof form === 'number' && form > FORM) {
      const message = `Record ${key} has parcels in form ${form}; this engine knows ${FORM}.`;
      throw new StoreError('newer-version', message, { outcome: 'notExecuted' });
    }
    if (form !== FORM || typeof life !== 'string' || !Number.isSafeInteger(last)) throw corrupt(key);
    this.lifeNow = life;
    this.last = last as number;
    for (const row of rows) this.restoreRow(key, row, since);
    // Behind those that have a number.
    for (const parcel of this.aside.splice(0)) {
      this.dropped(parcel);
      this.place(parcel.message, ++this.last, since);
    }
  }

  private restoreRow(key: string, row: unknown, since: number): void {
    if (!Array.isArray(row)) throw corrupt(key);
    if (row.length === 3) {
      const [taken, contract, id] = row as [number, string, EntityId];
      const recipient = this.recipientOf(contract, id);
      // Nobody of that name lives here any more who could forget something.
      if (recipient === undefined) return;
      recipient.taken = taken;
      recipient.takenSince = since;
      return;
    }
    const [number, contract, operation, fingerprint, id, payload] = row as [
      number,
      string,
      string,
      string,
      EntityId,
      Uint8Array,
    ];
    if (!Number.isSafeInteger(number) || typeof contract !== 'string' || !(payload instanceof Uint8Array))
      throw corrupt(key);
    this.place({ contract, operation, fingerprint, id, payload }, number, since);
  }

  private place(message: Message, number: number, since: number): void {
    const recipient = number === 0 ? undefined : this.recipientOf(message.contract, message.id);
    const parcel = new Parcel(message, recipient === undefined ? 0 : number, since);
    (recipient?.queue ?? this.aside).push(parcel);
    this.count++;
    this.bytes += message.payload.length;
  }

  private recipientOf(contract: string, id: EntityId): Recipient | undefined {
    const type = this.typeOf(contract);
    if (type === undefined) return undefined;
    const key = recordKey(type, id);
    let recipient = this.recipients.get(key);
    if (recipient === undefined) {
      recipient = new Recipient(key, contract, id);
      this.recipients.set(key, recipient);
    }
    return recipient;
  }

  private dropped(parcel: Parcel): void {
    this.count--;
    this.bytes -= parcel.message.payload.length;
  }
}

function rowOf({ number, message }: Parcel): unknown[] {
  const { contract, operation, fingerprint, id, payload } = message;
  return [number, contract, operation, fingerprint, id, payload];
}

const corrupt = (key: string): StoreError =>
  new StoreError('corrupt', `Record ${key} is damaged: its parcels cannot be read.`, { outcome: 'notExecuted' });
