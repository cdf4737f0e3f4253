import type { EntityId } from '../base/entity-id.ts';
import type { Activation } from './activation.ts';
import { NumberIndex } from './number-index.ts';

/** Gaps that are not worth closing. */
const GAPS_MIN = 32;

/**
 * Some of the activations of one type, in the order of their making, and where each of them stands. Who leaves leaves a gap; when half
 * of the places are gaps, the others move together. So a place is only for now, and an order for good.
 */
export class Shelf {
  /** Undefined is a gap. */
  private all: (Activation | undefined)[] = [];
  /** By place; ascending. Undefined until they first move together: each place is its own order then. */
  private orders: number[] | undefined = undefined;
  private made = 0;
  private readonly numbers = new NumberIndex();
  /** Places of ids that are no int32. */
  private others: Map<EntityId, number> | undefined = undefined;
  private size = 0;
  /** How often they moved together. */
  private moves = 0;

  find(id: EntityId): Activation | undefined {
    const place = this.placeOf(id);
    return place < 0 ? undefined : this.all[place];
  }

  add(activation: Activation): void {
    this.enter(activation.id, this.all.length);
    this.all.push(activation);
    this.orders?.push(this.made);
    this.made++;
    this.size++;
  }

  /** False when it is not here any more. */
  remove(activation: Activation): boolean {
    const { id } = activation;
    const place = this.placeOf(id);
    if (place < 0 || this.all[place] !== activation) return false;
    if (isInt32(id)) this.numbers.delete(id);
    else this.others!.delete(id);
    this.all[place] = undefined;
    this.size--;
    const gaps = this.all.length - this.size;
    if (gaps > GAPS_MIN && gaps > this.size) this.moveTogether();
    return true;
  }

  /** Adds the ids from this order on to `ids`, up to `idsMax` in all. The order to go on from when there may be more, else undefined. */
  list(from: number, ids: EntityId[], idsMax: number): number | undefined {
    for (let place = this.placeFrom(from); place < this.all.length; place++) {
      const one = this.all[place];
      if (one === undefined) continue;
      ids.push(one.id);
      if (ids.length >= idsMax) return this.orderOf(place) + 1;
    }
    return undefined;
  }

  /** Everybody who is there from the beginning to the end, and some of those who are not. */
  *walk(): Generator<Activation, undefined> {
    let { moves } = this;
    for (let place = 0; place < this.all.length; place++) {
      const one = this.all[place];
      if (one === undefined) continue;
      const order = this.orderOf(place);
      yield one;
      if (moves === this.moves) continue;
      moves = this.moves;
      place = this.placeFrom(order + 1) - 1;
    }
    return undefined;
  }

  private placeOf(id: EntityId): number {
    return isInt32(id) ? this.numbers.placeOf(id) : (this.others?.get(id) ?? -1);
  }

  private enter(id: EntityId, place: number): void {
    if (isInt32(id)) {
      this.numbers.add(id, place);
      return;
    }
    this.others ??= new Map();
    this.others.set(id, place);
  }

  private orderOf(place: number): number {
    return this.orders === undefined ? place : this.orders[place]!;
  }

  /** The first place of this order or a later one. */
  private placeFrom(order: number): number {
    const { orders } = this;
    if (orders === undefined) return order;
    let low = 0;
    let high = orders.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (orders[middle]! >= order) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private moveTogether(): void {
    const { all } = this;
    const present: Activation[] = [];
    const orders: number[] = [];
    this.numbers.clear(this.size);
    for (let place = 0; place < all.length; place++) {
      const one = all[place];
      if (one === undefined) continue;
      this.enter(one.id, present.length);
      present.push(one);
      orders.push(this.orderOf(place));
    }
    this.all = present;
    this.orders = orders;
    this.moves++;
  }
}

export const isInt32 = (id: EntityId): id is number => typeof id === 'number' && (id | 0) === id;
