import { LANES, type Lane } from '../../transport/link.ts';
import { ACTIVE, type Activation } from './activation.ts';
import { LOCK_ENTITY } from './catalogue.ts';
import { isFree, reenters, waitsForItself } from './locks.ts';
import type { Mailbox } from './mailbox.ts';
import type { NodeState } from './node-state.ts';
import type { Waiting } from './waiting.ts';

/** So far is looked past operations that wait for another turn of their own. */
export const LOOK_PAST_MAX = 64;
/** So many that come back to an entity are tried at a time. */
const BACK_MAX = 64;

/** Runs what waited, or gives it up; the scheduler. */
export interface PumpEvents {
  runWaiting(activation: Activation, waiting: Waiting): void;
  /** Its deadline has passed. */
  expired(waiting: Waiting): void;
  makeReady(activation: Activation): void;
}

/**
 * Decides which of those that wait for an entity is next.
 *
 *  - What comes back to the entity in its own call chain goes first: what holds the others back waits for it.
 *  - Higher priorities first, within one first in, first out. They do not pass anybody for ever: what is first in its lane and was passed
 *    `OVERTAKES_MAX` times is next: until then nobody begins who would hold it back.
 *  - One that wants the whole entity holds everything behind it back, or it might never find no turn open.
 *  - One that waits for another turn of its own operation holds nobody back but messages of its own caller, whose order stays.
 */
export class Pump {
  private readonly state: NodeState;
  private readonly events: PumpEvents;
  private readonly passed: number[] = [];

  constructor(state: NodeState, events: PumpEvents) {
    this.state = state;
    this.events = events;
  }

  /** Runs what can begin now, up to about `turnsMax` turns; returns how many. */
  pump(activation: Activation, turnsMax: number): number {
    const { mailbox } = activation;
    if (mailbox === undefined || mailbox.size === 0 || activation.phase !== ACTIVE) return 0;
    if (this.state.isShut()) {
      this.events.makeReady(activation);
      return 0;
    }
    let turns = mailbox.comingBack.length === 0 ? 0 : this.runComingBack(activation, mailbox);
    const { nextLane } = mailbox;
    const passed = nextLane === 0 ? undefined : this.first(mailbox, nextLane);
    if (passed !== undefined) {
      if (isFree(activation, passed.operation)) {
        this.begin(activation, mailbox, passed);
        turns++;
      } else if (!waitsForItself(activation, passed.operation)) return turns;
    }
    for (let lane = 0; lane < LANES; lane++) {
      for (;;) {
        const waiting = this.first(mailbox, lane as Lane);
        if (waiting === undefined) break;
        const { operation } = waiting;
        if (!isFree(activation, operation)) {
          if (operation.lock === LOCK_ENTITY) return turns;
          if (!waitsForItself(activation, operation)) break;
          const more = this.runBehind(activation, mailbox, lane as Lane, turnsMax - turns);
          if (more < 0) return turns - more - 1;
          turns += more;
          break;
        }
        if (turns >= turnsMax || (turns > 0 && this.state.isShut())) {
          this.events.makeReady(activation);
          return turns;
        }
        this.begin(activation, mailbox, waiting);
        turns++;
      }
    }
    return turns;
  }

  /** The first of a lane for which somebody still waits. */
  private first(mailbox: Mailbox, lane: Lane): Waiting | undefined {
    for (;;) {
      const waiting = mailbox.first(lane);
      if (waiting === undefined || !this.isOver(mailbox, waiting)) return waiting;
    }
  }

  private isOver(mailbox: Mailbox, waiting: Waiting): boolean {
    if (waiting.deadline >= this.state.now) return false;
    mailbox.take(waiting);
    this.events.expired(waiting);
    return true;
  }

  private begin(activation: Activation, mailbox: Mailbox, waiting: Waiting): void {
    mailbox.begin(waiting);
    this.events.runWaiting(activation, waiting);
  }

  private runComingBack(activation: Activation, mailbox: Mailbox): number {
    let turns = 0;
    for (const waiting of mailbox.comingBack.slice(0, BACK_MAX)) {
      if (waiting.taken || this.isOver(mailbox, waiting)) continue;
      if (turns > 0 && this.state.isShut()) break;
      if (!reenters(activation, waiting.operation, waiting.chain, this.state.incarnation)) continue;
      if (isBehindItsOwn(mailbox, waiting)) continue;
      mailbox.take(waiting);
      this.events.runWaiting(activation, waiting);
      turns++;
    }
    return turns;
  }

  /**
   * Runs what stands behind a first one that waits for another turn of its own operation. Returns how many turns began, or -1 less when
   * something was found that holds back everything behind it, lower priorities included.
   */
  private runBehind(activation: Activation, mailbox: Mailbox, lane: Lane, turnsMax: number): number {
    const { passed } = this;
    passed.length = 0;
    let turns = 0;
    let looked = 0;
    for (const waiting of mailbox.in(lane)) {
      if (this.isOver(mailbox, waiting)) continue;
      if (++looked > LOOK_PAST_MAX) return turns;
      const { operation } = waiting;
      if (!isFree(activation, operation)) {
        if (!waitsForItself(activation, operation)) return operation.lock === LOCK_ENTITY ? -1 - turns : turns;
      } else if (!passed.includes(waiting.caller)) {
        if (turns >= turnsMax || this.state.isShut()) {
          this.events.makeReady(activation);
          return turns;
        }
        this.begin(activation, mailbox, waiting);
        turns++;
        continue;
      } else if (operation.lock === LOCK_ENTITY) return -1 - turns;
      passed.push(waiting.caller);
    }
    return turns;
  }
}

/** Whether a message of the same caller and priority waits in front: their order stays. */
export function isBehindItsOwn(mailbox: Mailbox, waiting: Waiting): boolean {
  for (const other of mailbox.in(waiting.lane)) {
    if (other === waiting) return false;
    if (other.caller === waiting.caller) return true;
  }
  return false;
}
