import { Alarm } from '../alarm.ts';
import type { NodeState } from '../node-state.ts';
import type { SlotFinder, Waker, Woken } from './due-index.ts';
import { entityOfKey, PARCELS_PREFIX } from './record-key.ts';
import type { StoreCalls } from './store-calls.ts';

/** Keys read at a time. */
const KEYS_MAX = 16_384;
/** Entities that are activated at the same time. */
const WAKING_MAX = 256;
/** Until it looks again for those that could not be activated, at first and at most. */
const AGAIN_MS_MIN = 1_000;
const AGAIN_MS_MAX = 60_000;

/**
 * Brings entities to memory whose records have parcels: after a start, when slots have come here, and when one was lost from memory that had
 * some. Who is in memory delivers its parcels itself, and stays there until it is through.
 */
export class ParcelWatch {
  private readonly state: NodeState;
  private readonly store: StoreCalls;
  private readonly waker: Waker;
  private readonly finder: SlotFinder;
  private readonly alarm: Alarm;
  private againMs = AGAIN_MS_MIN;
  private isLooking = false;
  /** Somebody asked for it while it was looking. */
  private isWanted = false;
  private isStarted = false;
  private isStopped = false;
  /** Those that were here when it looked last, each with its epoch. */
  private slots = new Map<number, number>();

  constructor(state: NodeState, store: StoreCalls, waker: Waker, finder: SlotFinder) {
    this.state = state;
    this.store = store;
    this.waker = waker;
    this.finder = finder;
    this.alarm = new Alarm(() => this.look());
  }

  /** Only the first time. */
  start(): void {
    if (this.isStarted) return;
    this.isStarted = true;
    this.slots = this.ownSlots();
    this.look();
  }

  /** Some may be here that were not. */
  slotsChanged(): void {
    const before = this.slots;
    this.slots = this.ownSlots();
    for (const [slot, epoch] of this.slots) {
      if (before.get(slot) === epoch) continue;
      this.soon();
      return;
    }
  }

  /** Some may have been lost from memory, or have come here. */
  soon(): void {
    if (this.isStopped || this.alarm.scheduled) return;
    this.state.wheel.add(this.alarm, this.state.clock.now() + this.againMs);
  }

  stop(): void {
    this.isStopped = true;
    this.state.wheel.remove(this.alarm);
  }

  private look(): void {
    if (this.isStopped) return;
    if (this.isLooking) this.isWanted = true;
    else void this.lookAtAll();
  }

  private ownSlots(): Map<number, number> {
    const { router, index } = this.state;
    const own = new Map<number, number>();
    for (let slot = 0; slot < router.slots; slot++) {
      if (router.ownerOf(slot) === index) own.set(slot, router.epochOf(slot));
    }
    return own;
  }

  private async lookAtAll(): Promise<void> {
    // The gateway's node, and that of the store.
    if (this.slots.size === 0) return;
    this.isLooking = true;
    let isAnyLeft = false;
    try {
      for (let after = ''; !this.isStopped; ) {
        const keys = await this.store.keys(PARCELS_PREFIX, after, KEYS_MAX);
        for (let from = 0; from < keys.length; from += WAKING_MAX) {
          const woken = await Promise.all(keys.slice(from, from + WAKING_MAX).map((key) => this.wake(key)));
          isAnyLeft ||= woken.some((one) => one === 'failed' || one === 'leaving');
        }
        if (keys.length < KEYS_MAX) break;
        after = keys.at(-1)!;
      }
    } catch (error) {
      isAnyLeft = true;
      this.state.log.warn({ err: error }, 'messages of entities that are not in memory wait');
    }
    this.isLooking = false;
    if (isAnyLeft || this.isWanted) this.soon();
    this.isWanted = false;
    this.againMs = isAnyLeft ? Math.min(this.againMs * 2, AGAIN_MS_MAX) : AGAIN_MS_MIN;
  }

  private wake(key: string): Promise<Woken> | undefined {
    const entity = entityOfKey(key.slice(PARCELS_PREFIX.length));
    const { catalogue, router, index } = this.state;
    const type = catalogue.entityTypes.find(({ name, persistent }) => persistent && name === entity?.type);
    if (entity === undefined || type === undefined) return undefined;
    const slot = this.finder.slotFor(type, entity.id);
    if (router.ownerOf(slot) !== index) return undefined;
    return new Promise((resolve) => this.waker.wake(type, entity.id, slot, resolve));
  }
}
