import type { Lineage } from './chain.ts';

const NONE = -1;

/**
 * Which turn each pending call was made in: the edges from turns to calls in the graph of who waits for
 * whom. A doubly linked list for each turn, through arrays that run parallel to those of `PendingCalls`. Only in games with locks.
 */
export class TurnCalls {
  private readonly owners: (Lineage | undefined)[] = [];
  private readonly ids: number[] = [];
  private readonly later: number[] = [];
  private readonly earlier: number[] = [];

  /** A call with this place among the pending ones, made in a turn. */
  add(index: number, id: number, owner: Lineage): void {
    while (this.owners.length <= index) {
      this.owners.push(undefined);
      this.ids.push(0);
      this.later.push(NONE);
      this.earlier.push(NONE);
    }
    const latest = owner.latestCall;
    this.owners[index] = owner;
    this.ids[index] = id;
    this.later[index] = NONE;
    this.earlier[index] = latest;
    if (latest !== NONE) this.later[latest] = index;
    owner.latestCall = index;
  }

  /** The call has ended. */
  remove(index: number): void {
    const owner = this.owners[index];
    if (owner === undefined) return;
    this.owners[index] = undefined;
    const later = this.later[index]!;
    const earlier = this.earlier[index]!;
    if (later === NONE) owner.latestCall = earlier;
    else this.earlier[later] = earlier;
    if (earlier !== NONE) this.later[earlier] = later;
  }

  /** The calls of a turn that still wait, the latest first. */
  visit(owner: Lineage, call: (id: number) => void): void {
    for (let index = owner.latestCall; index !== NONE; index = this.earlier[index]!) {
      call(this.ids[index]!);
    }
  }
}
