import test from 'ava';
import * as fc from 'fast-check';
import { ACTIVE, type Activation } from './activation.ts';
import type { Operation } from './catalogue.ts';
import { type Chain, NO_CHAIN } from './chain.ts';
import { acquire, comesBack, holdsBack, isFree, reenters, release, waitsForItself } from './locks.ts';
import type { Turn } from './turn.ts';
import { TurnLedger } from './turn-ledger.ts';

const LOCKS = ['none', 'method', 'entity'] as const;
const HERE = 7;
const ELSEWHERE = 8;

/** Every kind of operation, two of each: the lock of a method is one of it alone. */
const OPERATIONS = LOCKS.flatMap((name, lock) =>
  [false, true].flatMap((readOnly) =>
    [0, 1].map((nth) => ({ name: `${name}${readOnly ? ', read-only' : ''} ${nth}`, lock, readOnly })),
  ),
).map((operation, code) => ({ ...operation, code }) as unknown as Operation);

/** The table of docs/locks.md, written down once more and in other words. */
function mayRunTogether(open: Operation, wanted: Operation): boolean {
  const locks = [LOCKS[open.lock], LOCKS[wanted.lock]];
  if (locks.includes('entity')) return open.readOnly && wanted.readOnly;
  return open !== wanted || locks[0] === 'none';
}

/** An entity with its turns, by the rules and as the engine keeps it. */
class Entity {
  readonly turns: Turn[] = [];
  readonly activation = { phase: ACTIVE, openTurns: 0, openReadOnly: 0, type: { hasLocks: true } } as Activation;
  private readonly ledger = new TurnLedger();

  begin(operation: Operation): void {
    const turn = { activation: this.activation, operation, isFollowed: true } as Turn;
    this.activation.openTurns++;
    this.ledger.add(turn);
    if (operation.readOnly) this.activation.openReadOnly++;
    if (operation.lock !== 0) acquire(this.activation, turn);
    this.turns.push(turn);
  }

  end(nth: number): void {
    const [turn] = this.turns.splice(nth, 1) as [Turn];
    this.activation.openTurns--;
    if (turn.operation.readOnly) this.activation.openReadOnly--;
    if (turn.operation.lock !== 0) release(this.activation, turn);
    this.ledger.remove(turn);
  }

  /** A chain with some of the open turns, and turns of another node with the same numbers. */
  chainOf(members: readonly number[]): Chain {
    const numbers = members.flatMap((nth) => this.turns[nth]?.lineage?.number ?? []);
    return Int32Array.from(numbers.flatMap((number) => [ELSEWHERE, number + 1, HERE, number]));
  }
}

const step = fc.oneof(
  fc.record({
    begin: fc.constantFrom(...OPERATIONS),
    /** Open turns that the call comes from, by place. */
    from: fc.array(fc.nat(4), { maxLength: 3 }),
  }),
  fc.record({ end: fc.nat(6) }),
);

test('what may begin is what the rule says, whatever is open and wherever the call comes from', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const entity = new Entity();
      const { activation, turns } = entity;
      for (const one of steps) {
        if ('end' in one) {
          if (turns.length > 0) entity.end(one.end % turns.length);
          continue;
        }
        const { begin: wanted, from } = one;
        const chain = entity.chainOf(from);
        const isIn = (turn: Turn): boolean => from.some((nth) => turns[nth] === turn);
        const strangers = turns.filter((turn) => !isIn(turn));
        const free = turns.every((turn) => mayRunTogether(turn.operation, wanted));
        const let_in = turns.some(isIn) && strangers.every((turn) => mayRunTogether(turn.operation, wanted));

        for (const turn of turns) {
          t.is(holdsBack(turn.operation, wanted), !mayRunTogether(turn.operation, wanted), wanted.name);
        }
        t.is(isFree(activation, wanted), free, `${wanted.name} among ${turns.map((turn) => turn.operation.name)}`);
        t.is(reenters(activation, wanted, chain, HERE), let_in);
        t.is(comesBack(activation, chain, HERE), turns.some(isIn));
        t.false(reenters(activation, wanted, NO_CHAIN, HERE));
        const others = turns.filter((turn) => turn.operation !== wanted);
        const onlyItself =
          LOCKS[wanted.lock] === 'method' &&
          others.every(
            (turn) => LOCKS[turn.operation.lock] !== 'entity' || (turn.operation.readOnly && wanted.readOnly),
          );
        t.is(waitsForItself(activation, wanted), onlyItself);
        if (free || let_in) entity.begin(wanted);
      }
      while (turns.length > 0) entity.end(0);
      t.is(activation.turns, undefined);
      t.is(activation.exclusive, undefined);
      t.is(activation.shares?.readers ?? 0, 0);
      t.is(activation.shares?.methods.size ?? 0, 0);
    }),
    { numRuns: 500 },
  );
});
