import { Lineage } from './chain.ts';
import { ENGINE_OPERATIONS } from './engine-operations.ts';
import type { Turn } from './turn.ts';

/** The turns of a node that have begun and not ended, each in the list of its activation as well; only in games with locks. */
export class TurnLedger {
  /** In no order. */
  readonly all: Turn[] = [];
  private numbers = 0;

  add(turn: Turn): void {
    this.numbers = (this.numbers + 1) | 0;
    // A hook, and a destroy with one, keep everybody waiting at any entity.
    const { hasLocks } = turn.activation.type;
    turn.lineage = new Lineage(this.numbers, turn, hasLocks || turn.operation.code >= ENGINE_OPERATIONS);
    turn.place = this.all.length;
    this.all.push(turn);
    const { activation } = turn;
    const first = activation.turns;
    turn.next = first;
    if (first !== undefined) first.previous = turn;
    activation.turns = turn;
  }

  remove(turn: Turn): void {
    const last = this.all.pop()!;
    if (last !== turn) {
      this.all[turn.place] = last;
      last.place = turn.place;
    }
    const { previous, next } = turn;
    if (previous === undefined) turn.activation.turns = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    turn.previous = undefined;
    turn.next = undefined;
    turn.lineage!.turn = undefined;
    turn.lineage = undefined;
  }
}
