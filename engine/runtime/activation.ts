import type { Writer } from '../../transport/codec/writer.ts';
import { LANE_MEDIUM } from '../../transport/link.ts';
import { type Duration, milliseconds } from '../base/duration.ts';
import type { EntityId } from '../base/entity-id.ts';
import { EngineError, notImplemented, UnavailableError } from '../base/errors.ts';
import type { Proxy } from '../contract/proxy.ts';
import { Alarm } from './alarm.ts';
import { Birth } from './birth.ts';
import type { Call } from './call.ts';
import type { CallContext } from './call-context.ts';
import type { EntityTypeEntry } from './catalogue.ts';
import type { EntityScope, NodeEntity } from './entity.ts';
import { Extras } from './extras.ts';
import { END_ENTITY, HEADER_BYTES, writePlainRequest } from './frame.ts';
import type { Log } from './log.ts';
import type { Mailbox } from './mailbox.ts';
import type { NodeState } from './node-state.ts';
import { NodeView } from './node-view.ts';
import type { OpenTurn } from './open-turn.ts';
import type { EntityRecord } from './persistence/entity-record.ts';
import type { Shares } from './shares.ts';
import type { ActivationTasks } from './tasks-source.ts';

/** `onActivate` runs; everything waits. */
export const ACTIVATING = 0;
export const ACTIVE = 1;
/** `onDeactivate` runs; everything waits, for the next activation if there is one. */
export const DEACTIVATING = 2;
export const GONE = 3;

/** `usedAt` counts in these, wrapped to 32 bits: a small integer, where a date would be a box of its own. Differences hold for four years. */
const USED_UNIT_MS = 64;

/**
 * The incarnation of an entity in the memory of one node: what is to run on it, and `this.node`, the node as this entity sees it.
 * One object, and a small one, because there are many: whatever most of them never need is made on first need.
 */
export class Activation extends NodeView implements EntityScope {
  readonly type: EntityTypeEntry;
  entity!: NodeEntity<any>;
  /** Version of the slot table under which its slot was last seen to be this node's. */
  ownedAt = -1;
  phase = ACTIVATING;
  /** Most entities are free whenever a frame arrives, and never have one. */
  mailbox: Mailbox | undefined = undefined;
  /** Turns that have begun and not ended, and how many of them are read-only. */
  openTurns = 0;
  openReadOnly = 0;
  /** The open turns themselves, the latest first; only in games with locks. */
  turns: OpenTurn | undefined = undefined;
  /** Holds the entity for itself; the latest, when the chain of one came back and took it again. */
  exclusive: OpenTurn | undefined = undefined;
  /** Locks that are shared, or of one operation only. */
  shares: Shares | undefined = undefined;
  private usedAt: number;
  private extras: Extras | undefined = undefined;

  constructor(state: NodeState, type: EntityTypeEntry, id: EntityId, slot: number) {
    super(state, END_ENTITY, type.index, id, slot);
    this.type = type;
    this.usedAt = (state.now / USED_UNIT_MS) | 0;
  }

  get id(): EntityId {
    return this.sourceId;
  }

  get slot(): number {
    return this.slotWord >>> 16;
  }

  get waiting(): number {
    return this.mailbox === undefined ? 0 : this.mailbox.size;
  }

  /** Of a persistent entity, from before `onActivate` on. */
  get record(): EntityRecord | undefined {
    return this.extras === undefined ? undefined : this.extras.record;
  }

  /** While it is not active yet, and after it failed. */
  get birth(): Birth | undefined {
    return this.extras === undefined ? undefined : this.extras.birth;
  }

  /** Idleness does not end it. */
  pin(): void {
    this.needExtras().pinned = true;
  }

  /** It has a record from now on. */
  keepIn(record: EntityRecord): void {
    this.needExtras().record = record;
  }

  /** It lives somewhere else, or nowhere, in another epoch: whatever of it still runs sends nothing any more. */
  forget(): void {
    this.needExtras().forgotten = true;
    this.isPlain = false;
  }

  protected override sourceEpoch(epochs: Int32Array): number {
    const epoch = epochs[this.slot]!;
    if (epoch !== 0 && this.extras?.forgotten !== true) return epoch;
    throw new UnavailableError('fenced', `The slot of ${this.type.name}/${this.id} has another owner by now.`);
  }

  /** It cannot be active at once, or has failed. */
  needBirth(): Birth {
    const extras = this.needExtras();
    extras.birth ??= new Birth();
    return extras.birth;
  }

  /** It is active: how it came to be is of no interest any more. */
  born(): void {
    this.extras!.birth = undefined;
    if (this.extras!.isEmpty) this.extras = undefined;
  }

  private needExtras(): Extras {
    this.extras ??= new Extras();
    return this.extras;
  }

  /** A message arrives, or what it caused has ended; ticks do not count. `now` in milliseconds on the node's clock. */
  used(now: number): void {
    this.usedAt = (now / USED_UNIT_MS) | 0;
  }

  /** Milliseconds since it was last used, up to `USED_UNIT_MS` less than it was. */
  unusedFor(now: number): number {
    const units = (((now / USED_UNIT_MS) | 0) - this.usedAt) | 0;
    return units <= 0 ? 0 : (units - 1) * USED_UNIT_MS;
  }

  /** Nothing runs or waits, and its type and its making allow that it ends for want of use. */
  get isExpendable(): boolean {
    return (
      this.phase === ACTIVE &&
      this.openTurns === 0 &&
      this.waiting === 0 &&
      (this.extras === undefined || (!this.extras.pinned && this.record?.isSettled !== false)) &&
      this.type.idleMs !== Number.POSITIVE_INFINITY
    );
  }

  /** Calls back once it is active or has failed. */
  whenSettled(callback: (failure: EngineError | undefined) => void): void {
    if (this.phase !== ACTIVATING) callback(this.birth?.failure);
    else this.needBirth().whenSettled(callback);
  }

  // ---- as its entity sees it

  get entityId(): EntityId {
    return this.sourceId;
  }

  get contractNames(): readonly string[] {
    return this.type.contracts;
  }

  /** Made anew each time: entities that log are few, entities that live are many. */
  get log(): Log {
    return this.state.log.child({ entity: this.type.name, id: String(this.sourceId) });
  }

  get tasks(): ActivationTasks {
    const extras = this.needExtras();
    extras.tasks ??= this.state.tasks.tasksOf(this);
    return extras.tasks;
  }

  cancelTasks(): void {
    this.extras?.tasks?.cancelAll();
  }

  /** A turn takes the entity for itself, or gives it back: all calls in between are made on its behalf. */
  held(isHeld: boolean): void {
    this.isPlain = !isHeld && this.idInHeader && this.state.flow === undefined && this.extras?.forgotten !== true;
    if (!isHeld) this.record?.released();
  }

  override openKept(proxy: Proxy, code: number, bytes: number): Writer {
    if (this.record === undefined) return super.openKept(proxy, code, bytes);
    const { state } = this;
    const out = state.outbox.begin(state.index, LANE_MEDIUM, HEADER_BYTES + bytes);
    // Nobody reads the header: the arguments are taken out again, and the frame is given up.
    writePlainRequest(out, state.operations[code]!.headWord, 0, 0, 0, this, 0, 0);
    state.outbox.endHeader();
    return out;
  }

  override keep(proxy: Proxy, code: number): void {
    const { state, record } = this;
    const { contract, name } = state.operations[code]!;
    const { writer, frameStart } = state.outbox;
    const payload = writer.bytes.slice(frameStart + HEADER_BYTES, writer.at);
    state.outbox.abandon();
    if (record!.ended) throw record!.goneError();
    const { fingerprint } = contract.generated.operations.find((one) => one.code === code)!;
    const message = { contract: contract.name, operation: name, fingerprint, id: proxy.$id, payload };
    record!.needExchange().send(message);
    state.counters.parcelsKept++;
  }

  protected override get holder(): CallContext | undefined {
    const { flow } = this.state;
    return flow === undefined ? this.exclusive : flow.turnOf(this);
  }

  currentCall(entity: NodeEntity<any>): Call {
    const turn = this.state.turn;
    if (turn === undefined || turn.activation !== this || this.entity !== entity) {
      throw new EngineError(
        'call-context',
        'this.call is known before the first await of an operation only: read it there and keep the object.',
      );
    }
    return turn.currentCall();
  }

  now(): number {
    return this.state.clock.wallNow();
  }

  sleep(duration: Duration): Promise<void> {
    const ms = milliseconds(duration, 'sleep');
    return new Promise((resolve) => {
      // Not the time of the round: that is its beginning, and a long slice would come off the pause.
      this.state.wheel.add(new Alarm(resolve), this.state.clock.now() + ms);
    });
  }

  random(): number {
    return this.state.prng.next();
  }

  save(): Promise<void> {
    const { record, type } = this;
    if (record !== undefined) return record.save();
    const why = type.persistent
      ? 'a constructor has no state to save yet'
      : `write entity(${type.name}, ${type.cls.name}, { persistent: true })`;
    return Promise.reject(new TypeError(`this.save() of ${type.cls.name}: ${why}.`));
  }

  track(): void {
    throw notImplemented('this.track()');
  }
}
