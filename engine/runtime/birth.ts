import type { EngineError } from '../base/errors.ts';
import type { Alarm } from './alarm.ts';

/** What there is to know of an activation only while it comes to life, or once it could not. */
export class Birth {
  /** Why it could not be activated. */
  failure: EngineError | undefined = undefined;
  /** Rings when an asynchronous `onActivate` has taken too long. */
  alarm: Alarm | undefined = undefined;
  /** Its record is being loaded: whether there is one is not known yet. */
  isLoading = false;
  /** It was to be created, and its record was there. */
  existed = false;
  private readonly callbacks: ((failure: EngineError | undefined) => void)[] = [];

  whenSettled(callback: (failure: EngineError | undefined) => void): void {
    this.callbacks.push(callback);
  }

  settle(): void {
    for (const callback of this.callbacks.splice(0)) callback(this.failure);
  }
}
