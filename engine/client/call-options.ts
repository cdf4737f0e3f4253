import type { Duration } from '../base/duration.ts';
import type { Priority } from '../contract/contract.ts';

export interface CallOptions {
  timeout?: Duration;
  signal?: AbortSignal;
  /** Has no effect at a client: its calls go out in the order in which they are made. */
  priority?: Priority;
  onlyIfActive?: boolean;
}
