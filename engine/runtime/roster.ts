import type { EntityId } from '../base/entity-id.ts';
import type { Activation } from './activation.ts';
import type { EntityTypeEntry } from './catalogue.ts';
import type { ListCursor, ListPage } from './list-page.ts';
import { SHELF_BITS, shelfOfNumber } from './number-index.ts';
import { isInt32, Shelf } from './shelf.ts';

const SHELVES = 1 << SHELF_BITS;
/** 4096 slots, neighbours together: nodes own every so manieth slot, so each node's entities spread over all shelves. */
const SLOT_BITS_OF_A_SHELF = 4;

/** Activations that are found without their shelf, those with neighbouring numbers as ids side by side. */
const NEAR = 4096;
/** Between the places of two types. */
const NEAR_STRIDE = 1021;

/**
 * The activations of one node by type and id, on 256 shelves for each type: an index that grows is made anew while the node stands still,
 * and a hundredth of a big one is soon done. A place in a listing is a shelf and an order, which survives whatever comes and goes.
 */
export class Roster {
  private readonly shelves: (Shelf | undefined)[];
  /** The activation that was found last at each of these places: one load from far memory instead of three. */
  private readonly near: (Activation | undefined)[] = new Array(NEAR).fill(undefined);
  size = 0;

  constructor(types: number) {
    this.shelves = new Array(types << SHELF_BITS).fill(undefined);
  }

  find(type: EntityTypeEntry, id: EntityId, slot: number): Activation | undefined {
    if (typeof id !== 'number') return this.shelves[shelfOf(type, id, slot)]?.find(id);
    const place = nearOf(type, id);
    const near = this.near[place];
    if (near !== undefined && near.sourceId === id && near.type === type) return near;
    const found = this.shelves[shelfOf(type, id, slot)]?.find(id);
    if (found !== undefined) this.near[place] = found;
    return found;
  }

  add(activation: Activation): void {
    const at = shelfOf(activation.type, activation.id, activation.slot);
    let shelf = this.shelves[at];
    if (shelf === undefined) {
      shelf = new Shelf();
      this.shelves[at] = shelf;
    }
    shelf.add(activation);
    this.size++;
  }

  /** Whether it was there. */
  remove(activation: Activation): boolean {
    const { id, type } = activation;
    if (!this.shelves[shelfOf(type, id, activation.slot)]!.remove(activation)) return false;
    if (typeof id === 'number' && this.near[nearOf(type, id)] === activation) this.near[nearOf(type, id)] = undefined;
    this.size--;
    return true;
  }

  /**
   * A page of the live ids of a type. Whoever lives from the first page to the last is on exactly one of them, whatever comes and goes in
   * between. `next` is where the following page begins; undefined behind the last.
   */
  page(type: EntityTypeEntry, from: ListCursor, idsMax: number): ListPage {
    const ids: EntityId[] = [];
    let { order } = from;
    for (let { shelf } = from; shelf < SHELVES; shelf++, order = 0) {
      const next = this.shelves[(type.index << SHELF_BITS) | shelf]?.list(order, ids, idsMax);
      if (next !== undefined) return { ids, next: { shelf, order: next } };
    }
    return { ids };
  }

  /** All of them, one after the other; what comes or goes meanwhile may be met or not. */
  *walk(): Generator<Activation, undefined> {
    for (const shelf of this.shelves) if (shelf !== undefined) yield* shelf.walk();
    return undefined;
  }
}

const shelfOf = (type: EntityTypeEntry, id: EntityId, slot: number): number =>
  (type.index << SHELF_BITS) | (isInt32(id) ? shelfOfNumber(id) : slot >> SLOT_BITS_OF_A_SHELF);

const nearOf = (type: EntityTypeEntry, id: number): number => (id + type.index * NEAR_STRIDE) & (NEAR - 1);
