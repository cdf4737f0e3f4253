import type { EntityId } from '../base/entity-id.ts';
import type { Activation } from './activation.ts';
import type { EntityTypeEntry } from './catalogue.ts';
import type { ListCursor, ListPage } from './list-page.ts';

const SHARD_BITS = 8;
const SHARDS = 1 << SHARD_BITS;
/** 4096 slots, neighbours together: nodes own every so manieth slot, so each node's entities spread over all shards. */
const SLOT_BITS_OF_A_SHARD = 4;

/** Activations that are found without their map, those with neighbouring numbers as ids side by side. */
const NEAR = 4096;
/** Between the places of two types. */
const NEAR_STRIDE = 1021;

/** The one listing that went on last, so that its next page need not look for its place. */
interface Bookmark extends ListCursor {
  readonly rest: Iterator<Activation, undefined>;
}

/**
 * The activations of one node by type and id. Sharded by slot: a map that grows is hashed anew while the node stands still, and a
 * hundredth of a big one is soon done. Within a shard activations stand in the order of their making, so that a place among
 * them is a number that survives whatever comes and goes.
 */
export class Roster {
  private readonly shards: (Map<EntityId, Activation> | undefined)[];
  /** The activation that was found last at each of these places. A map costs three loads from far memory, an array one. */
  private readonly near: (Activation | undefined)[] = new Array(NEAR).fill(undefined);
  private made = 0;
  private readonly bookmarks: (Bookmark | undefined)[];
  size = 0;

  constructor(types: number) {
    this.shards = new Array(types << SHARD_BITS).fill(undefined);
    this.bookmarks = new Array(types).fill(undefined);
  }

  find(type: EntityTypeEntry, id: EntityId, slot: number): Activation | undefined {
    if (typeof id !== 'number') return this.shards[shardOf(type, slot)]?.get(id);
    const place = nearOf(type, id);
    const near = this.near[place];
    if (near !== undefined && near.sourceId === id && near.type === type) return near;
    const found = this.shards[shardOf(type, slot)]?.get(id);
    if (found !== undefined) this.near[place] = found;
    return found;
  }

  add(activation: Activation): void {
    const at = shardOf(activation.type, activation.slot);
    activation.order = ++this.made;
    let shard = this.shards[at];
    if (shard === undefined) {
      shard = new Map();
      this.shards[at] = shard;
    }
    shard.set(activation.id, activation);
    this.size++;
  }

  remove(activation: Activation): void {
    const { id, type } = activation;
    this.shards[shardOf(type, activation.slot)]!.delete(id);
    if (typeof id === 'number' && this.near[nearOf(type, id)] === activation) this.near[nearOf(type, id)] = undefined;
    this.size--;
  }

  /**
   * A page of the live ids of a type. Whoever lives from the first page to the last is on exactly one of them, whatever comes and goes in
   * between. `next` is where the following page begins; undefined behind the last.
   */
  page(type: EntityTypeEntry, from: ListCursor, idsMax: number): ListPage {
    const ids: EntityId[] = [];
    const bookmark = this.bookmarks[type.index];
    this.bookmarks[type.index] = undefined;
    let { order } = from;
    for (let shard = from.shard; shard < SHARDS; shard++, order = 0) {
      const entries = this.shards[(type.index << SHARD_BITS) | shard];
      if (entries === undefined || entries.size === 0) continue;
      const isMarked = bookmark !== undefined && bookmark.shard === shard && bookmark.order === order;
      const rest: Iterator<Activation, undefined> = isMarked ? bookmark.rest : entries.values();
      for (let one = rest.next().value; one !== undefined; one = rest.next().value) {
        if (one.order <= order) continue;
        ids.push(one.id);
        if (ids.length < idsMax) continue;
        const next = { shard, order: one.order };
        this.bookmarks[type.index] = { ...next, rest };
        return { ids, next };
      }
    }
    return { ids };
  }

  /** All of them, one after the other; what comes or goes meanwhile may be met or not. */
  *walk(): Generator<Activation, undefined> {
    for (const shard of this.shards) if (shard !== undefined) yield* shard.values();
    return undefined;
  }
}

const shardOf = (type: EntityTypeEntry, slot: number): number =>
  (type.index << SHARD_BITS) | (slot >> SLOT_BITS_OF_A_SHARD);

const nearOf = (type: EntityTypeEntry, id: number): number => (id + type.index * NEAR_STRIDE) & (NEAR - 1);
