/** How much of the past counts: what is older fades, in milliseconds. */
const MEMORY_MS = 250;
/** So long, taking so many frames, and so often the reader must have been seen at work lately for its speed to be known. */
const EVIDENCE_MS = 50;
const EVIDENCE_FRAMES = 16;
const EVIDENCE_LOOKS = 2.5;
/** A reader that takes nothing for longer stands still; that says nothing about how fast it goes when it goes on. */
const STALL_MS = 100;
/** So often, in milliseconds, it is noted how far the frames have come, and so many notes are kept: more than anybody should wait. */
const MARK_MS = 40;
const MARKS_MAX = 50;

/**
 * How long frames of one lane wait for their reader, and how fast it takes them while it has more of them than it can take. Told now
 * and then what was taken and what waits; between two looks counts only what was there at the first of them, so a reader that had nothing to do does not seem slow.
 */
export class DrainRate {
  /** Frames taken, in so many milliseconds of work; both fade. */
  private frames = 0;
  private ms = 0;
  private looks = 0;
  private at = 0;
  private taken = 0;
  private waiting = 0;
  /** It has taken some since there was nothing to take. */
  private isUnderWay = false;
  /** Frames that were the last to wait at some look, by their count, and when that was; the first not taken yet. Made on first need. */
  private marks: Mark[] | undefined = undefined;
  private headAgeMs = 0;

  /** Between two looks, when the reader may not see all yet that waits. */
  glance(now: number, taken: number): void {
    this.look(now, taken, Math.max(0, this.waiting - ((taken - this.taken) | 0)));
  }

  /** `now` in milliseconds; `taken` wraps at 2^32, `waiting` frames are not taken yet, and the reader can see them. */
  look(now: number, taken: number, waiting: number): void {
    this.follow(now, taken, waiting);
    const count = (taken - this.taken) | 0;
    // It is in the middle of something: what that takes is known when it is done.
    if (count === 0 && this.waiting > 0 && waiting > 0) return;
    const ms = now - this.at;
    const kept = MEMORY_MS / (MEMORY_MS + ms);
    this.frames *= kept;
    this.ms *= kept;
    this.looks *= kept;
    // The first that are taken tell how long the way is and how long it takes to wake up, not how fast it goes.
    if (count > 0 && count < this.waiting && this.isUnderWay) {
      this.frames += count;
      this.ms += Math.min(ms, STALL_MS);
      this.looks++;
    }
    this.isUnderWay = waiting > 0 && (this.isUnderWay || count > 0);
    this.at = now;
    this.taken = taken;
    this.waiting = waiting;
  }

  /**
   * In how many milliseconds so many frames will have been taken, as far as is known. Not less than the first of them has waited already: a
   * reader that throws away what came too late is fast, and helps nobody.
   */
  msFor(frames: number): number {
    if (this.ms < EVIDENCE_MS || this.frames < EVIDENCE_FRAMES || this.looks < EVIDENCE_LOOKS) {
      return this.headAgeMs;
    }
    return Math.max(this.headAgeMs, (frames * this.ms) / this.frames);
  }

  private follow(now: number, taken: number, waiting: number): void {
    if (waiting === 0 && this.marks === undefined) return;
    this.marks ??= [];
    const { marks } = this;
    let passed = 0;
    while (passed < marks.length && ((taken - marks[passed]!.count) | 0) >= 0) passed++;
    if (passed > 0) marks.splice(0, passed);
    this.headAgeMs = marks.length === 0 ? 0 : now - marks[0]!.at;
    if (waiting === 0) return;
    const count = (taken + waiting) | 0;
    const last = marks.at(-1);
    if (last === undefined || (marks.length < MARKS_MAX && now - last.at >= MARK_MS && count !== last.count)) {
      marks.push({ count, at: now });
    }
  }
}

interface Mark {
  readonly count: number;
  readonly at: number;
}
