import { contract, type int32 } from 'skerry';

export type Lock = 'free' | 'peek' | 'single' | 'glance' | 'whole' | 'look' | 'urgent' | 'later';

/** What an operation does, one step after the other. */
export interface Step {
  /** `all` does its steps side by side, `forget` makes a call and does not wait for it, `relay` calls through an entity without locks. */
  what: 'call' | 'forget' | 'relay' | 'all' | 'gate' | 'pause' | 'timer' | 'destroy';
  /** The actor that is called, and how. */
  id?: int32;
  lock?: Lock;
  name?: string;
  steps?: Step[];
}

/**
 * Does as it is told under every kind of lock. `name` tells this run from all others, `above` are the runs that wait for it: whatever
 * else runs at the same time although a lock forbids it is an error.
 */
export interface Actor {
  free(name: string, above: string[], steps: Step[]): Promise<void>;
  peek(name: string, above: string[], steps: Step[]): Promise<void>;
  single(name: string, above: string[], steps: Step[]): Promise<void>;
  glance(name: string, above: string[], steps: Step[]): Promise<void>;
  whole(name: string, above: string[], steps: Step[]): Promise<void>;
  look(name: string, above: string[], steps: Step[]): Promise<void>;
  /** Like `free` and `whole`, with another priority. */
  urgent(name: string, above: string[], steps: Step[]): Promise<void>;
  later(name: string, above: string[], steps: Step[]): Promise<void>;
  /** Calls itself so many times, one inside of the other. */
  dive(depth: int32): Promise<void>;
  /** Starts a task that does the steps under the lock of `whole`. */
  task(name: string, steps: Step[]): Promise<void>;
}
export const Actor = contract<Actor>('Actor', {
  free: {},
  peek: { readOnly: true },
  single: { lock: 'method' },
  glance: { lock: 'method', readOnly: true },
  whole: { lock: 'entity' },
  look: { lock: 'entity', readOnly: true },
  urgent: { priority: 'high' },
  later: { priority: 'low', lock: 'entity' },
  dive: { lock: 'entity' },
  task: {},
});

/** Has no locks; passes calls on. */
export interface Relay {
  pass(lock: Lock, id: int32, name: string, above: string[], steps: Step[]): Promise<void>;
}
export const Relay = contract<Relay>('Relay', { pass: {} });

/** Lets actors wait for a word from the test. */
export interface Door {
  pass(name: string): Promise<void>;
  open(name: string): Promise<void>;
  /** Resolves when somebody waits at the door. */
  reached(name: string): Promise<void>;
}
export const Door = contract<Door>('Door', { pass: { timeout: '1h' }, open: {}, reached: {} });
