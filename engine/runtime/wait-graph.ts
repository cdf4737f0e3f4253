import type { Lane } from '../../transport/link.ts';
import { ACTIVE, type Activation } from './activation.ts';
import { LOCK_ENTITY } from './catalogue.ts';
import { includes } from './chain.ts';
import { holdsBack, isFree, waitsForItself } from './locks.ts';
import type { Mailbox } from './mailbox.ts';
import type { OpenTurn } from './open-turn.ts';
import { LOOK_PAST_MAX } from './pump.ts';
import type { Waiting } from './waiting.ts';

/** What stands in front of one that waits is looked at so far; nearly always the first of it says everything. */
const AHEAD_MAX = 1024;

/**
 * The turns that one waits for: those that hold it back and are not of its own chain, and those that hold back what has to go before
 * it. The mirror image of `Pump`: whoever changes the order there changes it here.
 */
export function turnsBefore(activation: Activation, waiting: Waiting, incarnation: number): Set<OpenTurn> {
  const found = new Set<OpenTurn>();
  const { mailbox } = activation;
  if (mailbox === undefined) return found;
  if (activation.phase !== ACTIVE) {
    // A hook lets nobody through, its own chain neither.
    for (let turn = activation.turns; turn !== undefined; turn = turn.next) found.add(turn);
    return found;
  }
  const add = (one: Waiting): void => {
    for (let turn = activation.turns; turn !== undefined; turn = turn.next) {
      if (holdsBack(turn.operation, one.operation) && !includes(one.chain, incarnation, turn.lineage!.number)) {
        found.add(turn);
      }
    }
  };
  const addWithAhead = (one: Waiting): void => {
    add(one);
    if (found.size === activation.openTurns) return;
    for (const other of aheadOf(activation, mailbox, one)) add(other);
  };
  addWithAhead(waiting);
  if (waiting.comesBack) return found;
  for (let lane = 0; lane < waiting.lane; lane++) {
    const barrier = barrierOf(activation, mailbox, lane as Lane);
    if (barrier !== undefined) addWithAhead(barrier);
  }
  const { nextLane } = mailbox;
  const passed = nextLane > waiting.lane ? mailbox.first(nextLane) : undefined;
  if (passed !== undefined && !waitsForItself(activation, passed.operation)) add(passed);
  return found;
}

/** What has to go before one in its own lane. */
function aheadOf(activation: Activation, mailbox: Mailbox, waiting: Waiting): Waiting[] {
  const line: Waiting[] = [];
  for (const one of mailbox.in(waiting.lane)) {
    if (one === waiting || line.length === AHEAD_MAX) break;
    line.push(one);
  }
  const ahead: Waiting[] = [];
  const callers = new Set([waiting.caller]);
  // What comes back waits behind its own caller's messages only, but these may wait behind others.
  let isInLine = !waiting.comesBack;
  let isOutOfSight = isInLine && line.length >= LOOK_PAST_MAX;
  for (let i = line.length - 1; i >= 0; i--) {
    const one = line[i]!;
    const isBarrier =
      one.operation.lock === LOCK_ENTITY ||
      (!isFree(activation, one.operation) && !waitsForItself(activation, one.operation));
    if (!(isInLine && (isBarrier || isOutOfSight)) && !callers.has(one.caller)) continue;
    ahead.push(one);
    callers.add(one.caller);
    if (!one.comesBack) {
      isInLine = true;
      isOutOfSight ||= i >= LOOK_PAST_MAX;
    }
  }
  return ahead;
}

/** What holds lower priorities back: one that wants the whole entity, first in its lane or behind those that are looked past. */
function barrierOf(activation: Activation, mailbox: Mailbox, lane: Lane): Waiting | undefined {
  let looked = 0;
  for (const one of mailbox.in(lane)) {
    if (++looked > LOOK_PAST_MAX) return undefined;
    if (one.operation.lock === LOCK_ENTITY) return one;
    if (!isFree(activation, one.operation) && !waitsForItself(activation, one.operation)) return undefined;
  }
  return undefined;
}
