import { contract, type int32 } from 'skerry';

/** Bounces a request from entity to entity. */
export interface DeepPinger {
  /** Answers with `requestId` after the request went through `deep` entities. */
  ping(requestId: int32, deep: int32): Promise<int32>;
  /** Logs `text`; nobody waits. */
  poke(text: string): void;
  /** Resolves when everything sent before it was handled. */
  settle(): Promise<void>;
}
export const DeepPinger = contract<DeepPinger>('DeepPinger', {
  ping: { priority: 'low', reliability: 'unreliable' },
  poke: {},
  settle: { lock: 'entity' },
});
