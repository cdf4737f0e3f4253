/** Something that happens at a time; made by its owner, kept in a wheel by intrusive links. */
export abstract class Timer {
  /** Milliseconds on the wheel's clock. */
  due = 0;
  /** Internal to the wheel. */
  $next: Timer | undefined = undefined;
  $previous: Timer | undefined = undefined;
  $list: TimerList | undefined = undefined;

  abstract fire(now: number): void;

  get scheduled(): boolean {
    return this.$list !== undefined;
  }
}

/** First in, first out: what is due in the same millisecond after equal waits fires in the order of adding. */
class TimerList {
  first: Timer | undefined = undefined;
  private last: Timer | undefined = undefined;

  add(timer: Timer): void {
    timer.$list = this;
    timer.$next = undefined;
    timer.$previous = this.last;
    if (this.last !== undefined) this.last.$next = timer;
    else this.first = timer;
    this.last = timer;
  }

  remove(timer: Timer): void {
    if (timer.$previous === undefined) this.first = timer.$next;
    else timer.$previous.$next = timer.$next;
    if (timer.$next === undefined) this.last = timer.$previous;
    else timer.$next.$previous = timer.$previous;
    timer.$next = undefined;
    timer.$previous = undefined;
    timer.$list = undefined;
  }

  /** Empties the list and returns what was its first timer, still chained to the others. */
  takeAll(): Timer | undefined {
    const { first } = this;
    this.first = undefined;
    this.last = undefined;
    return first;
  }
}

const SLOT_BITS = 8;
const SLOTS = 1 << SLOT_BITS;
const LEVELS = 4;

/**
 * A hierarchical timing wheel, one millisecond a step: levels of 256 slots cover 256 ms, 65 s, 4.6 h and 49 days; what is further
 * away waits on the last level and is looked at again. Adding, removing and firing are O(1), however many timers there are.
 */
export class TimingWheel {
  private readonly levels: TimerList[][];
  /** The millisecond up to which everything has fired. */
  private tick: number;
  private readonly added: () => void;
  private readonly isShut: (() => boolean) | undefined;
  /** Nothing fires before; looked for again once it has passed. A removed timer leaves it too early, which is harmless. */
  private bound = 0;
  size = 0;

  /** `added` hears of every timer that is added: whoever sleeps until `nextDue` looks again. `isShut` is asked before each one fires, but the first. */
  constructor(now: number, added: () => void = () => {}, isShut?: () => boolean) {
    this.added = added;
    this.isShut = isShut;
    this.tick = Math.floor(now);
    this.levels = Array.from({ length: LEVELS }, () => Array.from({ length: SLOTS }, () => new TimerList()));
  }

  add(timer: Timer, due: number): void {
    if (timer.$list !== undefined) this.remove(timer);
    timer.due = due;
    this.place(timer);
    this.size++;
    this.bound = Math.min(this.bound, Math.max(Math.ceil(due), this.tick + 1));
    this.added();
  }

  remove(timer: Timer): void {
    if (timer.$list === undefined) return;
    timer.$list.remove(timer);
    this.size--;
  }

  /** Fires what is due at `now`, in steps of a millisecond; returns how many. A timer fires never early and at most a step late. */
  advance(now: number): number {
    const target = Math.floor(now);
    if (target <= this.tick) return 0;
    if (this.size === 0) {
      this.tick = target;
      return 0;
    }
    let fired = 0;
    while (this.tick < target) {
      // A node that slept long, for a timer far away, must not go through every millisecond of it.
      if ((this.tick & (SLOTS - 1)) === SLOTS - 1 && target - this.tick > SLOTS) {
        this.tick = Math.min(target, this.searchNextDue()) - 1;
      }
      const tick = ++this.tick;
      if ((tick & (SLOTS - 1)) === 0) this.cascade(tick);
      const list = this.levels[0]![tick & (SLOTS - 1)]!;
      for (let timer = list.first; timer !== undefined; timer = list.first) {
        if (fired > 0 && this.isShut?.() === true) {
          // The rest of this step is for the next time.
          this.tick = tick - 1;
          return fired;
        }
        list.remove(timer);
        this.size--;
        fired++;
        timer.fire(now);
      }
      if (this.size === 0) {
        this.tick = target;
        break;
      }
    }
    return fired;
  }

  /** A time before which nothing fires: exact within the first level, a lower bound beyond; Infinity when empty. */
  nextDue(): number {
    if (this.size === 0) return Number.POSITIVE_INFINITY;
    if (this.bound <= this.tick) this.bound = this.searchNextDue();
    return this.bound;
  }

  /** The first step at which something fires, or moves down a level. */
  private searchNextDue(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (let level = 0; level < LEVELS; level++) {
      const unit = 2 ** (level * SLOT_BITS);
      const position = Math.floor(this.tick / unit);
      const lists = this.levels[level]!;
      for (let step = 1; step <= SLOTS; step++) {
        if (lists[(position + step) & (SLOTS - 1)]!.first === undefined) continue;
        earliest = Math.min(earliest, (position + step) * unit);
        break;
      }
    }
    return earliest;
  }

  private place(timer: Timer): void {
    // A timer of step n fires when the clock has reached n, so that it is never early; what is due already fires with the next step.
    const due = Math.max(Math.ceil(timer.due), this.tick + 1);
    let distance = due - this.tick;
    let level = 0;
    while (distance >= SLOTS && level < LEVELS - 1) {
      distance = Math.floor(distance / SLOTS);
      level++;
    }
    const step =
      distance >= SLOTS
        ? Math.floor(this.tick / 2 ** (level * SLOT_BITS)) + SLOTS - 1
        : Math.floor(due / 2 ** (level * SLOT_BITS));
    this.levels[level]![step & (SLOTS - 1)]!.add(timer);
  }

  /** Moves the timers of the round that begins at `tick` down to where they now belong. */
  private cascade(tick: number): void {
    for (let level = 1; level < LEVELS; level++) {
      const position = Math.floor(tick / 2 ** (level * SLOT_BITS));
      const list = this.levels[level]![position & (SLOTS - 1)]!;
      let timer = list.takeAll();
      while (timer !== undefined) {
        const next: Timer | undefined = timer.$next;
        timer.$list = undefined;
        timer.$next = undefined;
        timer.$previous = undefined;
        this.placeDown(timer, tick);
        timer = next;
      }
      if ((position & (SLOTS - 1)) !== 0) break;
    }
  }

  private placeDown(timer: Timer, tick: number): void {
    // During a cascade the current step has not fired yet: a timer due now belongs into it.
    const due = Math.max(Math.ceil(timer.due), tick);
    if (due === tick) this.levels[0]![tick & (SLOTS - 1)]!.add(timer);
    else this.place(timer);
  }
}
