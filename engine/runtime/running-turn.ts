import type { Call } from './call.ts';
import type { CallContext } from './call-context.ts';

/** A turn as those see it who make calls while it runs. */
export interface RunningTurn extends CallContext {
  /** Of the entity that it runs on: the source of its calls. */
  readonly activation: object;
  currentCall(): Call;
}
