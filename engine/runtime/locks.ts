import { ACTIVE, type Activation } from './activation.ts';
import { LOCK_ENTITY, LOCK_METHOD, LOCK_NONE, type Operation } from './catalogue.ts';
import { type Chain, includes } from './chain.ts';
import type { OpenTurn } from './open-turn.ts';
import { Shares } from './shares.ts';

/**
 * The rule of locks: whether a turn that is open holds an operation back. Everything else about locks is how to find out quickly.
 *
 *                          wanted   none    none,     method   method,    entity   entity,
 *   open                            –       readOnly           readOnly            readOnly
 *   none                            –       –         –        –          waits    waits
 *   none, readOnly                  –       –         –        –          waits    –
 *   method (same operation)         –       –         waits    waits      waits    waits
 *   method, readOnly (same)         –       –         waits    waits      waits    –
 *   entity, readOnly                waits   –         waits    –          waits    –
 *   entity                          waits   waits     waits    waits      waits    waits
 */
export function holdsBack(open: Operation, wanted: Operation): boolean {
  if (open.lock === LOCK_ENTITY && !(open.readOnly && wanted.readOnly)) return true;
  if (wanted.lock === LOCK_ENTITY) return !(open.readOnly && wanted.readOnly);
  return wanted.lock === LOCK_METHOD && wanted.code === open.code;
}

/** Would the operation begin now if nothing waited? The same as that no open turn holds it back, without looking at each. */
export function isFree(activation: Activation, operation: Operation): boolean {
  if (activation.phase !== ACTIVE || activation.exclusive !== undefined) return false;
  const { shares } = activation;
  if (shares !== undefined && shares.readers > 0 && !operation.readOnly) return false;
  if (operation.lock === LOCK_NONE) return true;
  if (operation.lock === LOCK_ENTITY) {
    return operation.readOnly ? activation.openTurns === activation.openReadOnly : activation.openTurns === 0;
  }
  return shares === undefined || !shares.methods.has(operation.code);
}

/** An operation that is not free waits for another turn of its own, and for nothing else: others need not wait behind it. */
export function waitsForItself(activation: Activation, operation: Operation): boolean {
  if (operation.lock !== LOCK_METHOD || activation.exclusive !== undefined) return false;
  return operation.readOnly || activation.shares === undefined || activation.shares.readers === 0;
}

/**
 * Whether a call comes back to an entity that its own chain is at, and nobody outside of the chain holds it back. Two branches of one
 * chain keep each other out like strangers: only what waits for the call, directly or not, lets it through.
 */
export function reenters(activation: Activation, operation: Operation, chain: Chain, incarnation: number): boolean {
  let isBack = false;
  for (let turn = activation.turns; turn !== undefined; turn = turn.next) {
    if (includes(chain, incarnation, turn.lineage!.number)) isBack = true;
    else if (holdsBack(turn.operation, operation)) return false;
  }
  return isBack;
}

/** Whether a turn in the chain is open at the entity. */
export function comesBack(activation: Activation, chain: Chain, incarnation: number): boolean {
  for (let turn = activation.turns; turn !== undefined; turn = turn.next) {
    if (includes(chain, incarnation, turn.lineage!.number)) return true;
  }
  return false;
}

/** A turn that has just begun takes what its operation locks. */
export function acquire(activation: Activation, turn: OpenTurn): void {
  const { operation } = turn;
  if (operation.lock === LOCK_ENTITY && !operation.readOnly) {
    turn.isFollowed = activation.openTurns > 1;
    turn.outer = activation.exclusive;
    activation.exclusive = turn;
    return;
  }
  activation.shares ??= new Shares();
  const { shares } = activation;
  if (operation.lock === LOCK_ENTITY) shares.readers++;
  else shares.methods.set(operation.code, (shares.methods.get(operation.code) ?? 0) + 1);
}

/** The turn has ended. */
export function release(activation: Activation, turn: OpenTurn): void {
  const { operation } = turn;
  if (operation.lock === LOCK_ENTITY && !operation.readOnly) {
    if (activation.exclusive === turn) activation.exclusive = turn.outer;
    else {
      // It did not wait for the call that came back and holds the entity as well.
      let inner = activation.exclusive;
      while (inner !== undefined && inner.outer !== turn) inner = inner.outer;
      if (inner !== undefined) inner.outer = turn.outer;
    }
    turn.outer = undefined;
    turn.isFollowed = true;
    return;
  }
  const shares = activation.shares!;
  if (operation.lock === LOCK_ENTITY) shares.readers--;
  else {
    const count = shares.methods.get(operation.code)! - 1;
    if (count === 0) shares.methods.delete(operation.code);
    else shares.methods.set(operation.code, count);
  }
}
