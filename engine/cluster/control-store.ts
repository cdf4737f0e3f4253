import type { StoreEffect, StoreEvent } from './machine.ts';

/** Where facts about the cluster stand: carries out what the machines ask for, and tells them what came of it. */
export interface ControlStore {
  /**
   * Every `read` and `cas` is answered by exactly one event, later and never within this call; a `poll` by one or none. Nothing is told any more
   * once the store is closed.
   */
  perform(effect: StoreEffect): void;
  close(): void;
}

/** Hears the answers, and what other hosts write. */
export type StoreListener = (event: StoreEvent) => void;
