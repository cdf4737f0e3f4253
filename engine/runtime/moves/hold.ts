import { LANES } from '../../../transport/link.ts';

/** A slot whose owner did not take a message is tried again after this, twice that, and so on. */
const RETRY_MS = 4;
const RETRY_MS_MAX = 128;
/** A slot that has not sent anything back for so long is in order again. */
export const TROUBLE_MS = 1000;

/** Of one bit for each lane. */
export const ALL_LANES = (1 << LANES) - 1;

/** No peer. */
export const NONE = -1;

/** A slot that messages of this thread do not go straight to, or did not a moment ago. */
export class Hold {
  readonly slot: number;
  /** New messages wait. */
  isHeld = false;
  /** The peer that has messages of ours which it may still send back; NONE when nobody has. */
  last = NONE;
  /** Lanes, as bits: to be synced with that peer; asked for and not answered; answered, with nothing sent since. */
  wanted = 0;
  syncing = 0;
  synced = 0;
  /** By lane, of the sync that is asked for. */
  readonly numbers = [0, 0, 0];
  /** The epoch whose owner sent something back: not before `retryAt` to that one again. */
  bouncedIn = 0;
  retryAt = 0;
  /** When something last came back, and since when it has again and again. */
  bouncedAt = Number.NEGATIVE_INFINITY;
  troubledSince = 0;
  private retryMs = RETRY_MS;

  constructor(slot: number) {
    this.slot = slot;
  }

  /** The peer that has the last messages is to be asked on all lanes on which it was not since. */
  syncAll(): void {
    this.wanted = ALL_LANES & ~this.synced & ~this.syncing;
  }

  /** A lane is synced. With all of them are, nothing of ours can come back any more. */
  answered(bits: number): void {
    this.syncing &= ~bits;
    this.synced |= bits;
    if (this.synced === ALL_LANES) this.last = NONE;
  }

  /** Whatever the peer had will not come back from there. */
  settle(): void {
    this.wanted = 0;
    this.syncing = 0;
    this.synced = 0;
    this.last = NONE;
  }

  /** It is held, again or anew. */
  begin(now: number): void {
    if (now - this.bouncedAt > TROUBLE_MS) this.troubledSince = now;
  }

  /** The owner of this epoch did not take something: the first time since the last try. */
  backOff(now: number): void {
    const isNew = now - this.bouncedAt > TROUBLE_MS;
    this.retryMs = isNew ? RETRY_MS : Math.min(this.retryMs * 2, RETRY_MS_MAX);
    this.bouncedAt = now;
    this.retryAt = now + this.retryMs;
  }

  /** Nothing has to be remembered of it. */
  isOver(now: number): boolean {
    return !this.isHeld && now - this.bouncedAt > TROUBLE_MS;
  }
}
