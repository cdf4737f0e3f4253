import type { ControlKey, ControlValue, Entry } from './control-record.ts';
import type { Instant } from './instant.ts';
import type { Out, StoreEffect, StoreEvent } from './machine.ts';

export interface Attempt {
  readonly value: ControlValue;
  readonly expected: number;
  /** Taken before the request left. */
  readonly sentAt: Instant;
  /** The highest revision that its writer had seen by then: the write has a higher one, or the store has lost something. */
  readonly above: number;
}

export type WriteVerdict =
  /** The attempt was applied, perhaps one before the last. */
  | { readonly kind: 'done'; readonly revision: number; readonly attempt: Attempt }
  /** Another's write stands, of a revision that no attempt of ours can follow. Ours was not applied, or is overwritten. */
  | { readonly kind: 'lost'; readonly entry: Entry }
  /** Not applied so far as anybody can tell. It still may be: write again on the same revision, and only one of the two will. */
  | { readonly kind: 'open' };

/** Attempts on one revision whose outcome is unknown. At the bound the oldest is forgotten, and would be taken for another's write. */
const OPEN_MAX = 16;

/**
 * Writes of one key by one writer, one at a time. After a time-out, and after a conflict, which may be the echo of an earlier attempt of
 * our own, it reads the key back and compares nonces before it says anything.
 */
export class KeyWriter {
  private readonly key: ControlKey;
  private readonly nextRequest: () => number;
  private request = 0;
  private open: Attempt[] = [];
  readBacks = 0;

  constructor(key: ControlKey, nextRequest: () => number) {
    this.key = key;
    this.nextRequest = nextRequest;
  }

  get busy(): boolean {
    return this.request !== 0;
  }

  /** Only when not busy. */
  write(attempt: Attempt, out: Out<StoreEffect>): void {
    if (this.open.length === OPEN_MAX || this.open.some(({ expected }) => expected !== attempt.expected)) {
      // What stood on an older revision can no longer be applied.
      this.open = this.open.filter(({ expected }) => expected === attempt.expected).slice(-(OPEN_MAX - 1));
    }
    this.open.push(attempt);
    this.request = this.nextRequest();
    const { expected, value } = attempt;
    out.push({ kind: 'cas', request: this.request, key: this.key, expected, value });
  }

  /** The verdict on the write under way, when the event brings it. */
  step(event: StoreEvent, out: Out<StoreEffect>): WriteVerdict | undefined {
    if (this.request === 0 || !('request' in event) || event.request !== this.request) return undefined;
    switch (event.kind) {
      case 'cas-done':
        return this.done(event.revision, this.open.at(-1)!);
      case 'cas-conflict':
        return this.readBack(out);
      case 'cas-unknown':
        return this.onUnknown(out);
      case 'read-failed':
        this.request = 0;
        return { kind: 'open' };
      case 'read-done':
        this.request = 0;
        return this.judge(event.entry);
    }
  }

  protected onUnknown(out: Out<StoreEffect>): WriteVerdict | undefined {
    return this.readBack(out);
  }

  protected lastAttempt(): Attempt {
    return this.open.at(-1)!;
  }

  protected done(revision: number, attempt: Attempt): WriteVerdict {
    this.request = 0;
    this.open = [];
    return { kind: 'done', revision, attempt };
  }

  private readBack(out: Out<StoreEffect>): undefined {
    this.readBacks++;
    this.request = this.nextRequest();
    out.push({ kind: 'read', request: this.request, key: this.key });
  }

  private judge(entry: Entry | undefined): WriteVerdict {
    if (entry === undefined) return { kind: 'open' };
    const ours = this.open.find(({ value }) => value.nonce === entry.value.nonce);
    if (ours !== undefined) return this.done(entry.revision, ours);
    // A lower revision is a stale read, the expected one says that nothing was applied yet.
    if (entry.revision <= this.lastAttempt().expected) return { kind: 'open' };
    this.open = [];
    return { kind: 'lost', entry };
  }
}
