import { contract, type int32 } from 'skerry';

/** Does later what it was told to do, also when it was gone meanwhile, and notes when. */
export interface Diary {
  once(name: string, ms: int32, missed: 'once' | 'skip', args: unknown): Promise<void>;
  every(name: string, ms: int32, missed: 'once' | 'skip'): Promise<void>;
  cron(name: string, expression: string, missed: 'once' | 'skip'): Promise<void>;
  /** Not durable. */
  soon(name: string, ms: int32): Promise<void>;
  cancel(name: string): Promise<boolean>;
  /** Runs `method` once; what came of the attempt. */
  plan(name: string, method: string): Promise<string>;
  /** As `once`, from within a turn that goes on for a while. */
  planAndLinger(name: string, ms: int32, lingerMs: int32): Promise<void>;
  /** All in one slice, and not awaited one by one. */
  onceMany(from: int32, count: int32, ms: int32): Promise<void>;
  /** `TEXT at MS since it was made`, in order. */
  lines(): Promise<string[]>;
  note(text: string): void;
  touch(): Promise<void>;
  /** When it was made. */
  since(): Promise<number>;
}
export const Diary = contract<Diary>('Diary', {
  once: {},
  every: {},
  cron: {},
  soon: {},
  cancel: {},
  plan: {},
  planAndLinger: {},
  onceMany: {},
  lines: { readOnly: true },
  note: {},
  touch: {},
  since: { readOnly: true },
});

/** Says on each activation what it does every hour. */
export interface Chronicle {
  lines(): Promise<string[]>;
  /** What its activations were. */
  lives(): Promise<int32>;
}
export const Chronicle = contract<Chronicle>('Chronicle', { lines: { readOnly: true }, lives: { readOnly: true } });

/** Exists only once it was created; fails to come to life while it is told to. */
export interface Will {
  leave(text: string, ms: int32): Promise<void>;
  lines(): Promise<string[]>;
}
export const Will = contract<Will>('Will', { leave: {}, lines: { readOnly: true } });

/** Forgets. */
export interface Slate {
  plan(): Promise<string>;
}
export const Slate = contract<Slate>('Slate', { plan: {} });
